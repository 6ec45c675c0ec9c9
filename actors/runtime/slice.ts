/**
 * A slice: how long actors work until sockets and timers are looked at.
 *
 * @module
 */

/** After so much work, sockets and timers get their turn. */
export const SLICE_MS = 1;

/** The slice that is under way. */
export class Slice {
  /** When the work began that has not let the event loop turn yet; below 0: not known to have begun. */
  startedAt = -1;
  /** The next run begins one: when is to be known. */
  isNext = false;
  /** Messages of this slice, as far as they were counted. */
  #handled = 0;
  /** After so many messages more it is over, as it seems from those before. */
  #goal = 0;

  /** One of which the slice before foretells how many messages it will have. */
  begin(now: number): void {
    this.isNext = false;
    this.startedAt = now;
    this.#goal = this.#handled;
    this.#handled = 0;
  }

  /** One that has begun somewhat before. */
  beginLate(now: number): void {
    this.startedAt = now;
    this.#handled = 0;
  }

  /** Counts messages. True: the clock is to be read, since it may be over. */
  count(messages: number): boolean {
    this.#handled += messages;
    return (this.#goal -= messages) <= 0;
  }

  /** Whether it is over; else it is known better when it will be. */
  isOver(now: number): boolean {
    const elapsed = now - this.startedAt;
    this.#goal = elapsed > 0 ? (SLICE_MS - elapsed) * this.#handled / elapsed : Infinity;
    return elapsed >= SLICE_MS;
  }

  end(): void {
    this.startedAt = -1;
  }
}
