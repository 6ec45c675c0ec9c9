/**
 * The real clock.
 *
 * @module
 */
import type { Cancellable, Clock } from "../clock.ts";

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export class DenoClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  utcOffsetMinutes(atMs: number): number {
    return -new Date(atMs).getTimezoneOffset();
  }

  timeZone(): string {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  timer(delayMs: number, task: () => void): Cancellable {
    return new DenoTimer(delayMs, task);
  }
}

class DenoTimer implements Cancellable {
  #id: ReturnType<typeof setTimeout>;

  constructor(delayMs: number, task: () => void) {
    this.#id = this.#start(delayMs, task);
  }

  #start(delayMs: number, task: () => void): ReturnType<typeof setTimeout> {
    if (delayMs <= MAX_DELAY_MS) return setTimeout(task, delayMs);
    return setTimeout(() => {
      this.#id = this.#start(delayMs - MAX_DELAY_MS, task);
    }, MAX_DELAY_MS);
  }

  cancel(): void {
    clearTimeout(this.#id);
  }
}
