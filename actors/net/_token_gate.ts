/**
 * Whose tokens a web door looks at.
 *
 * @module
 */
import { addressKey, AddressRate } from "./address_rate.ts";
import { isSameToken } from "./http_token.ts";

/** Wrong tokens that one address may show. */
const WRONG_TOKENS = { perSecond: 5, burst: 5 };
/** A token of so many characters is not found by guessing, however fast a server answers. */
const LONG_TOKEN = 16;
/** So long an address is known by the right token that it has shown. */
const KNOWN_MS = 3_600_000;
const MAX_KNOWN = 10_000;

/**
 * Limits those who guess, and not who has the token: an address that shows too many wrong ones has no more of
 * them looked at, but the right one is served there, too, where guessing cannot have found it: a long token,
 * or one that the address has shown before it began to guess.
 */
export class TokenGate {
  readonly #tokens: readonly string[];
  readonly #wrong = new AddressRate(WRONG_TOKENS);
  /** When each address has last shown a right token, the least recent first. */
  readonly #known = new Map<string, number>();

  /** `tokens` are the right ones. */
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** Whether the token that a request from this address shows is looked at, at the time `nowMs`. */
  looksAt(given: string, hostname: string, nowMs: number): boolean {
    const isGuesser = !this.#wrong.mayTake(hostname, nowMs);
    const right = this.#tokens.find((token) => isSameToken(given, token));
    if (right === undefined) return !isGuesser;
    if (isGuesser && right.length < LONG_TOKEN && !this.#isKnown(hostname, nowMs)) return false;
    this.#keep(hostname, nowMs);
    return true;
  }

  /** A token from this address was looked at, and was wrong. */
  wrong(hostname: string, nowMs: number): void {
    this.#wrong.take(hostname, nowMs);
  }

  #isKnown(hostname: string, nowMs: number): boolean {
    return nowMs - (this.#known.get(addressKey(hostname)) ?? -Infinity) < KNOWN_MS;
  }

  #keep(hostname: string, nowMs: number): void {
    const key = addressKey(hostname);
    this.#known.delete(key);
    this.#known.set(key, nowMs);
    if (this.#known.size <= MAX_KNOWN) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
