import { assert, assertEquals } from "@std/assert";
import { Scheduler } from "../../actors/runtime/scheduler.ts";
import { upTo } from "./_stage.ts";

Deno.test("scheduler: who has work from sockets goes before a backlog, and what it writes before the backlog's next slice", () => {
  const tasks: (() => void)[] = [];
  const queue = (task: () => void) => void tasks.push(task);
  let now = 0;
  const clock = {
    now: () => now += 0.4,
    monotonic: () => now += 0.4,
    utcOffsetMinutes: () => 0,
    timeZone: () => "UTC",
    timer: () => ({ cancel() {} }),
  };
  const seen: string[] = [];
  type Actor = "flood" | "connection";
  const turn = (actor: Actor): void => {
    seen.push(actor);
    if (actor === "flood") {
      while (scheduler.spend());
      scheduler.enqueueFirst("flood");
    } else {
      scheduler.spend();
      queue(() => seen.push("write"));
    }
  };
  const failed = (error: unknown) => {
    throw error;
  };
  const scheduler: Scheduler<Actor> = new Scheduler(
    clock,
    { soon: queue, afterPoll: queue, nextTurn: queue },
    { turn, failed },
  );

  scheduler.enqueue("flood");
  tasks.shift()?.();
  scheduler.enqueue("connection");
  for (let i = 0; i < 3; i++) tasks.shift()?.();

  assertEquals(seen, ["flood", "connection", "write", "flood"]);
});

for (const phase of upTo(10).map((tenth) => tenth / 10)) {
  Deno.test(`scheduler: a slice is a millisecond of a flood, where the wall clock ticks ${phase} ms into it`, () => {
    /** What a message takes, and what sockets and timers do, in milliseconds. */
    const [messageMs, pollMs] = [0.00003, 0.1 + phase];
    let now = 1000;
    const slices: number[] = [];
    const tasks: (() => void)[] = [];
    let begunAt = now;
    const clock = {
      now: () => Math.floor(now),
      monotonic: () => now,
      utcOffsetMinutes: () => 0,
      timeZone: () => "UTC",
      timer: () => ({ cancel() {} }),
    };
    const loop = {
      soon: (task: () => void) => void tasks.push(task),
      nextTurn: (task: () => void) => void tasks.push(task),
      afterPoll: (task: () => void) => {
        slices.push(now - begunAt);
        tasks.push(() => {
          begunAt = now += pollMs;
          task();
        });
      },
    };
    const scheduler: Scheduler<string> = new Scheduler(clock, loop, {
      turn: (flood) => {
        now += messageMs;
        scheduler.enqueue(flood);
        scheduler.spend(flood);
      },
      failed: (error) => {
        throw error;
      },
    });
    scheduler.enqueue("flood");
    while (slices.length < 100) tasks.shift()?.();
    // The first ones teach how long a message takes.
    for (const ms of slices.slice(3)) assert(ms >= 0.99 && ms < 1.05, `${ms} ms`);
  });
}
