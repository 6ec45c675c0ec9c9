import { assertEquals } from "@std/assert";
import type { Keys } from "../../actors/cluster/mod.ts";
import { HostLease } from "../../actors/cluster/lease.ts";
import { denoWorld } from "../../mod.ts";

const TTL_MS = 2000;

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
  const keys: Keys = {
    leaseTtlMs: TTL_MS,
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(1),
    remove: () => Promise.resolve(),
    list: () => Promise.resolve(new Map()),
  };
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
