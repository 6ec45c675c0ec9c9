import { assertEquals } from "@std/assert";
import { Scheduler } from "../../actors/runtime/scheduler.ts";

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
