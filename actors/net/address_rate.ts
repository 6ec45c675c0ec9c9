/**
 * Rates that are counted by address, so that coming back is no way around them.
 *
 * @module
 */
import { TokenBucket, type TokenBucketOptions } from "../../protocols/token_bucket.ts";

/** Options of {@linkcode AddressRate}. */
export interface AddressRateOptions extends TokenBucketOptions {
  /** Addresses remembered at once: over it, the least recent is forgotten. @default 10000 */
  readonly maxAddresses?: number;
}

/**
 * What stands for one peer when peers are counted: an IPv4 address as it is; of an IPv6 address the first 64
 * bits, since one host has all that follow (RFC 6177).
 *
 * @example
 * ```ts
 * import { addressKey } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressKey("192.0.2.7"), "192.0.2.7");
 * assertEquals(addressKey("2001:db8::1"), addressKey("2001:db8:0:0:ffff::2"));
 * ```
 */
export function addressKey(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const [address = hostname] = hostname.split("%");
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/**
 * A {@linkcode TokenBucket} for each address. It is told the time and reads no clock.
 *
 * @example
 * ```ts
 * import { AddressRate } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * const rate = new AddressRate({ perSecond: 5, burst: 1 });
 * assertEquals([rate.take("::1", 0), rate.take("::1", 1), rate.take("192.0.2.7", 1)], [true, false, true]);
 * ```
 */
export class AddressRate {
  readonly #options: TokenBucketOptions;
  readonly #maxAddresses: number;
  /** The least recent first. */
  readonly #buckets = new Map<string, TokenBucket>();

  /** Throws `RangeError` on an invalid rate, burst or number of addresses. */
  constructor(options: AddressRateOptions) {
    const { maxAddresses = 10_000 } = options;
    if (!(maxAddresses >= 1)) {
      throw new RangeError(`Cannot remember ${maxAddresses} addresses: it takes 1 or more`);
    }
    new TokenBucket(options, 0);
    this.#options = options;
    this.#maxAddresses = maxAddresses;
  }

  /** Whether one more is allowed of this address at the time `nowMs`; if so, it is counted. */
  take(hostname: string, nowMs: number): boolean {
    return this.#bucket(hostname, nowMs).take(nowMs);
  }

  /** Whether one more would be allowed. */
  mayTake(hostname: string, nowMs: number): boolean {
    return this.#bucket(hostname, nowMs).mayTake(nowMs);
  }

  /** The bucket of the address, which is now the most recent one. */
  #bucket(hostname: string, nowMs: number): TokenBucket {
    const key = addressKey(hostname);
    const known = this.#buckets.get(key);
    if (known !== undefined) this.#buckets.delete(key);
    else if (this.#buckets.size >= this.#maxAddresses) this.#forgetLeastRecent();
    const bucket = known ?? new TokenBucket(this.#options, nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetLeastRecent(): void {
    const [key] = this.#buckets.keys();
    if (key !== undefined) this.#buckets.delete(key);
  }
}
