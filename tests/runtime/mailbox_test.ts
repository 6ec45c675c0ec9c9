import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ActorStopped, MailboxFull, type MailboxOptions, type Ref } from "../../mod.ts";
import { gate, onStage, onStages, type Stage, upTo } from "./_stage.ts";

/** An actor that is busy with "0" until `hold` is released, so that its mailbox fills. */
async function busy(
  stage: Stage,
  mailbox: MailboxOptions,
): Promise<{ ref: Ref<string>; hold: PromiseWithResolvers<void> }> {
  const hold = gate();
  const ref = stage.system.spawn<string>("a", (self) => async (message) => {
    stage.note(message);
    if (message === "0") await hold.promise;
    if (message === "fail") throw new Error("told to");
    if (message === "stop") self.stop();
  }, { mailbox });
  ref.tell("0");
  await stage.settle();
  return { ref, hold };
}

onStage("mailbox: without a bound it takes what comes", async (stage) => {
  let count = 0;
  const ref = stage.system.spawn<number>("a", () => () => void count++);
  for (const i of upTo(10_000)) ref.tell(i);
  await stage.sim.until(() => count === 10_000);
  assertEquals(stage.lost, []);
}, 1);

onStage("mailbox: full and rejecting, tell throws MailboxFull and gives the message back", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 2 });
  ref.tell("1");
  ref.tell("2");
  const error = assertThrows(
    () => ref.tell("3"),
    MailboxFull,
    "Cannot tell /test/a: its mailbox is full (2 messages)",
  );
  assertEquals([error.path, error.capacity, error.rejected], ["/test/a", 2, "3"]);
  hold.resolve();
  await stage.settle();
  ref.tell("4");
  await stage.settle();
  assertEquals([stage.taken(), stage.lost], [["0", "1", "2", "4"], []]);
});

onStage("mailbox: full and dropping the newest, the message is a dead letter", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 2, overflow: "drop-newest" });
  for (const message of ["1", "2", "3", "4"]) ref.tell(message);
  hold.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["0", "1", "2"]);
  assertEquals(stage.lost, ["3 /test/a dropped-newest", "4 /test/a dropped-newest"]);
});

onStage("mailbox: full and dropping the oldest, that one is a dead letter", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 2, overflow: "drop-oldest" });
  for (const message of ["1", "2", "3", "4"]) ref.tell(message);
  hold.resolve();
  await stage.settle();
  assertEquals(stage.taken(), ["0", "3", "4"]);
  assertEquals(stage.lost, ["1 /test/a dropped-oldest", "2 /test/a dropped-oldest"]);
});

onStage("mailbox: the high water mark is what the mailbox came to", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 5, overflow: "drop-oldest" });
  for (const i of upTo(3)) ref.tell(`${i + 1}`);
  assertEquals(stage.system.tree().children[0]?.highWater, 3);
  for (const i of upTo(30)) ref.tell(`${i + 4}`);
  hold.resolve();
  await stage.settle();
  assertEquals(stage.system.tree().children[0]?.highWater, 5);
});

onStage("mailbox: an actor's own timers and watches are put in over its bound", async (stage) => {
  const hold = gate();
  stage.system.spawn<string>("a", (self) => {
    self.after(10, "after");
    self.pipe(Promise.resolve(), () => "piped", () => "");
    self.watch(
      self.spawn<string>("child", (child) => {
        child.stop();
        return () => {};
      }),
      () => "watched",
    );
    return async (message) => {
      stage.note(message);
      await hold.promise;
    };
  }, { mailbox: { capacity: 1 } }).tell("first");
  await stage.sim.advance(20);
  hold.resolve();
  await stage.settle();
  assertEquals(stage.taken().sort(), ["after", "first", "piped", "watched"]);
});

onStage("offer: waits for room, in the order of asking, and tell does not overtake it", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 2, overflow: "drop-newest" });
  const taken: string[] = [];
  const offer = (message: string) => ref.offer(message).then(() => taken.push(message));
  await stage.sim.settle(Promise.all(["1", "2"].map(offer)));
  const waiting = Promise.all(["3", "4", "5"].map(offer));
  await stage.settle();
  assertEquals(taken, ["1", "2"]);
  ref.tell("refused");
  hold.resolve();
  await stage.sim.settle(waiting);
  assertEquals(taken, ["1", "2", "3", "4", "5"]);
  await stage.settle();
  assertEquals(stage.taken(), ["0", "1", "2", "3", "4", "5"]);
  assertEquals(stage.lost, ["refused /test/a dropped-newest"]);
});

onStage("offer: takes the room that is there while an asynchronous handler runs", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 1 });
  ref.tell("1");
  const waiting = ref.offer("2");
  hold.resolve();
  await stage.sim.settle(waiting);
  await stage.settle();
  assertEquals(stage.taken(), ["0", "1", "2"]);
  const second = gate();
  const slow = stage.system.spawn<string>("slow", () => () => second.promise, { mailbox: { capacity: 1 } });
  slow.tell("1");
  const next = slow.offer("2");
  await stage.sim.settle(next);
  assertEquals(stage.system.tree().children[1]?.mailbox, 1);
  second.resolve();
});

onStage(
  "offer: slows a sender that awaits it to the pace of the receiver, and none is lost",
  async (stage) => {
    const receiver = stage.system.spawn<number>("receiver", (self) => async (message) => {
      stage.note(`${message}`);
      await new Promise<void>((resolve) => self.world.clock.timer(1, resolve));
    }, { mailbox: { capacity: 3 } });
    let sent = 0;
    stage.system.spawn<string>("sender", () => async () => {
      for (; sent < 50; sent++) await receiver.offer(sent);
    }).tell("go");
    await stage.sim.advance(10);
    assert(sent <= 10 + 1 + 3 + 1, `${sent} sent`);
    await stage.sim.until(() => stage.seen.length === 50);
    assertEquals(stage.taken(), upTo(50).map(String));
  },
);

onStage("offer: its signal calls it off, and the message is never handled", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 1 });
  ref.tell("1");
  const controller = new AbortController();
  const off = ref.offer("2", { signal: controller.signal }).catch((error) => error);
  const stays = ref.offer("3");
  const reason = new Error("called off");
  controller.abort(reason);
  assert(await stage.sim.settle(off) === reason);
  // One that is aborted already is not even tried, though there may be room.
  assert(await ref.offer("4", { signal: controller.signal }).catch((error) => error) === reason);
  hold.resolve();
  await stage.sim.settle(stays);
  await stage.settle();
  assert(await ref.offer("5", { signal: controller.signal }).catch((error) => error) === reason);
  await stage.settle();
  assertEquals(stage.taken(), ["0", "1", "3"]);
});

onStage("offer: when all who wait have gone, tell gets in again", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 1 });
  ref.tell("1");
  const controller = new AbortController();
  const off = ref.offer("2", { signal: controller.signal }).catch(() => {});
  controller.abort();
  await stage.sim.settle(off);
  assertThrows(() => ref.tell("refused"), MailboxFull, "(1 messages)");
  hold.resolve();
  await stage.settle();
  ref.tell("3");
  await stage.settle();
  assertEquals(stage.taken(), ["0", "1", "3"]);
});

onStage("offer: to an actor that stops while it waits, or has stopped, is ActorStopped", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 1 });
  ref.tell("stop");
  const waiting = upTo(3).map((i) => ref.offer(`${i}`).catch((error) => error));
  hold.resolve();
  for (const promise of waiting.slice(1)) assertInstanceOf(await stage.sim.settle(promise), ActorStopped);
  assertInstanceOf(await ref.offer("late").catch((error) => error), ActorStopped);
  assertEquals(stage.deadLetters.at(-1)?.message, "late");
});

onStage("offer: waits through a restart", async (stage) => {
  const { ref, hold } = await busy(stage, { capacity: 1 });
  ref.tell("fail");
  const waiting = ref.offer("1");
  hold.resolve();
  await stage.sim.settle(waiting);
  await stage.settle();
  assertEquals(stage.taken(), ["0", "fail", "1"]);
});

onStages(
  (count) =>
    `offer: ${count} that wait can leave in any order, and be admitted, at no cost that grows with them`,
  [40_000, 200],
  async (stage, count) => {
    const { ref, hold } = await busy(stage, { capacity: 1 });
    ref.tell("1");
    const controllers = upTo(count / 2).map(() => new AbortController());
    const off = controllers.map(({ signal }) => ref.offer("off", { signal }).catch(() => "off"));
    const stay = upTo(count / 2).map(() => ref.offer("stays"));
    for (const controller of controllers.toReversed()) controller.abort();
    await stage.sim.settle(Promise.all(off));
    hold.resolve();
    await stage.sim.settle(Promise.all(stay));
    await stage.settle();
    assertEquals(stage.taken().length, count / 2 + 2);
  },
);
