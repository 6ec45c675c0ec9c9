/**
 * What makes a text bold or coloured in an IRC client.
 *
 * @module
 */
import { visibleText } from "./visible_text.ts";

// deno-lint-ignore no-control-regex -- IRC's formatting is made of control characters
const FORMATTING = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\x02\x0f\x11\x16\x1d-\x1f]/g;

/**
 * A text without the codes that make it bold or coloured in an IRC client.
 *
 * @example
 * ```ts
 * import { visibleIrcText, withoutFormatting } from "@troupe/actors/protocols/irc";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(withoutFormatting("\x02bold\x02"), "bold");
 * assertEquals(visibleIrcText("\x02bold"), "\x02bold");
 * assertEquals(visibleIrcText("\x1b[2J"), "␛[2J");
 * ```
 */
export function withoutFormatting(text: string): string {
  return text.replace(FORMATTING, "");
}

// deno-lint-ignore no-control-regex -- the codes of IRC's formatting, and CTCP's mark
const OWN_CODES = /[\x01-\x04\x0f\x11\x16\x1d-\x1f]/;
// deno-lint-ignore no-control-regex -- all but these
const BETWEEN_OWN_CODES = /[^\x01-\x04\x0f\x11\x16\x1d-\x1f]+/g;

/** A text with what makes it bold or coloured, and with all else that a terminal would obey made visible. */
export function visibleIrcText(text: string): string {
  return OWN_CODES.test(text) ? text.replace(BETWEEN_OWN_CODES, visibleText) : visibleText(text);
}
