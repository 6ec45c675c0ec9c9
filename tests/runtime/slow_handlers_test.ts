import { assert, assertEquals } from "@std/assert";
import { ActorSystem } from "../../mod.ts";
import { deadline } from "../_helpers.ts";
import { type Job, jobs, QUICK, SLOW, steppedWorld, stopped, times } from "./_stepped.ts";

const alternating = Array.from({ length: 500 }, (_, i) => i % 10 === 9 ? SLOW : QUICK);

/** What is told, to how many actors by turns. */
const BACKLOGS: Readonly<Record<string, readonly [readonly Job[], number]>> = {
  "1,000 quick messages, then 100 of 10 ms": [jobs(1000, 100), 1],
  "100,000 quick messages, then 100 of 10 ms": [jobs(100_000, 100), 1],
  "slow ones from the first on": [jobs(0, 100), 1],
  "each tenth slow": [alternating, 1],
  "the same, over a hundred actors": [jobs(1000, 100), 100],
  "each tenth slow, over ten actors": [alternating, 10],
};

for (const [what, [backlog, actors]] of Object.entries(BACKLOGS)) {
  Deno.test(`fairness: ${what}: sockets are looked at before a handler follows 2 ms of others`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    const done = Promise.withResolvers<void>();
    let left = backlog.length;
    const refs = Array.from({ length: actors }, (_, i) =>
      system.spawn<Job>(`a${i}`, (self) => ({ ms }) => {
        stepped.work(ms);
        // What is read of a clock that is not asked each time is no older than that either.
        assert(stepped.now - self.coarseNow <= 12);
        if (--left === 0) done.resolve();
      }));
    for (const [i, job] of backlog.entries()) refs[i % actors]?.tell(job);
    await deadline(done.promise);
    assertEquals(stepped.worst <= 10, true, `${stepped.worst} ms went by`);
    await stopped(system);
  });
}

/** Messages that do not say what they cost. */
const ALIKE: Readonly<Record<string, (ms: number) => unknown>> = {
  "objects of one type": (ms) => ({ type: "work", ms }),
  "objects without a type": (ms) => ({ ms }),
  "numbers": (ms) => ms,
  "texts, each another": (ms) => `${ms} ${texts++}`,
  "arrays": (ms) => [ms],
};
let texts = 0;

/** Milliseconds that the handlers take, one after the other, and over how many actors by turns. */
const SURPRISES: Readonly<Record<string, readonly [readonly number[], number]>> = {
  "1,000 are quick and 20 slow": [[...times(1000, 0.0001), ...times(20, 10)], 1],
  "4,000 are quick and 20 slow": [[...times(4000, 0.0001), ...times(20, 10)], 1],
  "20 and 20 by turns": [
    Array.from({ length: 4 }, (_, i) => times(20, i % 2 === 0 ? 0.0001 : 10)).flat(),
    1,
  ],
  "they alternate": [Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? 0.0001 : 10), 1],
  "the first is slow, and then each seventh": [
    Array.from({ length: 140 }, (_, i) => i % 7 === 0 ? 10 : 0.0001),
    1,
  ],
  "they are 1.5 ms each": [times(20, 1.5), 1],
  "10,000 are quick and 20 slow, over ten actors": [[...times(10_000, 0.0001), ...times(20, 10)], 10],
  "each eleventh is slow, over ten actors": [
    Array.from({ length: 220 }, (_, i) => i % 11 === 0 ? 10 : 0.0001),
    10,
  ],
};

for (const [what, message] of Object.entries(ALIKE)) {
  for (const [when, [costs, actors]] of Object.entries(SURPRISES)) {
    Deno.test(`fairness: ${what}: where ${when}, no handler follows 2 ms of others`, async () => {
      const stepped = steppedWorld();
      const system = new ActorSystem("test", { world: stepped.world });
      const done = Promise.withResolvers<void>();
      let left = costs.length;
      const refs = Array.from({ length: actors }, (_, i) => {
        // An actor's messages are in the order in which they were told.
        const own = costs.filter((_, message) => message % actors === i);
        return system.spawn<unknown>(`a${i}`, () => () => {
          stepped.work(own.shift() ?? 0);
          if (--left === 0) done.resolve();
        });
      });
      for (const [i, ms] of costs.entries()) refs[i % actors]?.tell(message(ms));
      await deadline(done.promise);
      assert(stepped.worst <= Math.max(2, ...costs), `${stepped.worst} ms went by`);
      await stopped(system);
    });
  }
}

/** Quick messages of one kind, and slow ones of it right behind them; so many handlers may surprise. */
const SUDDEN: readonly (readonly [quick: number, most: number])[] = [
  [100_000, 8],
  [100_011, 8],
  [100_021, 8],
  [200_000, 32],
];

for (const [quick, most] of SUDDEN) {
  Deno.test(`fairness: one kind that was quick ${quick} times and is slow at once is found out after ${most}, and timed from then on`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    const done = Promise.withResolvers<void>();
    const costs = [...times(quick, 0.0001), ...times(200, 10)];
    let handled = 0;
    const before: number[] = [];
    const ref = system.spawn<{ type: "work" }>("a", () => () => {
      before.push(stepped.worst);
      stepped.work(costs[handled++] ?? 0);
      if (handled === costs.length) done.resolve();
    });
    for (const _ of costs) ref.tell({ type: "work" });
    await deadline(done.promise);
    assert(stepped.worst <= most * 10, `${stepped.worst} ms went by`);
    // The worst was at the first surprise.
    assertEquals(stepped.worst, before[quick + most + 1]);
    await stopped(system);
  });
}

/** What an actor goes on doing that was quick 200,000 times; until it is noticed five rounds may go by. */
const SURPRISED: Readonly<Record<string, readonly [pattern: readonly number[], most: number]>> = {
  "three of 5 ms among 70 quick ones": [[...times(70, 0.0001), ...times(3, 5)], 5],
  "two of 8 ms among 60 quick ones": [[...times(60, 0.0001), ...times(2, 8)], 8],
  "32 of 0.45 ms among 62 quick ones": [[...times(62, 0.0001), ...times(32, 0.45)], 8 * 0.45],
};

for (const [what, [pattern, most]] of Object.entries(SURPRISED)) {
  Deno.test(`fairness: a flood ends by its surprises: ${what} do not wait for one another again`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    const done = Promise.withResolvers<void>();
    const costs = [...times(200_000, 0.0001), ...times(100, 0).flatMap(() => pattern)];
    let handled = 0;
    const ref = system.spawn<{ type: "work" }>("a", () => () => {
      // What surprises in the flood, and in the strides of 8 after it, is noticed.
      if (handled === 200_000 + 5 * pattern.length) stepped.forget();
      stepped.work(costs[handled++] ?? 0);
      if (handled === costs.length) done.resolve();
    });
    for (const _ of costs) ref.tell({ type: "work" });
    await deadline(done.promise);
    assert(stepped.worst <= most + 0.1, `${stepped.worst} ms went by`);
    await stopped(system);
  });
}

Deno.test("fairness: after a slow handler those of all actors are timed one by one, be 20 quick ones between", async () => {
  const stepped = steppedWorld();
  const system = new ActorSystem("test", { world: stepped.world });
  const costs = times(20, 0).flatMap(() => [...times(20, 0.0001), ...times(8, 10)]);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let handled = 0;
  const refs = costs.map((_, i) =>
    system.spawn<number>(`a${i}`, () => (ms) => {
      if (ms === 0) return;
      if (handled === 28) stepped.forget();
      stepped.work(ms);
      if (++handled === costs.length) resolve();
    })
  );
  for (const ref of refs) ref.tell(0);
  await new Promise((next) => setTimeout(next, 10));
  for (const [i, ms] of costs.entries()) refs[i]?.tell(ms);
  await deadline(done);
  assert(stepped.worst <= 10.1, `${stepped.worst} ms went by`);
  await stopped(system);
});

/** Many actors, each quick for so many messages of its own, all of one kind. */
const CROWDS: readonly (readonly [actors: number, quickEach: number])[] = [
  [60, 1],
  [120, 1],
  [120, 100],
  [1000, 3],
  [1000, 200],
  [20_000, 1],
];

for (const [actors, quickEach] of CROWDS) {
  Deno.test(`fairness: ${actors} actors that were quick, ${quickEach} times each, and later are slow at once are found out after 8 handlers`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    let { promise: allDone, resolve } = Promise.withResolvers<void>();
    let left = actors * quickEach;
    const refs = Array.from({ length: actors }, (_, i) =>
      system.spawn<number>(`a${i}`, () => (ms) => {
        stepped.work(ms);
        if (--left === 0) resolve();
      }));
    for (const ms of times(quickEach, 0.0001)) for (const ref of refs) ref.tell(ms);
    await deadline(allDone);
    // A pause, as there is between what comes by sockets.
    for (const _ of times(3, 0)) await new Promise((next) => setTimeout(next, 1));
    ({ promise: allDone, resolve } = Promise.withResolvers<void>());
    const slow = refs.slice(0, 200);
    left = slow.length;
    for (const ref of slow) ref.tell(10);
    await deadline(allDone);
    assert(stepped.worst <= 8 * 10, `${stepped.worst} ms went by`);
    await stopped(system);
  });
}
