/**
 * Logins counted by address.
 *
 * @module
 */
import type { TokenBucketOptions } from "../../protocols/token_bucket.ts";
import { addressKey, AddressRate } from "./address_rate.ts";

/** One login that was allowed, to be given back when who logged in has gone. */
export interface LoginPass {
  /** It is over. Twice is fine. */
  release(): void;
}

interface Presence {
  now: number;
  most: number;
}

/** Addresses of which nobody is there, and of which it is known how many have been. */
const MAX_ABSENT = 10_000;

/**
 * Lets everybody of an address in who is there beside the others, so that a whole house may come at once; but
 * who comes where somebody has gone counts against a rate, so that coming back is no way around the rates of
 * one connection.
 *
 * @example
 * ```ts
 * import { LoginRate } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * const logins = new LoginRate({ perSecond: 5, burst: 1 });
 * const ann = logins.enter("192.0.2.7", 0);
 * const bob = logins.enter("192.0.2.7", 0);
 * bob?.release();
 * logins.enter("192.0.2.7", 0)?.release();
 * assertEquals([ann !== undefined, logins.enter("192.0.2.7", 0)], [true, undefined]);
 * ```
 */
export class LoginRate {
  readonly #returns: AddressRate;
  /** Those of which somebody is there. */
  readonly #present = new Map<string, Presence>();
  /** Those of which nobody is, the longest gone first. */
  readonly #absent = new Map<string, Presence>();

  /** `returns` is how often somebody may come back. Throws `RangeError` on an invalid rate or burst. */
  constructor(returns: TokenBucketOptions = { perSecond: 5, burst: 20 }) {
    this.#returns = new AddressRate(returns);
  }

  /** Whether somebody may log in from there at the monotonic time `nowMs`: the pass, or `undefined`. */
  enter(hostname: string, nowMs: number): LoginPass | undefined {
    const key = addressKey(hostname);
    const presence = this.#present.get(key) ?? this.#absent.get(key) ?? { now: 0, most: 0 };
    const isMore = presence.now === presence.most;
    if (!isMore && !this.#returns.take(hostname, nowMs)) return undefined;
    presence.now++;
    presence.most = Math.max(presence.most, presence.now);
    this.#absent.delete(key);
    this.#present.set(key, presence);
    let isReleased = false;
    return {
      release: () => {
        if (!isReleased) this.#leave(key, presence);
        isReleased = true;
      },
    };
  }

  #leave(key: string, presence: Presence): void {
    if (--presence.now > 0) return;
    this.#present.delete(key);
    this.#absent.set(key, presence);
    const [longestGone] = this.#absent.keys();
    if (this.#absent.size > MAX_ABSENT && longestGone !== undefined) this.#absent.delete(longestGone);
  }
}
