import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";

function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** Updates of several who type, delete, and hear of each other late. */
function session(seed: number): { updates: Uint8Array[]; text: string } {
  const random = chance(seed);
  const updates: Uint8Array[] = [];
  const docs = [1, 2, 3, 4].map((clientId) => {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== "other") updates.push(update);
    });
    return doc;
  });
  const hear = (doc: Y.Doc) => {
    for (const update of updates.slice()) Y.applyUpdate(doc, update, "other");
  };
  for (let step = 0; step < 300; step++) {
    const doc = docs[random(4)];
    assert(doc !== undefined);
    const text = doc.getText("content");
    const at = random(text.length + 1);
    if (random(10) === 0) hear(doc);
    else if (random(4) === 0) text.delete(at, Math.min(text.length - at, 1 + random(4)));
    else text.insert(at, ["a", "be", "€", "𝄞", "\n"][random(5)] ?? "");
  }
  for (const doc of docs) hear(doc);
  return { updates, text: docs[0]?.getText("content").toString() ?? "" };
}

Deno.test("editor: updates that are applied together come to what they come to one by one", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { updates, text } = session(seed);
    const random = chance(seed + 100);
    const replica = yjsReplica({ textName: "content", clientId: 99 });
    const told = new Y.Doc();
    for (let at = 0; at < updates.length;) {
      const batch = updates.slice(at, at + 1 + random(30));
      at += batch.length;
      const update = replica.transact(() =>
        replica.applyTogether(() => {
          for (const each of batch) {
            assertEquals(replica.judge(each).type, "good");
            replica.apply(each);
            // What was sent twice, over a new connection, is nothing new.
            if (random(10) === 0) replica.apply(each);
          }
        })
      );
      if (update !== undefined) Y.applyUpdate(told, update);
    }
    assertEquals(replica.text, text);
    assertEquals(told.getText("content").toString(), text);
    const late = new Y.Doc();
    Y.applyUpdate(late, replica.difference());
    assertEquals(late.getText("content").toString(), text);
    // With less of what they have in common than the batch brings, an update is applied on its own.
    const other = yjsReplica({ textName: "content", clientId: 98 });
    other.applyTogether(() => {
      for (const each of updates.slice(0, 50)) other.apply(each);
      assertEquals(other.judge(replica.difference()).type, "good");
      other.apply(replica.difference());
      for (const each of updates) other.apply(each);
    });
    assertEquals(other.text, text);
    for (const doc of [told, late]) doc.destroy();
    replica.destroy();
    other.destroy();
  }
});

Deno.test("editor: what is appended is an update that others understand, whatever stood at the end", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { updates } = session(seed);
    const random = chance(seed + 50);
    const replica = yjsReplica({ textName: "content", clientId: 99 });
    const other = new Y.Doc();
    let appended = 0;
    for (const update of [undefined, ...updates]) {
      const told = replica.transact(() => {
        if (update !== undefined) replica.apply(update);
        if (update === undefined || random(3) === 0) {
          replica.append(replica.text.length, `line ${appended++} ü𝄞\n`);
        }
      });
      if (told !== undefined) Y.applyUpdate(other, told);
    }
    assertEquals(other.getText("content").toString(), replica.text);
    assertEquals(Y.encodeStateVector(other), replica.stateVector);
    for (let line = 0; line < appended; line++) {
      assertEquals(replica.text.split(`line ${line} ü𝄞\n`).length, 2);
    }
    other.destroy();
    replica.destroy();
  }
});

Deno.test("editor: an update is early until what it refers to is there, also in one batch with it", () => {
  const updates: Uint8Array[] = [];
  const doc = new Y.Doc();
  doc.on("update", (update: Uint8Array) => void updates.push(update));
  doc.getText("content").insert(0, "one");
  doc.getText("content").insert(3, " two");
  doc.getText("content").delete(0, 1);
  const [first, second, third] = updates;
  assert(first !== undefined && second !== undefined && third !== undefined);
  const replica = yjsReplica({ textName: "content", clientId: 1 });
  replica.applyTogether(() => {
    for (const early of [second, third]) {
      const verdict = replica.judge(early);
      assert(verdict.type === "early" && verdict.missing !== undefined && !replica.knows(verdict.missing));
    }
    for (const next of [first, second, third]) {
      assertEquals(replica.judge(next).type, "good");
      replica.apply(next);
    }
  });
  assertEquals(replica.text, "ne two");
  replica.destroy();
});

Deno.test("editor: what somebody types before or behind a word that is replaced just then stays there", () => {
  for (const clientId of [1, 98, 100]) {
    for (
      const [old, typed, at, word, merged] of [
        ["beta.\n", "typed ", 0, "BETA", "typed BETA.\n"],
        ["beta.\n", " typed", 4, "BETA", "BETA typed.\n"],
        // Within a character of two units, which has been removed.
        ["\u{1f600}\u{1f600}.\n", "typed ", 0, "BETA", "typed BETA.\n"],
        ["\u{1f600}\u{1f600}.\n", " typed", 4, "\u{1f609}", "\u{1f609} typed.\n"],
      ] as const
    ) {
      const replica = yjsReplica({ textName: "content", clientId: 99 });
      replica.edit([{ at: 0, remove: 0, insert: old }]);
      const typing = new Y.Doc();
      typing.clientID = clientId;
      Y.applyUpdate(typing, replica.difference());
      typing.getText("content").insert(at, typed);
      replica.edit([{ at: 0, remove: 4, insert: word }]);
      assertEquals(replica.text, old.replace(old.slice(0, 4), word));
      replica.apply(Y.encodeStateAsUpdate(typing));
      assertEquals(replica.text, merged);
    }
  }
});
