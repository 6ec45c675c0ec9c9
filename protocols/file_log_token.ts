/**
 * The token that a leader writes its log with: which of two leaders, who may know nothing of each other, came
 * later.
 *
 * @module
 */
import { isNodeId, MAX_TERM } from "./election_messages.ts";

/** Who wrote, and in which term. */
export interface LogToken {
  /** The term that it led. */
  readonly term: number;
  /** Its node ID; 0 when it is not known. */
  readonly leader: number;
}

/** The token of a log that nobody has written yet. */
export const NO_LOG_TOKEN: LogToken = { term: 0, leader: 0 };

/**
 * Whether who holds `token` may replace what was written with `stored`: in a higher term, or in the same one
 * by the same leader.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { supersedes } from "@troupe/actors/protocols/file-log-token";
 *
 * assert(supersedes({ term: 5, leader: 2 }, { term: 4, leader: 1 }));
 * assert(!supersedes({ term: 4, leader: 3 }, { term: 4, leader: 1 }));
 * ```
 */
export function supersedes(token: LogToken, stored: LogToken): boolean {
  return token.term > stored.term || (token.term === stored.term && token.leader === stored.leader);
}

/**
 * The token as a line: `5 2`.
 *
 * @example
 * ```ts
 * import { decodeLogToken, encodeLogToken } from "@troupe/actors/protocols/file-log-token";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeLogToken({ term: 5, leader: 2 }), "5 2\n");
 * assertEquals(decodeLogToken("5 2\n"), { term: 5, leader: 2 });
 * assertEquals(decodeLogToken("five"), null);
 * ```
 */
export function encodeLogToken({ term, leader }: LogToken): string {
  return `${term} ${leader}\n`;
}

/** Reads a token; also a term alone, whose leader is then not known. Null when it is none. */
export function decodeLogToken(text: string): LogToken | null {
  const [, term, leader = "0"] = /^(\d{1,16})(?: (\d{1,10}))?\s*$/.exec(text) ?? [];
  const token = { term: Number(term ?? NaN), leader: Number(leader) };
  return token.term <= MAX_TERM && (token.leader === 0 || isNodeId(token.leader)) ? token : null;
}
