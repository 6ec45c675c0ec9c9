/**
 * When a torrent that gets nothing asks its trackers for more peers.
 *
 * @module
 */

const FIRST_MS = 10_000;
const MAX_DOUBLINGS = 5;

/**
 * Tells when it is time to look for others, because nobody who is there has what is wanted: those whom a
 * tracker named may all lie, have gone, or have no more than we have, and its interval may be an hour. The
 * waits double, so that no tracker is pressed. It is told the time and reads no clock.
 */
export class Hunger {
  #sinceMs: number;
  #doublings = 0;

  /** Somebody may come yet. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** To be called now and then; `isFed`: nothing is wanted, or somebody is there who has some of it. */
  isTimeToAsk(isFed: boolean, nowMs: number): boolean {
    if (isFed) {
      this.#sinceMs = nowMs;
      this.#doublings = 0;
      return false;
    }
    if (nowMs - this.#sinceMs < FIRST_MS * 2 ** this.#doublings) return false;
    this.#sinceMs = nowMs;
    this.#doublings = Math.min(MAX_DOUBLINGS, this.#doublings + 1);
    return true;
  }
}
