/**
 * Tokens in requests.
 *
 * @module
 */
import type { HttpRequest } from "../../protocols/http.ts";

/**
 * `Authorization: Bearer T`, or `?token=T`, as a page can say it of its WebSocket; undefined where there is
 * none.
 *
 * @example
 * ```ts
 * import { tokenOf } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tokenOf({ query: "token=t", headers: new Map() }), "t");
 * assertEquals(tokenOf({ query: "", headers: new Map([["authorization", "Bearer T"]]) }), "T");
 * ```
 */
export function tokenOf({ query, headers }: Pick<HttpRequest, "query" | "headers">): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ??
    new URLSearchParams(query).get("token") ?? undefined;
}

/**
 * Whether a token is the one that is asked for, in a time that does not tell how much of it is right.
 *
 * @example
 * ```ts
 * import { isSameToken } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isSameToken("open", "open"), true);
 * assertEquals(isSameToken(undefined, "open"), false);
 * ```
 */
export function isSameToken(given: string | undefined, token: string | undefined): boolean {
  if (given === undefined || token === undefined) return false;
  let difference = given.length ^ token.length;
  for (let i = 0; i < token.length; i++) {
    difference |= token.charCodeAt(i) ^ given.charCodeAt(i % Math.max(given.length, 1));
  }
  return difference === 0;
}
