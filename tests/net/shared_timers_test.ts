import { assertEquals } from "@std/assert";
import { SharedTimers } from "../../actors/net/_shared_timers.ts";
import { denoWorld } from "../../mod.ts";

/** A clock whose time is told. */
class Clock {
  nowMs = 0;
  readonly timers = new Map<() => void, number>();
  readonly shared = new SharedTimers({
    ...denoWorld().clock,
    monotonic: () => this.nowMs,
    timer: (delayMs, task) => {
      const own = () => task();
      this.timers.set(own, this.nowMs + delayMs);
      return { cancel: () => void this.timers.delete(own) };
    },
  });

  /** Time passes, and every timer runs at its own. */
  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].sort(([, a], [, b]) => a - b);
      if (next === undefined || next[1] > end) break;
      this.nowMs = next[1];
      this.timers.delete(next[0]);
      next[0]();
    }
    this.nowMs = end;
  }
}

Deno.test("shared timers: each runs once at its time, whatever others of its delay do", () => {
  const clock = new Clock();
  const ran: string[] = [];
  const add = (name: string, delayMs: number) =>
    clock.shared.timer(delayMs, () => void ran.push(`${name} at ${Math.round(clock.nowMs)}`));
  const first = add("first", 100);
  clock.pass(30);
  add("second", 100);
  const third = add("third", 100);
  add("short", 20);
  clock.pass(30);
  first.cancel();
  first.cancel();
  third.cancel();
  add("fourth", 99.5);
  clock.pass(1000);
  assertEquals(ran, ["short at 50", "second at 130", "fourth at 160"]);
  assertEquals(clock.timers.size, 0);
});

Deno.test("shared timers: a thousand of one delay take one timer of the clock; without them it has none", () => {
  const clock = new Clock();
  const all = Array.from({ length: 1000 }, () => clock.shared.timer(5000, () => {}));
  assertEquals(clock.timers.size, 1);
  for (const timer of all) timer.cancel();
  assertEquals(clock.timers.size, 0);
});

Deno.test("shared timers: one that is set, cancelled or thrown from in another's task is as any other", () => {
  const clock = new Clock();
  const ran: number[] = [];
  const again = () => {
    ran.push(clock.nowMs);
    if (ran.length < 3) clock.shared.timer(10, again);
    other.cancel();
  };
  clock.shared.timer(10, again);
  const other = clock.shared.timer(10, () => void ran.push(-1));
  clock.pass(100);
  assertEquals(ran, [10, 20, 30]);

  clock.shared.timer(10, () => {
    throw new Error("of one's own");
  });
  clock.shared.timer(10, () => void ran.push(0));
  try {
    clock.pass(100);
  } catch {
    clock.pass(100);
  }
  assertEquals(ran.at(-1), 0);
});
