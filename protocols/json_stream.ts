/**
 * JSON values one after the other on a stream of bytes.
 *
 * @module
 */
import { MarkStripper } from "./_byte_order_mark.ts";
import { GrowingBytes } from "./_growing_bytes.ts";
import type { FrameDecoder } from "./frames.ts";

/** One value of the stream, or what stood in the place of one. */
export type JsonFrame =
  | { readonly type: "value"; readonly value: unknown }
  /** It was no JSON, or too long. The message is for the peer; the stream goes on. */
  | { readonly type: "bad"; readonly message: string };

/** Options of {@linkcode jsonFrames}. */
export interface JsonFramesOptions {
  /** The most bytes of one value. @default 65536 */
  readonly maxFrameBytes?: number;
  /** The most objects and arrays within one another, from 1 to 1000. @default 64 */
  readonly maxDepth?: number;
  /**
   * Milliseconds of silence that end a bad line of a peer that has ended no line yet; 0 is never. @default 50
   */
  readonly idleFlushMs?: number;
}

/**
 * Objects and arrays of JSON (RFC 8259) back to back, with or without white space between them: the end of
 * the value is the end of the frame. A byte order mark at the start of the stream is dropped.
 *
 * A bad byte makes one bad frame, and what follows is skipped up to the next line end, where no JSON string
 * can be under way. (Of a peer that has never ended a line, silence ends the skipping too: it would wait for
 * its answers for ever.) A value over the limit makes one bad frame as soon as it is over it, is not kept,
 * and is followed to its end all the same, so that the next value is found even without a line end.
 *
 * Each byte is looked at once, however the stream is split, and no more than the limit is kept.
 * Throws `RangeError` on a limit out of its range.
 *
 * @example
 * ```ts
 * import { type JsonFrame, jsonFrames } from "@troupe/actors/protocols/json-stream";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = jsonFrames();
 * const frames: JsonFrame[] = [];
 * decoder.push(new TextEncoder().encode('{"a":1}{"b":'), frames);
 * decoder.push(new TextEncoder().encode("[2]}"), frames);
 * assertEquals(frames, [{ type: "value", value: { a: 1 } }, { type: "value", value: { b: [2] } }]);
 * ```
 */
export function jsonFrames(options: JsonFramesOptions = {}): FrameDecoder<JsonFrame> {
  const { maxFrameBytes = 65536, maxDepth = 64, idleFlushMs = 50 } = options;
  if (!Number.isInteger(maxFrameBytes) || maxFrameBytes < 2) {
    throw new RangeError(`Cannot limit a value to ${maxFrameBytes} bytes: it takes a whole number from 2`);
  }
  if (!Number.isInteger(maxDepth) || maxDepth < 1 || maxDepth > 1000) {
    throw new RangeError(`Cannot limit the depth to ${maxDepth}: it takes a whole number from 1 to 1000`);
  }
  if (!(idleFlushMs >= 0)) {
    throw new RangeError(`Cannot wait ${idleFlushMs} ms for silence: it takes 0 or more`);
  }
  return new JsonDecoder(maxFrameBytes, maxDepth, idleFlushMs);
}

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What may come next. */
type State =
  /** A new value, or white space. */
  | "between"
  /** Nothing counts before the next line end. */
  | "skip"
  | "value"
  | "value-or-end"
  | "key"
  | "key-or-end"
  | "colon"
  | "comma-or-end"
  | "string"
  | "escape"
  | "hex"
  | "literal"
  // The places of RFC 8259's number: after its sign, its leading zero, a digit, its point, a digit of the
  // fraction, `e`, the sign of the exponent, a digit of the exponent.
  | "minus"
  | "zero"
  | "integer"
  | "point"
  | "fraction"
  | "e"
  | "e-sign"
  | "exponent";

const LITERALS: ReadonlyMap<number, string> = new Map([[0x74, "true"], [0x66, "false"], [0x6e, "null"]]);
/** Stateless as it is used here: never asked to stream. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class JsonDecoder implements FrameDecoder<JsonFrame> {
  readonly #maxBytes: number;
  readonly #idleFlushMs: number;
  readonly #start = new MarkStripper();
  /** For each open object or array, the byte that closes it. */
  readonly #closers: Uint8Array;
  #depth = 0;
  #state: State = "between";
  /** The string under way is a key. */
  #inKey = false;
  #hexDigitsLeft = 0;
  #literal = "";
  #literalDone = 0;
  /** The first bytes of the value under way, from chunks before this one. */
  readonly #carry = new GrowingBytes();
  /** Bytes of the value under way in chunks before this one, kept or not. */
  #lengthBefore = 0;
  /** The value under way is over the limit, which was said; it is followed and not kept. */
  #tooLong = false;
  #sawLineEnd = false;

  constructor(maxBytes: number, maxDepth: number, idleFlushMs: number) {
    this.#maxBytes = maxBytes;
    this.#idleFlushMs = idleFlushMs;
    this.#closers = new Uint8Array(maxDepth);
  }

  get idleFlushMs(): number {
    return this.#state === "skip" && !this.#sawLineEnd ? this.#idleFlushMs : 0;
  }

  idle(): void {
    if (this.idleFlushMs > 0) this.#state = "between";
  }

  end(frames: JsonFrame[]): void {
    if (!this.#start.isDone) this.#pushBytes(this.#start.rest(), frames);
    const unfinished = this.#depth > 0 && !this.#tooLong;
    this.#reset();
    if (unfinished) frames.push({ type: "bad", message: "Not JSON: it ends in the middle" });
  }

  push(chunk: Uint8Array, frames: JsonFrame[]): void {
    this.#pushBytes(this.#start.isDone ? chunk : this.#start.strip(chunk), frames);
  }

  #pushBytes(chunk: Uint8Array, frames: JsonFrame[]): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#state === "skip") {
        at = chunk.indexOf(LF, at);
        if (at < 0) return;
        this.#sawLineEnd = true;
        this.#state = "between";
        continue;
      }
      if (this.#state === "string") {
        at = endOfPlainText(chunk, at);
        if (at === chunk.length) break;
      }
      const byte = chunk[at] ?? 0;
      if (this.#state === "between") {
        if (isSpace(byte)) {
          if (byte === LF) this.#sawLineEnd = true;
          continue;
        }
        start = at;
      }
      if (!this.#take(byte)) {
        this.#refuse(byte, at - start, frames);
        // The byte may be the line end itself, in the middle of a string.
        at--;
      } else if (this.#depth === 0) {
        this.#finish(chunk.subarray(start, at + 1), frames);
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start), frames);
  }

  /** Takes one byte of a value; false when it is no JSON. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case "between":
        return (byte === OPEN_OBJECT || byte === OPEN_ARRAY) && this.#takeValue(byte);
      case "value":
        return isSpace(byte) || this.#takeValue(byte);
      case "value-or-end":
        return isSpace(byte) || (byte === CLOSE_ARRAY ? this.#close(byte) : this.#takeValue(byte));
      case "key":
        return isSpace(byte) || this.#takeKey(byte);
      case "key-or-end":
        return isSpace(byte) || (byte === CLOSE_OBJECT ? this.#close(byte) : this.#takeKey(byte));
      case "colon":
        if (isSpace(byte)) return true;
        this.#state = "value";
        return byte === COLON;
      case "comma-or-end":
        return this.#takeAfterValue(byte);
      case "string":
        if (byte === QUOTE) this.#state = this.#inKey ? "colon" : "comma-or-end";
        else if (byte === BACKSLASH) this.#state = "escape";
        else return false;
        return true;
      case "escape":
        this.#state = byte === 0x75 ? "hex" : "string";
        this.#hexDigitsLeft = 4;
        return '"\\/bfnrtu'.includes(String.fromCharCode(byte));
      case "hex":
        if (--this.#hexDigitsLeft === 0) this.#state = "string";
        return isDigit(byte) || (byte >= 0x61 && byte <= 0x66) || (byte >= 0x41 && byte <= 0x46);
      case "literal":
        if (byte !== this.#literal.charCodeAt(this.#literalDone++)) return false;
        if (this.#literalDone === this.#literal.length) this.#state = "comma-or-end";
        return true;
      case "minus":
        this.#state = byte === ZERO ? "zero" : "integer";
        return isDigit(byte);
      case "zero":
        return this.#takeFractionOrExponent(byte);
      case "integer":
        return isDigit(byte) || this.#takeFractionOrExponent(byte);
      case "point":
        this.#state = "fraction";
        return isDigit(byte);
      case "fraction":
        return isDigit(byte) || this.#takeExponent(byte);
      case "e":
        this.#state = byte === PLUS || byte === MINUS ? "e-sign" : "exponent";
        return byte === PLUS || byte === MINUS || isDigit(byte);
      case "e-sign":
        this.#state = "exponent";
        return isDigit(byte);
      case "exponent":
        return isDigit(byte) || this.#takeAfterValue(byte);
      case "skip":
        return false;
    }
  }

  #takeValue(byte: number): boolean {
    if (byte === QUOTE) {
      this.#inKey = false;
      this.#state = "string";
      return true;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (this.#depth === this.#closers.length) return false;
      this.#closers[this.#depth++] = byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY;
      this.#state = byte === OPEN_OBJECT ? "key-or-end" : "value-or-end";
      return true;
    }
    const literal = LITERALS.get(byte);
    if (literal !== undefined) {
      this.#literal = literal;
      this.#literalDone = 1;
      this.#state = "literal";
      return true;
    }
    this.#state = byte === MINUS ? "minus" : byte === ZERO ? "zero" : "integer";
    return byte === MINUS || isDigit(byte);
  }

  #takeKey(byte: number): boolean {
    this.#inKey = true;
    this.#state = "string";
    return byte === QUOTE;
  }

  #takeFractionOrExponent(byte: number): boolean {
    if (byte !== DOT) return this.#takeExponent(byte);
    this.#state = "point";
    return true;
  }

  #takeExponent(byte: number): boolean {
    if (byte !== 0x65 && byte !== 0x45) return this.#takeAfterValue(byte);
    this.#state = "e";
    return true;
  }

  #takeAfterValue(byte: number): boolean {
    this.#state = "comma-or-end";
    if (isSpace(byte)) return true;
    if (byte !== COMMA) return this.#close(byte);
    this.#state = this.#closers[this.#depth - 1] === CLOSE_OBJECT ? "key" : "value";
    return true;
  }

  #close(byte: number): boolean {
    if (byte !== this.#closers[this.#depth - 1]) return false;
    this.#depth--;
    this.#state = this.#depth === 0 ? "between" : "comma-or-end";
    return true;
  }

  /** A value is complete; its end is `last`. */
  #finish(last: Uint8Array, frames: JsonFrame[]): void {
    const length = this.#lengthBefore + last.length;
    if (!this.#tooLong) {
      if (length > this.#maxBytes) frames.push(this.#tooLongFrame());
      else if (this.#lengthBefore === 0) frames.push(parse(last));
      else {
        this.#carry.append(last);
        frames.push(parse(this.#carry.view));
      }
    }
    this.#reset();
  }

  /** A byte is no JSON, `offset` bytes into this chunk's part of the value. */
  #refuse(byte: number, offset: number, frames: JsonFrame[]): void {
    if (!this.#tooLong) {
      const position = this.#lengthBefore + offset;
      if (position >= this.#maxBytes) frames.push(this.#tooLongFrame());
      else {
        const tooDeep = (byte === OPEN_OBJECT || byte === OPEN_ARRAY) && this.#depth === this.#closers.length;
        const what = tooDeep ? `more than ${this.#depth} levels deep` : `unexpected ${nameOf(byte)}`;
        frames.push({ type: "bad", message: `Not JSON: ${what} at byte ${position}` });
      }
    }
    this.#reset();
    this.#state = "skip";
  }

  /** The chunk ends in the middle of a value. */
  #keep(part: Uint8Array, frames: JsonFrame[]): void {
    const length = this.#lengthBefore + part.length;
    if (!this.#tooLong) {
      if (length <= this.#maxBytes) this.#carry.append(part);
      else {
        frames.push(this.#tooLongFrame());
        this.#tooLong = true;
        this.#carry.clear();
      }
    }
    this.#lengthBefore = length;
  }

  #tooLongFrame(): JsonFrame {
    return { type: "bad", message: `Too long: more than ${this.#maxBytes} bytes` };
  }

  #reset(): void {
    this.#depth = 0;
    this.#state = "between";
    this.#lengthBefore = 0;
    this.#tooLong = false;
    this.#carry.clear();
  }
}

/** Where, from `at` on, a string's text is interrupted: by a quote, a backslash or a control character. */
function endOfPlainText(chunk: Uint8Array, at: number): number {
  while (at < chunk.length) {
    const byte = chunk[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
    at++;
  }
  return at;
}

/** Structure is known to be right: what can still be wrong is the text in it. */
function parse(bytes: Uint8Array): JsonFrame {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { type: "bad", message: "Not JSON: it is not UTF-8" };
  }
  const value: unknown = JSON.parse(text);
  return { type: "value", value };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function nameOf(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `"${String.fromCharCode(byte)}"`
    : `byte 0x${byte.toString(16).padStart(2, "0")}`;
}
