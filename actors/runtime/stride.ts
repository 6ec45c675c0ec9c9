/**
 * How often the clock is read: after how many messages again.
 *
 * @module
 */
import { SLICE_MS } from "./slice.ts";

/**
 * The most messages between two looks at the clock, which cost as much as a message or two. So also the most
 * handlers that may be slow before it is noticed.
 */
const MAX_STRIDE = 8;
/** The same in a flood, where a look at each eighth message would be a sixth of all the work. */
const FLOOD_STRIDE = 32;
/** So many messages without a pause between them, and none of them slow, are a flood. */
const FLOOD = 131_072;
/** A flood that was interrupted, by a pause of the garbage collector perhaps, goes on after so many more. */
const FLOOD_AGAIN = FLOOD / 8;
/** After a slow one the stride is 1, and so much longer for each 128 that were quick. */
const QUICK_SHIFT = 7;
/** After a pause: how long handlers take is known only from the second look on. */
const FIRST_STRIDE = MAX_STRIDE / 2;

/** The messages between two looks at the clock. */
export class Stride {
  /** So many are to go by until the next look. */
  messages = FIRST_STRIDE;
  /** Messages since one was slow; after a pause no more than give {@linkcode MAX_STRIDE}. */
  #quick = 0;
  /** What the last readings allow it to be. */
  #affordable = FLOOD_STRIDE;

  /** So many messages more have gone by. */
  count(messages: number): void {
    this.#quick += messages;
  }

  /** The last ones were quick. */
  lengthen(): void {
    const longest = this.#quick < FLOOD ? Math.min(this.#quick >> QUICK_SHIFT, MAX_STRIDE) : FLOOD_STRIDE;
    this.messages = Math.max(1, Math.min(2 * this.messages, longest, this.#affordable));
  }

  /**
   * Looks at the clock about four times in a slice.
   *
   * @param elapsedMs what the last `handled` messages took
   */
  learn(elapsedMs: number, handled: number): void {
    const affordable = Math.floor(handled * SLICE_MS / 4 / Math.max(elapsedMs, 1e-4));
    this.#affordable = Math.max(1, Math.min(affordable, FLOOD_STRIDE));
    this.lengthen();
  }

  /** The last stride took long, though not each of its messages: that ends a flood. */
  surprised(): void {
    this.messages = 1;
    this.#quick = Math.min(this.#quick, FLOOD - FLOOD_AGAIN);
  }

  /** A handler was slow: others may be. */
  distrust(): void {
    this.#quick = 0;
  }

  /** When the last messages began is not known. */
  beginLate(): void {
    this.messages = Math.min(this.messages, FIRST_STRIDE);
  }

  /** There was nothing to do: what comes next may be of another kind. Answers when to look then. */
  pause(): number {
    this.#quick = Math.min(this.#quick, MAX_STRIDE << QUICK_SHIFT);
    return FIRST_STRIDE;
  }
}
