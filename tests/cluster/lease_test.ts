import { assertEquals, assertRejects } from "@std/assert";
import { Conflict, type KeyEntry, type Keys, OutcomeUnknown } from "../../actors/cluster/mod.ts";
import { HostLease } from "../../actors/cluster/lease.ts";
import { pause } from "../../actors/cluster/pause.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { denoWorld } from "../../mod.ts";

const TTL_MS = 2000;

function keysThatPut(put: Keys["put"]): Keys {
  return {
    leaseTtlMs: TTL_MS,
    get: () => Promise.resolve(undefined),
    put,
    remove: () => Promise.resolve(),
    list: () => Promise.resolve(new Map()),
  };
}

/** A lease that was taken at zero of both clocks, and is never renewed. */
async function takeLease() {
  const { clock, random } = denoWorld();
  const time = { monotonic: 0, wall: 0 };
  const stopped = {
    ...clock,
    monotonic: () => time.monotonic,
    now: () => time.wall,
    timer: () => ({ cancel: () => {} }),
  };
  const keys = keysThatPut(() => Promise.resolve(1));
  return { time, held: await HostLease.take(keys, { clock: stopped, random }, "one") };
}

for (const clock of ["monotonic", "wall"] as const) {
  // Either stands still in the sleep of a machine, of some systems, or is set by somebody.
  Deno.test(`cluster: a lease ends a tenth before its time by the ${clock} clock, whatever the other says`, async () => {
    const { time, held } = await takeLease();
    time[clock] = TTL_MS * 0.9 - 1;
    assertEquals(held.isValid, true);
    time[clock] = TTL_MS * 0.9;
    assertEquals([held.isValid, held.signal.aborted], [false, true]);
    time[clock] = 0;
    assertEquals(held.isValid, false, "for good");
  });
}

Deno.test("cluster: a lease that the engine does not write is no other host's, and nobody says so", async () => {
  await simulate("a silent engine", { seeds: 1 }, async (sim) => {
    const { world } = sim.host("one");
    const keys = keysThatPut(() => Promise.reject(new OutcomeUnknown("a lease")));
    let seen = 0;
    const another = () => void seen++;
    await sim.settle(
      assertRejects(() => HostLease.take(keys, world, "one", undefined, { another }), OutcomeUnknown),
    );
    const late = new AbortController();
    const taking = HostLease.take(keys, world, "one", undefined, { another, signal: late.signal });
    await sim.advance(TTL_MS / 10);
    late.abort(new Error("another host lives"));
    await sim.settle(assertRejects(() => taking, OutcomeUnknown));
    assertEquals(seen, 0);
  });
});

for (
  const [when, unknownAfterMs] of [
    ["at once", 0],
    ["when the engine's time for an answer is over", TTL_MS / 4],
  ] as const
) {
  Deno.test(`cluster: a renewal whose answer is lost, which is known ${when}, is found to be this host's own, and counts from when it was sent`, async () => {
    await simulate("lost answers", { seeds: 1 }, async (sim) => {
      const { world } = sim.host("one");
      let kept: KeyEntry | undefined;
      let writtenAtMs = 0;
      let writes = 0;
      const keys: Keys = {
        ...keysThatPut(async (_table, key, value, revision) => {
          if (revision !== (kept?.revision ?? 0)) throw new Conflict(key);
          kept = { value, revision: revision + 1 };
          writtenAtMs = world.clock.monotonic();
          // Every other answer is lost.
          if (++writes % 2 !== 0) return kept.revision;
          await pause(world, unknownAfterMs);
          throw new OutcomeUnknown("a lease");
        }),
        get: () => Promise.resolve(kept),
      };
      const held = await sim.settle(HostLease.take(keys, world, "one"));
      for (let tenth = 0; tenth < 600; tenth++) {
        await sim.advance(100);
        assertEquals(held.isValid, true, `after ${tenth} tenths of a second`);
        // Never younger than it is for the engine.
        assertEquals(held.ageMs >= world.clock.monotonic() - writtenAtMs, true);
      }
      assertEquals(writes > 30, true);
      await sim.settle(held.release());
    });
  });
}
