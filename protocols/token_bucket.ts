/**
 * So many a second and no more, as a pure function of time.
 *
 * @module
 */

/** Options of {@linkcode TokenBucket}. */
export interface TokenBucketOptions {
  /** What is allowed in the long run. 0 is no limit. */
  readonly perSecond: number;
  /** What is allowed at once, after a pause. */
  readonly burst: number;
}

/**
 * Allows `burst` at once and `perSecond` in the long run. It is told the time and reads no clock.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TokenBucket } from "./token_bucket.ts";
 *
 * const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 0);
 * assertEquals([bucket.take(0), bucket.take(50), bucket.take(100)], [true, false, true]);
 * ```
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  /** A full bucket at the time `nowMs`. Throws `RangeError` on a negative rate or a burst below 1. */
  constructor(options: TokenBucketOptions, nowMs: number) {
    const { perSecond, burst } = options;
    if (!(perSecond >= 0)) throw new RangeError(`Cannot limit to ${perSecond} a second: it takes 0 or more`);
    if (!(burst >= 1)) throw new RangeError(`Cannot limit to a burst of ${burst}: it takes 1 or more`);
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /**
   * Whether one more is allowed at the time `nowMs`; if so, it is counted. A time before the last one counts
   * as the last one.
   */
  take(nowMs: number): boolean {
    if (!this.mayTake(nowMs)) return false;
    if (this.#perMs > 0) this.#tokens -= 1;
    return true;
  }

  /** Whether one more would be allowed at the time `nowMs`. */
  mayTake(nowMs: number): boolean {
    if (this.#perMs === 0) return true;
    if (nowMs > this.#atMs) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
      this.#atMs = nowMs;
    }
    return this.#tokens >= 1;
  }
}
