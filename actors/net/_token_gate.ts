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

/**
 * What is made of the token of a request: one that is refused is answered as if nobody had looked at it. Of
 * one that is unknown only the route can say whether it is right.
 */
export type TokenVerdict = "right" | "wrong" | "refused" | "unknown";

/**
 * Limits those who guess, and not who has the token. An address that shows too many wrong ones has no more of
 * them looked at. The right one is served there all the same where that helps no guesser: on a connection
 * that has shown it before, and everywhere if it is strong. A weak one is refused as the wrong ones are: to
 * tell it from them would be to answer each guess.
 */
export class TokenGate {
  readonly #tokens: readonly string[];
  readonly #wrong = new AddressRate(WRONG_TOKENS);

  /** `tokens` are the right ones; none where only the routes know them. */
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /**
   * `isHolder`: the last token of this connection was right. A wrong one counts here, whatever was asked for:
   * a path that answers everybody would otherwise be one where guessing is free.
   */
  judge(given: string, hostname: string, nowMs: number, isHolder: boolean): TokenVerdict {
    const isGuesser = !this.#wrong.mayTake(hostname, nowMs);
    const right = this.#tokens.find((token) => isSameToken(given, token));
    if (right === undefined) {
      if (isGuesser) return "refused";
      if (this.#tokens.length === 0) return "unknown";
      this.wrong(hostname, nowMs);
      return "wrong";
    }
    return isGuesser && !isHolder && !isStrongToken(right) ? "refused" : "right";
  }

  /** A token from this address is wrong: for one that is unknown a route says so. */
  wrong(hostname: string, nowMs: number): void {
    this.#wrong.take(hostname, nowMs);
  }
}
