/**
 * Local time of simulated hosts.
 *
 * @module
 */

/** A time zone that a test makes up. */
export interface TimeZone {
  /** What it is called. */
  readonly name: string;
  /** How far its clocks are ahead of UTC at a moment, in minutes. */
  utcOffsetMinutes(atMs: number): number;
}

/** The zone of a host that was given none. */
export const UTC: TimeZone = { name: "UTC", utcOffsetMinutes: () => 0 };

/**
 * A zone whose clocks are put forward or back at a moment, as summer time does it.
 *
 * @example
 * ```ts
 * import { simWorld, switchingZone } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const midnightMs = Date.UTC(2026, 0, 1);
 * const atMs = midnightMs + 1000;
 * const zone = switchingZone("Test/Summer", { beforeMinutes: 60, afterMinutes: 120, atMs });
 * const { clock } = sim.host("a", { timeZone: zone }).world;
 * assertEquals(clock.utcOffsetMinutes(midnightMs), 60);
 * assertEquals(clock.utcOffsetMinutes(midnightMs + 1000), 120);
 * ```
 */
export function switchingZone(
  name: string,
  { beforeMinutes, afterMinutes, atMs }: {
    readonly beforeMinutes: number;
    readonly afterMinutes: number;
    /** When they are put, in milliseconds since 1970-01-01T00:00:00Z. */
    readonly atMs: number;
  },
): TimeZone {
  return { name, utcOffsetMinutes: (whenMs) => whenMs < atMs ? beforeMinutes : afterMinutes };
}
