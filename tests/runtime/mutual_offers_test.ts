/**
 * Two actors that wait in their handlers for room in each other's full mailboxes: what docs/semantics.md says
 * of it, in any order of turns.
 */
import { assertEquals } from "@std/assert";
import type { Ref } from "../../mod.ts";
import { gate, onStage, type Stage, upTo } from "./_stage.ts";

type Message = { readonly type: "begin"; readonly other: Ref<Message> } | { readonly type: "item" | "sent" };
const ITEM: Message = { type: "item" };
const SENT: Message = { type: "sent" };
const SHUTDOWN_MS = 1000;
const BOUNDED = { mailbox: { capacity: 1 }, shutdownMs: SHUTDOWN_MS };

/** Two actors, each in its handler, with a full mailbox, and `offer` under way to the other. */
async function stuck(
  stage: Stage,
  offers: Readonly<Record<"a" | "b", (other: Ref<Message>) => Promise<void>>>,
): Promise<void> {
  const bothFull = gate();
  let full = 0;
  const spawn = (name: "a" | "b") =>
    stage.system.spawn<Message>(name, () => async (message) => {
      if (message.type !== "begin") return stage.note(`${name} handles ${message.type}`);
      await message.other.offer(ITEM);
      if (++full === 2) bothFull.resolve();
      await bothFull.promise;
      await offers[name](message.other).then(
        () => stage.note(`${name} goes on`),
        ({ name: error }) => stage.note(`${name} goes on: ${error}`),
      );
    }, BOUNDED);
  const [a, b] = [spawn("a"), spawn("b")];
  await stage.settle();
  a.tell({ type: "begin", other: b });
  b.tell({ type: "begin", other: a });
  await stage.settle();
}

const waits = (other: Ref<Message>) => other.offer(ITEM);

onStage(
  "offer: two that wait for room in each other's full mailboxes wait until a stop ends them in its time",
  async (stage) => {
    await stuck(stage, { a: waits, b: waits });
    await stage.sim.advance(60 * SHUTDOWN_MS);
    assertEquals(stage.taken(), []);
    assertEquals(stage.system.tree().children.map(({ mailbox }) => mailbox), [1, 1]);
    const stopping = stage.system.stop();
    await stage.sim.advance(2 * SHUTDOWN_MS);
    await stopping;
    // Whoever is given up first is what the other waits for.
    assertEquals(stage.taken()[0], "a goes on: ActorStopped");
  },
);

onStage(
  "offer: with a signal on one side both go on, and nothing but what was called off is lost",
  async (stage) => {
    const tooLong = new AbortController();
    await stuck(stage, { a: (other) => other.offer(ITEM, { signal: tooLong.signal }), b: waits });
    assertEquals(stage.taken(), []);
    tooLong.abort(new DOMException("Too long", "TimeoutError"));
    await stage.settle();
    assertEquals(stage.taken().toSorted(), [
      "a goes on: TimeoutError",
      "a handles item",
      "a handles item",
      "b goes on",
      "b handles item",
    ]);
    assertEquals(stage.lost, []);
  },
);

onStage(
  "offer: where both pipe it in place of waiting, each is handled and nobody is stuck",
  async (stage) => {
    const [a, b] = ["a", "b"].map((name) =>
      stage.system.spawn<Message>(name, (self) => (message) => {
        if (message.type !== "begin") return stage.note(`${name} ${message.type}`);
        for (const _ of upTo(10)) self.pipe(message.other.offer(ITEM), () => SENT, () => SENT);
      }, BOUNDED)
    );
    if (a === undefined || b === undefined) throw new Error("Cannot go on: no actors");
    a.tell({ type: "begin", other: b });
    b.tell({ type: "begin", other: a });
    await stage.settle();
    const seen = stage.taken();
    const count = (line: string) => seen.filter((each) => each === line).length;
    assertEquals(["a item", "b item", "a sent", "b sent"].map(count), [10, 10, 10, 10]);
  },
);
