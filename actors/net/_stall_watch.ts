/**
 * Notices a send that the peer does not let through.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { TimerClock } from "./_shared_timers.ts";

/** How often the time of a send is looked at, while there are sends. */
const CHECKS = 4;

/** Told when a send has been under way for too long. */
export interface StallOwner {
  stalled(): void;
}

/** Looks now and then whether the same send is still under way, and stops looking when there is none. */
export class StallWatch {
  readonly #clock: TimerClock;
  readonly #checkMs: number;
  readonly #owner: StallOwner;
  #sends = 0;
  #lastSeen = 0;
  #checks = 0;
  #isSending = false;
  #timer: Cancellable | undefined;

  /** `owner` is told once a send has been under way for `limitMs`. */
  constructor(clock: TimerClock, limitMs: number, owner: StallOwner) {
    this.#clock = clock;
    this.#checkMs = limitMs / CHECKS;
    this.#owner = owner;
  }

  /** A send begins. */
  begin(): void {
    this.#sends++;
    this.#isSending = true;
    if (this.#timer !== undefined) return;
    this.#lastSeen = this.#sends;
    this.#checks = 0;
    this.#arm();
  }

  /** No send is under way, and none follows at once. */
  end(): void {
    this.#isSending = false;
  }

  /** Stops watching. */
  close(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#clock.timer(this.#checkMs, this.#look);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (!this.#isSending) return;
    if (this.#sends !== this.#lastSeen) {
      this.#lastSeen = this.#sends;
      this.#checks = 0;
    } else if (++this.#checks >= CHECKS) {
      return this.#owner.stalled();
    }
    this.#arm();
  };
}
