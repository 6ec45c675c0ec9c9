/**
 * How late the event loop is.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";

/** Twenty looks a second cost nothing, and no stall of a tenth of a second is missed. */
const INTERVAL_MS = 50;
const LOOKS_A_WINDOW = 20;

/** What was seen in about the last second. */
export interface LoopDelay {
  readonly maxMs: number;
  readonly meanMs: number;
}

/** Sets a timer again and again, and looks how late it comes. */
export class EventLoopDelay {
  readonly #clock: Clock;
  #timer: Cancellable;
  #dueAt = 0;
  #before: LoopDelay = { maxMs: 0, meanMs: 0 };
  #max = 0;
  #sum = 0;
  #looks = 0;

  /** Begins. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = this.#arm();
  }

  /** What was seen in the last second, or up to two. */
  get current(): LoopDelay {
    // A stall that has not ended yet shows as well.
    const late = Math.max(0, this.#clock.monotonic() - this.#dueAt);
    const { maxMs, meanMs } = this.#before;
    return {
      maxMs: Math.max(maxMs, this.#max, late),
      meanMs: this.#looks === 0 ? meanMs : this.#sum / this.#looks,
    };
  }

  /** Ends. */
  close(): void {
    this.#timer.cancel();
  }

  #arm(): Cancellable {
    this.#dueAt = this.#clock.monotonic() + INTERVAL_MS;
    return this.#clock.timer(INTERVAL_MS, () => this.#look());
  }

  #look(): void {
    const late = Math.max(0, this.#clock.monotonic() - this.#dueAt);
    this.#max = Math.max(this.#max, late);
    this.#sum += late;
    if (++this.#looks === LOOKS_A_WINDOW) {
      this.#before = { maxMs: this.#max, meanMs: this.#sum / this.#looks };
      this.#max = this.#sum = this.#looks = 0;
    }
    this.#timer = this.#arm();
  }
}
