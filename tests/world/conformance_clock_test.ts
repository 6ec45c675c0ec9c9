import { assert, assertEquals } from "@std/assert";
import { FLAVOURS } from "./_flavours.ts";

for (const { name, run } of FLAVOURS) {
  Deno.test(`${name}: local time is told as minutes ahead of UTC, and its zone has a name`, () =>
    run(({ clock }) => {
      const offset = clock.utcOffsetMinutes(clock.now());
      assert(Number.isInteger(offset) && Math.abs(offset) <= 18 * 60, `${offset}`);
      assert(clock.timeZone().length > 0);
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
