/**
 * Notices a send that the peer does not let through.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { TimerClock } from "./_shared_timers.ts";

/** How often the time of a send is looked at, while there are sends. */
const CHECKS = 4;

/** Whose sends are watched. */
export interface Sender {
  /** Sends that have begun so far. */
  readonly sends: number;
  /** One is under way, or begins at once. */
  readonly isSending: boolean;
  /** None was under way, and none is looked at until {@linkcode StallWatch.begin}. */
  unwatched(): void;
  /** The same send has been under way for too long. */
  stalled(): void;
}

/**
 * Looks now and then whether the same send is still under way, and stops looking when there is none: nothing
 * is noted for each send.
 */
export class StallWatch {
  readonly #clock: TimerClock;
  readonly #checkMs: number;
  readonly #sender: Sender;
  #lastSeen = 0;
  #checks = 0;
  #timer: Cancellable | undefined;

  /** `sender` is told once a send has been under way for `limitMs`. */
  constructor(clock: TimerClock, limitMs: number, sender: Sender) {
    this.#clock = clock;
    this.#checkMs = limitMs / CHECKS;
    this.#sender = sender;
  }

  /** A send has begun. */
  begin(): void {
    this.#lastSeen = this.#sender.sends;
    this.#checks = 0;
    this.#arm();
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
    const { sends, isSending } = this.#sender;
    if (!isSending) return this.#sender.unwatched();
    if (sends !== this.#lastSeen) {
      this.#lastSeen = sends;
      this.#checks = 0;
    } else if (++this.#checks >= CHECKS) {
      return this.#sender.stalled();
    }
    this.#arm();
  };
}
