import { assert, assertEquals } from "@std/assert";
import { delay } from "./_connected.ts";
import { FLAVOURS } from "./_flavours.ts";

for (const { name, run } of FLAVOURS) {
  Deno.test(`${name}: local time is told as minutes ahead of UTC, and its zone has a name`, () =>
    run(({ clock }) => {
      const offset = clock.utcOffsetMinutes(clock.now());
      assert(Number.isInteger(offset) && Math.abs(offset) <= 18 * 60, `${offset}`);
      assert(clock.timeZone().length > 0);
      return Promise.resolve();
    }));

  Deno.test(`${name}: a timer rings once, not before its time, and not when it was called off`, () =>
    run(async (world) => {
      const { clock } = world;
      const startedAt = clock.monotonic();
      const wallAt = clock.now();
      let rings = 0;
      const cancelled = clock.timer(20, () => rings += 100);
      clock.timer(40, () => rings++);
      cancelled.cancel();
      cancelled.cancel();
      await delay(world, 80);
      assertEquals(rings, 1);
      // A real timer may be early by the fraction of a millisecond that it rounds off.
      assert(clock.monotonic() - startedAt >= 79);
      assert(clock.now() - wallAt >= 78);
      assert(Number.isInteger(clock.now()));
    }));

  Deno.test(`${name}: timers ring in the order of their times, equal ones in the order in which they were set`, () =>
    run(async (world) => {
      const rung: string[] = [];
      world.clock.timer(60, () => rung.push("third"));
      world.clock.timer(30, () => rung.push("first"));
      world.clock.timer(30, () => rung.push("second"));
      await delay(world, 120);
      assertEquals(rung, ["first", "second", "third"]);
    }));

  Deno.test(`${name}: the loop runs soon before it turns, and afterPoll after a timer that is due`, () =>
    run(async (world) => {
      const { loop } = world;
      const order: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      loop.afterPoll(() => {
        order.push("afterPoll");
        resolve();
      });
      loop.nextTurn(() => order.push("nextTurn"));
      loop.soon(() => order.push("soon"));
      order.push("now");
      await promise;
      assertEquals(order, ["now", "soon", "nextTurn", "afterPoll"]);
    }));

  Deno.test(`${name}: random numbers are from 0 to below 1, and bytes as many as asked for`, () =>
    run((world) => {
      const numbers = Array.from({ length: 1000 }, () => world.random.next());
      assert(numbers.every((number) => number >= 0 && number < 1));
      assert(new Set(numbers).size > 990);
      assertEquals(world.random.bytes(100_000).length, 100_000);
      assert(new Set(world.random.bytes(10_000)).size === 256);
      return Promise.resolve();
    }));
}

Deno.test("simWorld: a host has the time zone that it was given, and UTC without one", async () => {
  const { simWorld, switchingZone } = await import("../../actors/world/sim/mod.ts");
  const sim = simWorld({ seed: 1 });
  const zone = switchingZone("Test/Summer", { beforeMinutes: 60, afterMinutes: 120, atMs: 1000 });
  const { clock } = sim.host("a", { timeZone: zone }).world;
  assertEquals([999, 1000].map((ms) => clock.utcOffsetMinutes(ms)), [60, 120]);
  assertEquals(clock.timeZone(), "Test/Summer");
  const other = sim.host("b").world.clock;
  assertEquals([other.utcOffsetMinutes(0), other.timeZone()], [0, "UTC"]);
});
