/**
 * Time, as a world has it.
 *
 * @module
 */

/** Something that is under way and can be called off. Cancelling twice is fine. */
export interface Cancellable {
  /** Calls it off. */
  cancel(): void;
}

/** Time. */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01T00:00:00Z. May jump. */
  now(): number;
  /** Milliseconds since some fixed moment, with a fraction. Never goes back. */
  monotonic(): number;
  /** Runs `task` once, `delayMs` milliseconds from now. */
  timer(delayMs: number, task: () => void): Cancellable;
}
