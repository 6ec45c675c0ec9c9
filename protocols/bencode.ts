/**
 * Bencode, the encoding of BitTorrent (BEP 3): strict, so that a value has exactly one form.
 *
 * @module
 */
import { joinBytes } from "./_join_bytes.ts";

/** A decoded value. Byte strings are views of what was decoded; integers are safe integers. */
export type BencodeValue = number | Uint8Array | readonly BencodeValue[] | BencodeDictionary;

/**
 * A dictionary. A key is a byte string, written as text with a character from U+0000 to U+00FF for each byte.
 */
export type BencodeDictionary = ReadonlyMap<string, BencodeValue>;

/** What can be encoded: text is encoded as UTF-8, members that are `undefined` are left out. */
export type BencodeInput =
  | number
  | string
  | Uint8Array
  | readonly BencodeInput[]
  | ReadonlyMap<string, BencodeInput>
  | { readonly [key: string]: BencodeInput | undefined };

/** The bytes are not bencode in its canonical form, or beyond a limit. */
export class BencodeError extends Error {
  /** For `error.name`. */
  override readonly name = "BencodeError";
  /** Where in the bytes. */
  readonly offset: number;
  /** An error at `offset`. */
  constructor(why: string, offset: number) {
    super(`Cannot read bencode at byte ${offset}: ${why}`);
    this.offset = offset;
  }
}

/** Limits of {@linkcode decodeBencode}. */
export interface BencodeLimits {
  /** The most bytes. @default 16777216 */
  readonly maxBytes?: number;
  /** How deep lists and dictionaries may be nested. @default 32 */
  readonly maxDepth?: number;
  /** The most values, keys not counted. @default 200000 */
  readonly maxValues?: number;
}

/**
 * Reads one value that fills the bytes.
 *
 * @throws {BencodeError} on what is malformed, truncated, not canonical (unsorted or repeated keys, `i-0e`,
 * leading zeros), beyond a limit or followed by more.
 *
 * @example
 * ```ts
 * import { bencodeText, decodeBencode } from "@troupe/actors/protocols/bencode";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const value = decodeBencode(new TextEncoder().encode("d3:cow3:moo4:spami7ee"));
 * assert(value instanceof Map);
 * assertEquals(bencodeText(value.get("cow")), "moo");
 * assertEquals(value.get("spam"), 7);
 * ```
 */
export function decodeBencode(bytes: Uint8Array, limits: BencodeLimits = {}): BencodeValue {
  const { value, end } = decodeBencodePrefix(bytes, limits);
  if (end < bytes.length) throw new BencodeError("something follows the value", end);
  return value;
}

/**
 * As {@linkcode decodeBencode}, for a value that other bytes follow (BEP 9): `end` is where they begin.
 *
 * @throws {BencodeError} as {@linkcode decodeBencode} does, but for what follows.
 *
 * @example
 * ```ts
 * import { decodeBencodePrefix } from "@troupe/actors/protocols/bencode";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode("i7e, and then a piece of a file");
 * assertEquals(decodeBencodePrefix(bytes), { value: 7, end: 3 });
 * ```
 */
export function decodeBencodePrefix(
  bytes: Uint8Array,
  limits: BencodeLimits = {},
): { readonly value: BencodeValue; readonly end: number } {
  const { maxBytes = 16 * 1024 * 1024, maxDepth = 32, maxValues = 200_000 } = limits;
  if (bytes.length > maxBytes) throw new BencodeError(`it is longer than ${maxBytes} bytes`, maxBytes);
  const reader = new Reader(bytes, maxDepth, maxValues);
  return { value: reader.value(0), end: reader.at };
}

const I = 0x69;
const L = 0x6c;
const D = 0x64;
const E = 0x65;
const MINUS = 0x2d;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  #valuesLeft: number;

  constructor(bytes: Uint8Array, maxDepth: number, maxValues: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
    this.#valuesLeft = maxValues;
  }

  value(depth: number): BencodeValue {
    if (--this.#valuesLeft < 0) this.#fail("too many values");
    const first = this.#bytes[this.at];
    switch (first) {
      case I:
        this.at++;
        return this.#integer(E);
      case L:
      case D:
        if (depth >= this.#maxDepth) this.#fail(`nested deeper than ${this.#maxDepth}`);
        this.at++;
        return first === L ? this.#list(depth) : this.#dictionary(depth);
      default:
        return this.#string();
    }
  }

  #list(depth: number): BencodeValue[] {
    const list: BencodeValue[] = [];
    while (!this.#endsHere()) list.push(this.value(depth + 1));
    return list;
  }

  #dictionary(depth: number): BencodeDictionary {
    const dictionary = new Map<string, BencodeValue>();
    let last: string | undefined;
    while (!this.#endsHere()) {
      const start = this.at;
      const key = binaryText(this.#string());
      if (last !== undefined && key <= last) {
        throw new BencodeError(key === last ? "a key is repeated" : "the keys are not sorted", start);
      }
      last = key;
      dictionary.set(key, this.value(depth + 1));
    }
    return dictionary;
  }

  #endsHere(): boolean {
    if (this.at >= this.#bytes.length) this.#fail("the value is cut short");
    if (this.#bytes[this.at] !== E) return false;
    this.at++;
    return true;
  }

  #string(): Uint8Array {
    const start = this.at;
    const length = this.#integer(COLON);
    if (length < 0) throw new BencodeError("a byte string has no negative length", start);
    const end = this.at + length;
    if (end > this.#bytes.length) {
      throw new BencodeError(`a byte string of ${length} bytes is cut short`, start);
    }
    const string = this.#bytes.subarray(this.at, end);
    this.at = end;
    return string;
  }

  /** Reads decimal digits up to and with `terminator`. */
  #integer(terminator: number): number {
    const start = this.at;
    const isNegative = this.#bytes[start] === MINUS;
    if (isNegative) this.at++;
    const firstDigit = this.at;
    let value = 0;
    for (;; this.at++) {
      const digit = this.#bytes[this.at];
      if (digit === undefined) this.#fail("the value is cut short");
      if (digit === terminator && this.at > firstDigit) break;
      if (digit < ZERO || digit > NINE) this.#fail(terminator === E ? "not an integer" : "not a value");
      if (this.at > firstDigit && this.#bytes[firstDigit] === ZERO) {
        throw new BencodeError("an integer has a leading zero", start);
      }
      value = value * 10 + (digit - ZERO);
      if (value > Number.MAX_SAFE_INTEGER) throw new BencodeError("an integer is beyond 2^53 - 1", start);
    }
    if (isNegative && value === 0) throw new BencodeError("zero has no sign", start);
    this.at++;
    return isNegative ? -value : value;
  }

  #fail(why: string): never {
    throw new BencodeError(why, this.at);
  }
}

/**
 * Encodes a value; keys are sorted as BEP 3 wants them.
 *
 * @throws {RangeError} on a number that is not a safe integer or a key with a character beyond U+00FF.
 *
 * @example
 * ```ts
 * import { encodeBencode } from "@troupe/actors/protocols/bencode";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeBencode({ spam: ["a", 1], cow: "moo" });
 * assertEquals(new TextDecoder().decode(bytes), "d3:cow3:moo4:spaml1:ai1eee");
 * ```
 */
export function encodeBencode(value: BencodeInput): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  encode(value, parts);
  return joinBytes(parts);
}

function encode(value: BencodeInput, parts: Uint8Array[]): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError(`Cannot bencode ${value}: not a safe integer`);
    parts.push(UTF8.encode(`i${value}e`));
  } else if (typeof value === "string") {
    encode(UTF8.encode(value), parts);
  } else if (value instanceof Uint8Array) {
    parts.push(UTF8.encode(`${value.length}:`), value);
  } else if (isList(value)) {
    parts.push(LIST);
    for (const item of value) encode(item, parts);
    parts.push(END);
  } else {
    parts.push(DICTIONARY);
    const entries: [string, BencodeInput | undefined][] = value instanceof Map
      ? [...value]
      : Object.entries(value);
    entries.sort(([a], [b]) => a < b ? -1 : 1);
    for (const [key, member] of entries) {
      if (member === undefined) continue;
      encode(binaryBytes(key), parts);
      encode(member, parts);
    }
    parts.push(END);
  }
}

function isList(value: BencodeInput): value is readonly BencodeInput[] {
  return Array.isArray(value);
}

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LIST = UTF8.encode("l");
const DICTIONARY = UTF8.encode("d");
const END = UTF8.encode("e");

/**
 * Bytes as text with a character for each byte: the form of a {@linkcode BencodeDictionary}'s keys.
 *
 * @example
 * ```ts
 * import { binaryText } from "@troupe/actors/protocols/bencode";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(binaryText(Uint8Array.of(0x61, 0xff)), "aÿ");
 * ```
 */
export function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * The bytes of a text that has a character for each byte.
 *
 * @throws {RangeError} on a character beyond U+00FF.
 *
 * @example
 * ```ts
 * import { binaryBytes } from "@troupe/actors/protocols/bencode";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(binaryBytes("aÿ"), Uint8Array.of(0x61, 0xff));
 * ```
 */
export function binaryBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0xff) {
      throw new RangeError(`Cannot take ${JSON.stringify(text)} for bytes: U+00FF is the last`);
    }
    bytes[index] = unit;
  }
  return bytes;
}

/** The text of a byte string; undefined for what is not one, or not UTF-8. */
export function bencodeText(value: BencodeValue | undefined): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  try {
    return STRICT_UTF8.decode(value);
  } catch {
    return undefined;
  }
}

/**
 * Whether a value is a dictionary.
 *
 * @example
 * ```ts
 * import {
 *   bencodeCount,
 *   decodeBencode,
 *   isBencodeDictionary,
 *   isBencodeList,
 * } from "@troupe/actors/protocols/bencode";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const value = decodeBencode(new TextEncoder().encode("d5:peersli1ee4:porti6881ee"));
 * assert(isBencodeDictionary(value) && isBencodeList(value.get("peers")));
 * assertEquals([bencodeCount(value, "port"), bencodeCount(value, "peers")], [6881, undefined]);
 * ```
 */
export function isBencodeDictionary(value: BencodeValue | undefined): value is BencodeDictionary {
  return value instanceof Map;
}

/** Whether a value is a list. */
export function isBencodeList(value: BencodeValue | undefined): value is readonly BencodeValue[] {
  return Array.isArray(value);
}

/** The member of a dictionary when it is an integer of 0 or more. */
export function bencodeCount(dictionary: BencodeDictionary, key: string): number | undefined {
  const value = dictionary.get(key);
  return typeof value === "number" && value >= 0 ? value : undefined;
}
