/**
 * The messages of Internet Relay Chat, pure: RFC 1459 and 2812, with the message tags of IRCv3.
 *
 * A message is a line: `@tags :source COMMAND middle … :trailing`, ended by CR LF (a lone LF is taken too).
 * Its text is UTF-8, its body 512 bytes at most with the line end, its tags 4,096 bytes of a client's and
 * 8,191 in all.
 *
 * @module
 */
import { MarkStripper } from "./_byte_order_mark.ts";
import type { FrameDecoder } from "./frames.ts";

export { visibleIrcText, withoutFormatting } from "./_irc_formatting.ts";

/** One message, taken apart. */
export interface IrcMessage {
  /** Tags by key, values unescaped; a key without a value has `""`. */
  readonly tags: ReadonlyMap<string, string>;
  /** Who said it, `nick!user@host` or a server's name; `undefined` where it is not said. */
  readonly source?: string;
  /** In capitals: `PRIVMSG`, `001`. */
  readonly command: string;
  /** Parameters, the trailing one last and like any other. */
  readonly params: readonly string[];
}

/** The most bytes of a message without its tags, with its CR LF. */
export const MAX_BODY_BYTES = 512;
/** The most bytes of the tags that a client may send, from `@` to the space after them. */
export const MAX_CLIENT_TAGS_BYTES = 4096;
/** The most parameters of a message. */
const MAX_PARAMS = 15;

const NO_TAGS: ReadonlyMap<string, string> = new Map();
const encoder = new TextEncoder();

/**
 * Takes a line without its end apart; `null` where it has no command that is one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseIrcMessage } from "@troupe/actors/protocols/irc";
 *
 * const message = parseIrcMessage("@label=1 PRIVMSG #lobby :hello there");
 * assertEquals(message?.params, ["#lobby", "hello there"]);
 * assertEquals(message?.tags.get("label"), "1");
 * assertEquals(parseIrcMessage(":only.a.source"), null);
 * ```
 */
export function parseIrcMessage(line: string): IrcMessage | null {
  let rest = line;
  let tags = NO_TAGS;
  let source: string | undefined;
  if (rest.startsWith("@")) {
    const [word, after] = cutWord(rest);
    tags = parseTags(word.slice(1));
    rest = after;
  }
  if (rest.startsWith(":")) {
    const [word, after] = cutWord(rest);
    source = word.slice(1);
    rest = after;
  }
  const [command, after] = cutWord(skipSpaces(rest));
  if (command === "" || command.startsWith(":")) return null;
  return {
    tags,
    ...(source === undefined ? {} : { source }),
    command: command.toUpperCase(),
    params: parseParams(after),
  };
}

function parseParams(text: string): string[] {
  const params: string[] = [];
  let rest = skipSpaces(text);
  while (rest !== "") {
    if (rest.startsWith(":")) {
      params.push(rest.slice(1));
      break;
    }
    if (params.length === MAX_PARAMS - 1) {
      params.push(rest);
      break;
    }
    const [word, after] = cutWord(rest);
    params.push(word);
    rest = after;
  }
  return params;
}

function skipSpaces(text: string): string {
  let start = 0;
  while (text[start] === " ") start++;
  return start === 0 ? text : text.slice(start);
}

/** The text to the next space, and what follows the spaces. */
function cutWord(text: string): [string, string] {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), skipSpaces(text.slice(space))];
}

function parseTags(text: string): Map<string, string> {
  const tags = new Map<string, string>();
  for (const tag of text.split(";")) {
    if (tag === "") continue;
    const equals = tag.indexOf("=");
    if (equals < 0) tags.set(tag, "");
    else tags.set(tag.slice(0, equals), unescapeTagValue(tag.slice(equals + 1)));
  }
  return tags;
}

const ESCAPED: Readonly<Record<string, string>> = { ":": ";", s: " ", "\\": "\\", r: "\r", n: "\n" };
const ESCAPES: Readonly<Record<string, string>> = {
  ";": "\\:",
  " ": "\\s",
  "\\": "\\\\",
  "\r": "\\r",
  "\n": "\\n",
};

/**
 * A tag's value as it was meant: `\s` is a space, `\:` a semicolon; a lone backslash at the end is dropped.
 */
export function unescapeTagValue(value: string): string {
  return value.replace(/\\(.?)/gs, (_, character: string) => ESCAPED[character] ?? character);
}

/** A tag's value as it is sent. */
export function escapeTagValue(value: string): string {
  return value.replace(/[; \\\r\n]/g, (character) => ESCAPES[character] ?? character);
}

/**
 * Tags as they are sent, with `@` and the space after them; `""` where there are none.
 *
 * @example
 * ```ts
 * import { escapeTagValue, formatTags, unescapeTagValue } from "@troupe/actors/protocols/irc";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatTags([["label", "1"], ["draft/x", "a b"]]), "@label=1;draft/x=a\\sb ");
 * assertEquals(unescapeTagValue(escapeTagValue("a b;c")), "a b;c");
 * ```
 */
export function formatTags(tags: Iterable<readonly [string, string]>): string {
  const parts: string[] = [];
  for (const [key, value] of tags) parts.push(value === "" ? key : `${key}=${escapeTagValue(value)}`);
  return parts.length === 0 ? "" : `@${parts.join(";")} `;
}

/**
 * The body of a message, without tags and line end, no longer than its limit: the last parameter is cut at a
 * character. The last parameter is sent as a trailing one where it must be.
 *
 * Throws `TypeError` on a parameter but the last that is empty, has a space or begins with a colon, and on
 * any that has a line end: they would be another message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatIrcBody, formatIrcText } from "@troupe/actors/protocols/irc";
 *
 * assertEquals(formatIrcBody("irc.example", "PONG", "a b"), ":irc.example PONG :a b");
 * assertEquals(formatIrcText("ann", "TOPIC", "#den", "quiet"), ":ann TOPIC #den :quiet");
 * ```
 */
export function formatIrcBody(source: string, command: string, ...params: readonly string[]): string {
  return format(source, command, params, ALWAYS_TRAILING.has(command));
}

/** The same where the last parameter is a text: a trailing one also if it is one word, for old clients. */
export function formatIrcText(source: string, command: string, ...params: readonly string[]): string {
  return format(source, command, params, true);
}

function format(source: string, command: string, params: readonly string[], isText: boolean): string {
  let body = source === "" ? command : `:${source} ${command}`;
  for (const [index, param] of params.entries()) {
    if (/[\r\n\0]/.test(param)) throw new TypeError("Cannot send a line end inside a parameter");
    const isLast = index === params.length - 1;
    const isPlain = param !== "" && !param.startsWith(":") && !param.includes(" ");
    if (!isPlain && !isLast) {
      throw new TypeError(`Cannot send ${JSON.stringify(param)} before another parameter`);
    }
    body += isPlain && !(isLast && isText) ? ` ${param}` : ` :${param}`;
  }
  return truncateBytes(body, MAX_BODY_BYTES - 2);
}

/** Whose last parameter is a text, always sent with a colon, as old clients expect it. */
const ALWAYS_TRAILING: ReadonlySet<string> = new Set(["PRIVMSG", "NOTICE", "QUIT", "PART", "KICK"]);

/** The longest beginning of a text, at a character, that has no more than so many bytes in UTF-8. */
export function truncateBytes(text: string, maxBytes: number): string {
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 <= maxBytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** A name as it is compared: `CASEMAPPING=ascii`. */
export function ircLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * Whether a mask with `*` (anything) and `?` (one character) matches, in time that grows with the product of
 * the lengths at most. Letters are compared without case.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { matchesMask } from "@troupe/actors/protocols/irc";
 *
 * assert(matchesMask("*!*@10.0.*", "ann!line@10.0.0.7"));
 * assert(!matchesMask("b?b!*@*", "bb!line@host"));
 * ```
 */
export function matchesMask(mask: string, text: string): boolean {
  const pattern = [...ircLower(mask)];
  const given = [...ircLower(text)];
  let [at, place, star, starPlace] = [0, 0, -1, 0];
  while (place < given.length) {
    const wanted = pattern[at];
    if (wanted === "*") {
      [star, starPlace] = [at++, place];
    } else if (wanted !== undefined && (wanted === "?" || wanted === given[place])) {
      at++;
      place++;
    } else if (star >= 0) {
      [at, place] = [star + 1, ++starPlace];
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/**
 * A ban's mask in full: `bob` is `bob!*@*`, `*@host` is `*!*@host`.
 *
 * @example
 * ```ts
 * import { completeMask, ircLower, truncateBytes } from "@troupe/actors/protocols/irc";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["bob", "*@10.0.*", "b!u@h"].map(completeMask), ["bob!*@*", "*!*@10.0.*", "b!u@h"]);
 * assertEquals([ircLower("#GRÖSSER"), truncateBytes("größer", 3)], ["#grÖsser", "gr"]);
 * ```
 */
export function completeMask(mask: string): string {
  const [, nick = "", user = "", host = ""] = /^([^!@]*)(?:!([^@]*))?(?:@(.*))?$/s.exec(mask) ?? [];
  const hasUserAlone = !mask.includes("!") && mask.includes("@");
  return hasUserAlone ? `*!${nick || "*"}@${host || "*"}` : `${nick || "*"}!${user || "*"}@${host || "*"}`;
}

/**
 * Cuts a text into pieces of no more than so many bytes in UTF-8, at characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitText } from "@troupe/actors/protocols/irc";
 *
 * assertEquals(splitText("größer", 4), ["grö", "ßer"]);
 * ```
 */
export function splitText(text: string, maxBytes: number): string[] {
  const pieces: string[] = [];
  for (let rest = text; rest !== "" || pieces.length === 0;) {
    // One character at least, however little room there is.
    const piece = truncateBytes(rest, Math.max(4, maxBytes));
    pieces.push(piece);
    rest = rest.slice(piece.length);
    if (piece === "") break;
  }
  return pieces;
}

/** What came, as far as it is a line. */
export type IrcFrame =
  | { readonly type: "line"; readonly line: string }
  /** A line over its limit, passed over to its end. */
  | { readonly type: "too-long" }
  /** A line that is not UTF-8. The command is what could be read of it. */
  | { readonly type: "not-utf8"; readonly command: string };

const LF = 0x0a;
const CR = 0x0d;
const AT = 0x40;
const SPACE = 0x20;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Cuts a stream into lines, as IRC servers do: one too long, or not of UTF-8, is reported and passed over,
 * and the connection goes on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type IrcFrame, ircFrames } from "@troupe/actors/protocols/irc";
 *
 * const frames: IrcFrame[] = [];
 * ircFrames().push(new TextEncoder().encode("NICK ann\r\nUSER a 0 * :Ann\n"), frames);
 * assertEquals(frames.length, 2);
 * assertEquals(frames[0], { type: "line", line: "NICK ann" });
 * ```
 */
export function ircFrames(): FrameDecoder<IrcFrame> {
  return new IrcDecoder();
}

class IrcDecoder implements FrameDecoder<IrcFrame> {
  readonly idleFlushMs = 0;
  #carry = new Uint8Array(1024);
  #length = 0;
  /** The line under way is over its limit: its bytes are dropped to its end. */
  #isTooLong = false;
  readonly #start = new MarkStripper();

  push(received: Uint8Array, frames: IrcFrame[]): void {
    const chunk = this.#start.isDone ? received : this.#start.strip(received);
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(LF, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      this.#keep(part);
      if (end < 0) return;
      this.#finish(frames);
      start = end + 1;
    }
  }

  idle(): void {}

  /** What is left without a line end was cut off: it is no message. */
  end(): void {
    this.#length = 0;
  }

  #keep(part: Uint8Array): void {
    if (this.#isTooLong) return;
    const length = this.#length + part.length;
    if (length > MAX_CLIENT_TAGS_BYTES + MAX_BODY_BYTES) {
      this.#isTooLong = true;
      return;
    }
    if (length > this.#carry.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#carry.length));
      larger.set(this.#carry.subarray(0, this.#length));
      this.#carry = larger;
    }
    this.#carry.set(part, this.#length);
    this.#length = length;
  }

  #finish(frames: IrcFrame[]): void {
    let line = this.#carry.subarray(0, this.#length);
    if (line.at(-1) === CR) line = line.subarray(0, -1);
    this.#length = 0;
    if (this.#isTooLong || isOverLimit(line)) {
      this.#isTooLong = false;
      frames.push({ type: "too-long" });
      return;
    }
    if (line.length === 0) return;
    try {
      // Neither is allowed inside a message, and nothing that is said may carry one on to others.
      frames.push({ type: "line", line: UTF8.decode(line).replace(/[\0\r]/g, "") });
    } catch {
      frames.push({ type: "not-utf8", command: commandOf(line) });
    }
  }
}

/** Tags and body have a limit each. */
function isOverLimit(line: Uint8Array): boolean {
  const tagsEnd = line[0] === AT ? line.indexOf(SPACE) + 1 : 0;
  return tagsEnd > MAX_CLIENT_TAGS_BYTES || line.length - tagsEnd > MAX_BODY_BYTES - 2;
}

function commandOf(line: Uint8Array): string {
  let latin = "";
  for (const byte of line) latin += String.fromCharCode(byte);
  return parseIrcMessage(latin.replace(/[\0\r]/g, ""))?.command ?? "*";
}
