// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as Y from "yjs";
import { historyCodec, type HistoryEvent } from "../../actors/editor/history.ts";
import { DocumentError, sharedDocument } from "../../actors/editor/mod.ts";
import { historyOptions, openHistory } from "../../actors/editor/open_history.ts";
import { LogFile, openFileJournal } from "../../actors/store/mod.ts";
import { type SimHost, simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";

function updateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("content").insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

Deno.test("editor's history: each record is read as it was written, and its update by servers before this one, too", () => {
  const update = updateOf("some text");
  const edits = [{ at: 3, remove: 1, insert: "Grüße\n" }];
  const events: HistoryEvent[] = [
    { type: "update", update },
    { type: "update", update, appended: "text\n" },
    { type: "update", update, held: edits },
    { type: "update", update, held: [] },
    { type: "held", edits },
    { type: "writing" },
  ];
  for (const event of events) assertEquals(historyCodec.decode(historyCodec.encode(event)), event);
  // Behind its first byte, a number for updates; what follows the update is passed over.
  const record = historyCodec.encode({ type: "update", update, held: edits });
  assertEquals(record[0], historyCodec.encode({ type: "update", update })[0]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, record.subarray(1));
  assertEquals(doc.getText("content").toString(), "some text");
});

Deno.test("editor's history: one with records that a later version has written is not opened, and left as it is", async () => {
  await simulate("editor's history of a later version", { seeds: 5 }, async (sim) => {
    const host = sim.host("server");
    host.disk.write("/data/doc.txt", "text\n");
    const codec = { ...historyCodec, encode: () => Uint8Array.of(77, 1, 2) };
    const signature = { text: "Troupe document history 1", of: "a document's history" };
    const options = { codec, signature, replay: () => {}, warn: () => {} };
    const journal = await sim.settle(openFileJournal(host.world, "/data/doc.txt.history", options));
    journal.append([{ type: "writing" }]);
    await sim.settle(journal.close());
    const before = host.disk.read("/data/doc.txt.history");
    const system = new ActorSystem("editor", { world: host.world });
    const replica = () => Promise.resolve(yjsReplica);
    system.spawn("document", sharedDocument({ path: "/data/doc.txt", replica }), { onFailure: escalate() });
    const error = await assertRejects(() => sim.settle(system.terminated));
    assert(String(error).includes("of no known kind") || error instanceof DocumentError, String(error));
    assertEquals(host.disk.read("/data/doc.txt.history"), before);
    assertEquals(host.disk.readText("/data/doc.txt"), "text\n");
  });
});

/** A document that was opened to be edited together, and what is to be appended to its history. */
async function openDocument({ world }: SimHost) {
  const log = await LogFile.open(world.disk, "/data/doc.txt", { form: "text" });
  const options = historyOptions({ replica: () => Promise.resolve(yjsReplica) }, { warn: () => {} });
  if (options === undefined) throw new Error("Cannot open a history: there is no replica");
  const { journal, replica } = await openHistory(world, log, options);
  const type = (insert: string) => {
    const at = replica.text.length;
    const update = replica.transact(() => replica.edit([{ at, remove: 0, insert }]));
    if (update !== undefined) journal.append([{ type: "update", update }]);
    return journal.commit();
  };
  return { replica, type };
}

Deno.test("editor's history: what is read of one whose sync had failed is on the disk before it is built upon", async () => {
  await simulate(
    "editor's history of a failed sync",
    { seeds: 40, sometimes: ["still read"] },
    async (sim) => {
      const host = sim.host("server");
      host.disk.write("/data/doc.txt", "text\n");
      const first = await sim.settle(openDocument(host));
      let isDown = false;
      host.disk.failNext("sync", "other", { dropsPages: true });
      // Before it can take back what it could not sync.
      host.crashAt({ when: "before", how: "kill", operation: "truncate", ended: () => isDown = true });
      first.type("unsure\n").catch(() => {});
      await sim.until(() => isDown, 1000);
      host.restart(() => {});
      const second = await sim.settle(openDocument(host));
      sim.sometimes("still read", second.replica.text.includes("unsure"));
      await sim.settle(second.type("sure\n"));
      host.crash();
      host.restart(() => {});
      const third = await sim.settle(openDocument(host));
      assertEquals(third.replica.text, second.replica.text);
    },
  );
});
