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
  /** How far local time is ahead of UTC at a moment, in minutes: 120 for UTC+02:00, negative to the west. */
  utcOffsetMinutes(atMs: number): number;
  /** The IANA name of the local time zone, such as `Europe/Vienna`. */
  timeZone(): string;
  /** Runs `task` once, `delayMs` milliseconds from now. */
  timer(delayMs: number, task: () => void): Cancellable;
}
