/**
 * Sending no faster than a server takes it.
 *
 * @module
 */
import type { Clock } from "../actors/world/world.ts";
import { TokenBucket, type TokenBucketOptions } from "../protocols/token_bucket.ts";

/** How often a line that is not allowed yet is tried. */
const PACE_MS = 20;

/** What lines lose on their way of the distance to each other. */
const SLOWER = 0.9;

/**
 * The part of the server's burst that is sent at once. The rest is for what the way does: lines that were
 * held up come to the server together, and it counts them when they come.
 */
const AT_ONCE = 0.25;

/** How fast to send, so that a server with these limits takes all of it though the way be uneven. */
export function paceWithin({ perSecond, burst }: TokenBucketOptions): TokenBucketOptions {
  return { perSecond: perSecond * SLOWER, burst: Math.max(1, Math.floor(burst * AT_ONCE)) };
}

/** How fast lines may be sent. */
export class Pace {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;

  /** @param limits the server's */
  constructor(limits: TokenBucketOptions, clock: Clock) {
    this.#bucket = new TokenBucket(paceWithin(limits), clock.monotonic());
    this.#clock = clock;
  }

  /** Resolves when one more line is allowed; says first that it takes a while, if it does. */
  async next(tell: () => void): Promise<void> {
    if (this.#bucket.take(this.#clock.monotonic())) return;
    tell();
    while (!this.#bucket.take(this.#clock.monotonic())) {
      await new Promise<void>((resolve) => this.#clock.timer(PACE_MS, resolve));
    }
  }
}
