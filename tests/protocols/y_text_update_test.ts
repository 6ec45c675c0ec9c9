import { assert, assertEquals, assertThrows } from "@std/assert";
import * as Y from "yjs";
import { YProtocolError } from "../../protocols/y_sync.ts";
import { encodeYTextUpdate, readYTextUpdate } from "../../protocols/y_text_update.ts";

/** Numbers that are the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** Updates of several clients that edit one text and hear of each other now and then. */
function session(seed: number): Uint8Array[] {
  const random = chance(seed);
  const updates: Uint8Array[] = [];
  const docs = [1, 2, 3].map((clientId) => {
    const doc = new Y.Doc();
    doc.clientID = clientId * 1000;
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== "other") updates.push(update);
    });
    return doc;
  });
  for (let step = 0; step < 60; step++) {
    const doc = docs[random(3)];
    assert(doc !== undefined);
    const text = doc.getText("content");
    const at = random(text.length + 1);
    if (random(5) === 0) { for (const update of updates) Y.applyUpdate(doc, update, "other"); }
    else if (random(4) === 0) text.delete(at, Math.min(text.length - at, 1 + random(3)));
    else if (random(6) === 0) text.format(0, text.length, { bold: random(2) === 0 });
    else text.insert(at, ["a", "be", "€", "𝄞", "\n"][random(5)] ?? "");
  }
  return updates;
}

Deno.test("Yjs updates: what is read of one is what Yjs reads, and is written as it was", () => {
  for (let seed = 1; seed <= 10; seed++) {
    for (const update of session(seed)) {
      const read = readYTextUpdate(update, "content");
      const { from, to } = Y.parseUpdateMeta(update);
      assertEquals(new Map(read.blocks.map(({ client, clock }) => [client, clock])), from);
      assertEquals(new Map(read.blocks.map(({ client, clock, length }) => [client, clock + length])), to);
      const { ds } = Y.decodeUpdate(update);
      const deletions = [...ds.clients].flatMap(([client, ranges]) =>
        ranges.map(({ clock, len }) => ({ client, clock, length: len }))
      );
      assertEquals(read.deletions, deletions);
      const again = new Y.Doc();
      const direct = new Y.Doc();
      Y.applyUpdate(again, encodeYTextUpdate(read));
      Y.applyUpdate(direct, update);
      assertEquals(Y.encodeStateVector(again), Y.encodeStateVector(direct));
    }
  }
});

Deno.test("Yjs updates: one that is cut off anywhere is refused, and no text of another part is taken", () => {
  const update = Y.mergeUpdates(session(7));
  for (let end = 0; end < update.length; end++) {
    assertThrows(() => readYTextUpdate(update.subarray(0, end), "content"), YProtocolError);
  }
  const other = new Y.Doc();
  other.getText("elsewhere").insert(0, "x");
  const reason = "an update is for another part of the document";
  assertThrows(() => readYTextUpdate(Y.encodeStateAsUpdate(other), "content"), YProtocolError, reason);
  const map = new Y.Doc();
  map.getMap("content").set("key", "value");
  assertThrows(() => readYTextUpdate(Y.encodeStateAsUpdate(map), "content"), YProtocolError);
  const embed = new Y.Doc();
  embed.getText("content").insertEmbed(0, { image: 1 });
  assertThrows(() => readYTextUpdate(Y.encodeStateAsUpdate(embed), "content"), YProtocolError, "no text");
});

Deno.test("Yjs updates: what is read without a fault, Yjs applies without one, whatever byte was changed", () => {
  const random = chance(11);
  let [taken, refused] = [0, 0];
  for (let seed = 1; seed <= 6; seed++) {
    for (const update of session(seed)) {
      for (let change = 0; change < 8; change++) {
        const bytes = update.slice();
        bytes[random(bytes.length)] = random(256);
        try {
          readYTextUpdate(bytes, "content");
        } catch (error) {
          assert(error instanceof YProtocolError);
          refused++;
          continue;
        }
        taken++;
        Y.applyUpdate(new Y.Doc(), bytes);
      }
    }
  }
  assert(taken > 200 && refused > 200, `${taken} taken, ${refused} refused`);
});
