/**
 * Names that people can tell apart.
 *
 * @module
 */
import { CONFUSABLES } from "./_confusables.ts";
import { visibleText } from "./visible_text.ts";

/** The most characters (code points) of a name. */
export const MAX_NAME_CHARACTERS = 32;

/**
 * The longest text, in UTF-16 units, that is looked at for a name: spaces and combining marks may make it
 * longer than the name.
 */
const MAX_TYPED_LENGTH = 8 * MAX_NAME_CHARACTERS;

/** A name that is allowed. */
export interface ChatName {
  /** As people see it, NFC. */
  readonly text: string;
  /** Two names that share a key look the same, or differ only in case. One to three. */
  readonly keys: readonly string[];
}

/** Why a name is not allowed, in words for the one who chose it. */
export interface BadChatName {
  /** Why the name is refused, as its client is told. */
  readonly problem: string;
}

const ALLOWED = /^[\p{L}\p{M}\p{Nd}_.-]+$/u;
/** Letters and marks that have no ink: they would make two names that look the same. */
const WITHOUT_INK = /\p{Default_Ignorable_Code_Point}/u;

/**
 * Reads a name: 1 to 32 letters, digits, `_`, `-` and `.`, of any script. Spaces around it are dropped.
 *
 * Two names are the same when they share a key: names that differ only in case, in compatibility form (NFKC)
 * or in letters that look alike (the skeleton of UTS 39, section 4).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseChatName } from "./chat_names.ts";
 *
 * const latin = parseChatName("Paul");
 * const cyrillic = parseChatName("раul");
 * if (!("keys" in latin) || !("keys" in cyrillic)) throw new Error("a name was refused");
 * assertEquals(latin.keys.some((key) => cyrillic.keys.includes(key)), true);
 * assertEquals(parseChatName(""), { problem: "a name has 1 to 32 characters" });
 * ```
 */
export function parseChatName(typed: string): ChatName | BadChatName {
  const tooLong = { problem: `a name has 1 to ${MAX_NAME_CHARACTERS} characters` };
  // What is much too long is not looked at: dropping the spaces in it would take the square of their number.
  if (typed.length > MAX_TYPED_LENGTH) return tooLong;
  const text = typed.replace(/^ +| +$/g, "").normalize("NFC");
  const characters = [...text].length;
  if (characters < 1 || characters > MAX_NAME_CHARACTERS) return tooLong;
  if (!ALLOWED.test(text) || WITHOUT_INK.test(text)) {
    return { problem: `"${visibleText(text)}" has more than letters, digits, _, - and .` };
  }
  if (/^\p{M}/u.test(text)) return { problem: "a name does not begin with a combining mark" };
  // The first key is the same for all names that differ in case.
  // Names look alike as they are typed (`Ivan`, `lvan`), in lower case (`paul`, `раul`) or in capitals
  // (`ckype`, `скуре`).
  const compatible = text.normalize("NFKC");
  const keys = [...new Set([compatible.toUpperCase(), fold(text), compatible].map(skeleton).map(fold))];
  // `Error: slow down` is for the server alone to say.
  if (keys.includes("error")) return { problem: `"${text}" is the server's` };
  return { text, keys };
}

/** Case folding of the NFKC form. By way of upper case, so that `ß` and `ss`, `ς` and `σ` meet. */
function fold(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

let looks: Map<string, string> | undefined;

function skeleton(text: string): string {
  looks ??= parseConfusables();
  let result = "";
  for (const character of text.normalize("NFD")) result += looks.get(character) ?? character;
  return result.normalize("NFD");
}

function parseConfusables(): Map<string, string> {
  const map = new Map<string, string>();
  for (const [, target = "", sources = ""] of CONFUSABLES.matchAll(/([0-9a-f.]+)=([0-9a-f.]+)/g)) {
    const look = characters(target).join("");
    for (const source of characters(sources)) map.set(source, look);
  }
  return map;
}

function characters(codePoints: string): string[] {
  return codePoints.split(".").map((hex) => String.fromCodePoint(parseInt(hex, 16)));
}

/**
 * Whether two names are the same, or look it.
 *
 * @example
 * ```ts
 * import { parseChatName, sharesKey } from "@troupe/actors/protocols/chat-names";
 * import { assert } from "@std/assert";
 *
 * const [one, other] = [parseChatName("ann"), parseChatName("ANN")];
 * assert("keys" in one && "keys" in other && sharesKey(one, other));
 * ```
 */
export function sharesKey(one: ChatName, other: ChatName): boolean {
  return one.keys.some((key) => other.keys.includes(key));
}
