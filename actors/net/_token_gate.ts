/**
 * Whose tokens a web door looks at.
 *
 * @module
 */
import { AddressRate } from "./address_rate.ts";
import { isSameToken } from "./http_token.ts";

/** Wrong tokens that one address may show. */
const WRONG_TOKENS = { perSecond: 5, burst: 5 };
/** A token as long as this, and of so many different characters, is not found by guessing, however fast. */
const STRONG_LENGTH = 16;
const STRONG_CHARACTERS = 10;

/** Whether guessing a token is hopeless, however fast a server answers. */
export function isStrongToken(token: string): boolean {
  return token.length >= STRONG_LENGTH && new Set(token).size >= STRONG_CHARACTERS;
}

/** What is made of the token of a request: one that is refused is answered as if nobody had looked at it. */
export type TokenVerdict = "right" | "wrong" | "refused";

/**
 * Limits those who guess, and not who has the token. An address that shows too many wrong ones has no more of
 * them looked at. The right one is served there all the same where that helps no guesser: on a connection
 * that has shown it before, and everywhere if it is strong. A weak one is refused as the wrong ones are: to
 * tell it from them would be to answer each guess.
 */
export class TokenGate {
  readonly #tokens: readonly string[];
  readonly #wrong = new AddressRate(WRONG_TOKENS);

  /** `tokens` are the right ones. */
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** `isHolder`: the last token of this connection was right. */
  judge(given: string, hostname: string, nowMs: number, isHolder: boolean): TokenVerdict {
    const isGuesser = !this.#wrong.mayTake(hostname, nowMs);
    const right = this.#tokens.find((token) => isSameToken(given, token));
    if (right === undefined) return isGuesser ? "refused" : "wrong";
    return isGuesser && !isHolder && !isStrongToken(right) ? "refused" : "right";
  }

  /** A token from this address was looked at, and a route said that it is wrong. */
  wrong(hostname: string, nowMs: number): void {
    this.#wrong.take(hostname, nowMs);
  }
}
