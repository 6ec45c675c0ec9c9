/**
 * The clocks of a simulated machine: off, fast or slow, and put forward or back.
 *
 * @module
 */
import type { Clock } from "../world.ts";
import type { Life } from "./life.ts";
import type { Simulation } from "./simulation.ts";
import type { TimeZone } from "./time_zone.ts";

/** What the wall clocks show when a simulation begins: 2026-01-01T00:00:00Z. */
const EPOCH_MS = 1_767_225_600_000;

/** The clocks of one machine, which outlive its lives. */
export class HostClock {
  /** How far the wall clock is off, in milliseconds. */
  skewMs: number;
  readonly zone: TimeZone;
  readonly #simulation: Simulation;
  #rate = 1;
  /** The machine's own time, and the virtual time, when the rate was last set. */
  #ownAtMs = 0;
  #trueAtMs = 0;

  constructor(simulation: Simulation, skewMs: number, zone: TimeZone) {
    this.#simulation = simulation;
    this.skewMs = skewMs;
    this.zone = zone;
  }

  /** How many of its own milliseconds go by in one. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#ownAtMs = this.#own(this.#simulation.now);
    this.#trueAtMs = this.#simulation.now;
    this.#rate = rate;
  }

  /** The wall clock, for what the machine itself writes down. */
  get wallMs(): number {
    return Math.floor(EPOCH_MS + this.skewMs + this.#own(this.#simulation.now));
  }

  /** The clock as a life reads it. */
  of(life: Life): Clock {
    return {
      now: () => Math.floor(EPOCH_MS + this.skewMs + this.#own(this.#simulation.read())),
      monotonic: () => this.#own(this.#simulation.read()),
      utcOffsetMinutes: (atMs) => this.zone.utcOffsetMinutes(atMs),
      timeZone: () => this.zone.name,
      timer: (delayMs, task) => life.schedule(delayMs / this.#rate, task),
    };
  }

  #own(trueMs: number): number {
    return this.#ownAtMs + (trueMs - this.#trueAtMs) * this.#rate;
  }
}
