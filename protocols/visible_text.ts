/**
 * Text from strangers, made safe to print.
 *
 * @module
 */

/**
 * What a terminal or a log would obey, or nobody would see: controls (C0, C1, DEL), line and paragraph
 * separators,
 * characters that change the direction of a line, and everything that Unicode calls ignorable by default:
 * invisible
 * format characters, fillers, variation selectors, tags.
 */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

/** A text without anything to look for, which is most. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Before a joiner or a variation selector of an emoji: another part of it. */
const EMOJI_BEFORE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{1f1e6}-\u{1f1ff}0-9#*]\ufe0f?$/u;
const EMOJI_AFTER = /^[\p{Extended_Pictographic}\u2640\u2642]/u;

/** Scripts that are written with joiners and non-joiners: the next and the last letter are of them. */
const JOINED_SCRIPTS = [
  ...["Arabic", "Syriac", "Mongolian", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil"],
  ...["Telugu", "Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar"],
];
const JOINED = new RegExp(`[${JOINED_SCRIPTS.map((script) => `\\p{Script=${script}}`).join("")}]`, "u");

const NON_JOINER = "\u200c";
const JOINER = "\u200d";

/** Whether a character that is not seen by itself is part of how the characters beside it are written. */
function isWriting(character: string, at: number, text: string): boolean {
  if (character === "\ufe0e" || character === "\ufe0f") {
    return EMOJI_BEFORE.test(text.slice(Math.max(0, at - 2), at));
  }
  if (character !== JOINER && character !== NON_JOINER) return false;
  // A character of two units and a variation selector, at most.
  const before = text.slice(Math.max(0, at - 3), at);
  const after = text.slice(at + 1, at + 3);
  if (character === JOINER && EMOJI_BEFORE.test(before) && EMOJI_AFTER.test(after)) return true;
  return JOINED.test(text.charAt(at - 1)) && JOINED.test(text.charAt(at + 1));
}

/**
 * The same text with every character that a terminal or a log would obey, rather than show, or that nobody
 * would see,
 * replaced by one that is seen: `␛` for escape, `␡` for delete, `<U+009B>` for those that have no picture.
 * Joiners and
 * selectors stay where emoji and the scripts that need them are written with them. This is the one rule for
 * logs (text and
 * JSON), for what clients print, and for what services pass on.
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
  return PLAIN.test(text) ? text : text.replace(HIDDEN, shown);
}

/**
 * A text of any number of lines made visible as {@linkcode visibleText} does it, but for its line ends and
 * tabs, which stay.
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
    HIDDEN,
    (character, at, whole) =>
      character === "\n" || character === "\t" ? character : shown(character, at, whole),
  );
}

function shown(character: string, at: number, text: string): string {
  return isWriting(character, at, text) ? character : picture(character);
}

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** Options of {@linkcode excerpt}. */
export interface ExcerptOptions {
  /** The most UTF-16 units of the text that are kept. @default 120 */
  readonly maxLength?: number;
  /**
   * How large the whole is, in words, where the text is no more than its beginning. @default the number of
   * its characters
   */
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
