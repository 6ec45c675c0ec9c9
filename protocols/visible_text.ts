/**
 * Text from strangers, made safe to print.
 *
 * @module
 */

/** Controls, line separators, and the marks that change the direction of a line: what a terminal or a log would obey. */
// deno-lint-ignore no-control-regex
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * The same text with every character that a terminal or a log would obey, rather than show, replaced by one that is seen:
 * `␛` for escape, `␡` for delete, `<U+009B>` for those that have no picture.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { visibleText } from "./visible_text.ts";
 *
 * assertEquals(visibleText("red \u001b[31m"), "red ␛[31m");
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, picture);
}

/**
 * A text of any number of lines made visible as {@linkcode visibleText} does it, but for its line ends and tabs, which stay.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { visibleLines } from "./visible_text.ts";
 *
 * assertEquals(visibleLines("Name:\tAda\nCity:\t\u001b[31m"), "Name:\tAda\nCity:\t␛[31m");
 * ```
 */
export function visibleLines(text: string): string {
  return text.replace(
    INVISIBLE,
    (character) => character === "\n" || character === "\t" ? character : picture(character),
  );
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** Options of {@linkcode excerpt}. */
export interface ExcerptOptions {
  /** The most UTF-16 units of the text that are kept. @default 120 */
  readonly maxLength?: number;
  /** How large the whole is, in words, where the text is no more than its beginning. @default the number of its characters */
  readonly size?: string;
}

/**
 * The beginning of a text, visible, for one line of a log; what is cut off is counted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { excerpt } from "./visible_text.ts";
 *
 * assertEquals(excerpt("x".repeat(1000), { maxLength: 3 }), "xxx… (1000 characters)");
 * ```
 */
export function excerpt(text: string, options: ExcerptOptions = {}): string {
  const { maxLength = 120, size } = options;
  if (text.length <= maxLength && size === undefined) return visibleText(text);
  const beginning = visibleText(text.slice(0, maxLength).toWellFormed());
  return `${beginning}… (${size ?? `${text.length} characters`})`;
}
