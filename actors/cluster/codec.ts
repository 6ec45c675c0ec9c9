/**
 * Values as text: what a message, an event or a state may be made of, wherever it goes.
 *
 * It is JSON, with a form of its own for what JSON lacks: `{"$": KIND, "v": …}`. What is plain JSON stays as
 * it is, so that a journal can be read with any tool.
 *
 * @module
 */
import { isRef, type RefCodec } from "./ref_codec.ts";

/** The field that marks a form of our own. */
const MARK = "$";
const MAX_DEPTH = 100;

/** Says how references are written and read; without it, a reference is refused. */
export interface CodecOptions {
  /** References as addresses. @default they are refused */
  readonly refs?: RefCodec;
}

/**
 * The text of a value: `null`, booleans, numbers, strings, bigints, `undefined`, dates, bytes, maps, sets,
 * errors (name and message), arrays and plain objects of these; and references, where `refs` says how.
 *
 * @throws `TypeError` that names the place of what cannot be written: a function, a symbol, a promise, an
 * instance of a class, a value in itself.
 *
 * @example
 * ```ts
 * import { decodeValue, encodeValue } from "@troupe/actors/cluster";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(encodeValue({ type: "add", by: 2 }), '{"type":"add","by":2}');
 * const value = { at: new Date(0), bytes: new Uint8Array([1, 2]), big: 7n, seen: new Set(["a"]) };
 * assertEquals(decodeValue(encodeValue(value)), value);
 * assertThrows(() => encodeValue({ done: () => {} }), TypeError, "value.done");
 * ```
 */
export function encodeValue(value: unknown, options: CodecOptions = {}): string {
  return JSON.stringify(isPlain(value, 0) ? value : toJson(value, options.refs, 0, ROOT));
}

/**
 * The value of a text that {@linkcode encodeValue} wrote.
 *
 * @throws `SyntaxError` or `TypeError` when it is none.
 */
export function decodeValue(text: string, options: CodecOptions = {}): unknown {
  return decodeJson(JSON.parse(text), text, options);
}

/** The same of JSON that was parsed, out of `text`: what has a form of its own is put in its place. */
export function decodeJson(json: unknown, text: string, options: CodecOptions): unknown {
  // Nearly all values are plain JSON.
  return text.includes(MARKED) ? fromJson(json, options.refs, 0) : json;
}

/** Throws `TypeError` when a value cannot be written, references aside. */
export function checkValue(value: unknown): void {
  if (!isPlain(value, 0, isRef)) toJson(value, ANY_REF, 0, ROOT);
}

/** Throws `TypeError` when a value cannot be kept: references are no lasting names. */
export function checkKept(value: unknown): void {
  if (!isPlain(value, 0)) toJson(value, undefined, 0, ROOT);
}

/** How a marked value looks in the text. */
const MARKED = `"${MARK}"`;

const ANY_REF: RefCodec = { encode: () => "", decode: () => undefined };

/** The way to a value, built only when it is needed. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}
const ROOT: Place = { parent: undefined, key: "value" };

/**
 * Whether a value is plain JSON as it is, as nearly all are: `toJson` looks closer at the others. `isMore`
 * says which objects may be in it beside.
 */
function isPlain(value: unknown, depth: number, isMore?: (value: object) => boolean): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return isJsonNumber(value);
    case "object":
      return value === null || (depth <= MAX_DEPTH && isPlainObject(value, depth + 1, isMore));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number, isMore?: (value: object) => boolean): boolean {
  if (hasOwnForm(value)) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isPlain(value[index], depth, isMore)) return false;
    }
    return true;
  }
  if (!isRecord(value)) return isMore?.(value) ?? false;
  for (const key of Object.keys(value)) {
    const item = value[key];
    // As in JSON: a field that is undefined is no field.
    if (key === MARK || (item !== undefined && !isPlain(item, depth, isMore))) return false;
  }
  return true;
}

/** Whether JSON would write something else in its place. */
function hasOwnForm(value: object): boolean {
  return "toJSON" in value && typeof value.toJSON === "function";
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** The value itself where it is plain JSON, else a copy that is. */
function toJson(value: unknown, refs: RefCodec | undefined, depth: number, place: Place): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return isJsonNumber(value) ? value : mark("number", String(value === 0 ? "-0" : value));
    case "undefined":
      return mark("undefined");
    case "bigint":
      return mark("bigint", String(value));
    case "object":
      return value === null ? null : objectToJson(value, refs, depth, place);
    default:
      throw cannotWrite(place, `a ${typeof value}`);
  }
}

function objectToJson(value: object, refs: RefCodec | undefined, depth: number, place: Place): unknown {
  if (depth > MAX_DEPTH) throw cannotWrite(place, `deeper than ${MAX_DEPTH} levels, or within itself`);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isRecordLike = prototype === Object.prototype || prototype === null;
  if ((isRecordLike || Array.isArray(value)) && hasOwnForm(value)) {
    throw cannotWrite(place, "something with a form of its own in JSON");
  }
  if (isRecordLike) return recordToJson(value, refs, depth, place);
  if (Array.isArray(value)) return listToJson(value, refs, depth, place);
  if (isRef(value)) {
    const address = refs?.encode(value);
    if (address === undefined) throw cannotWrite(place, "a reference, which is no lasting name");
    return mark("ref", address);
  }
  const list = (items: Iterable<unknown>) => listToJson([...items], refs, depth + 1, place);
  // One that is no date has no time: JSON makes null of it.
  if (value instanceof Date) return mark("date", value.getTime());
  if (value instanceof Uint8Array) return mark("bytes", value.toBase64());
  if (value instanceof Map) return mark("map", list(value));
  if (value instanceof Set) return mark("set", list(value));
  if (value instanceof Error) return mark("error", [String(value.name), String(value.message)]);
  throw cannotWrite(place, "an instance of a class");
}

function recordToJson(value: object, refs: RefCodec | undefined, depth: number, parent: Place): unknown {
  let copy: Record<string, unknown> | undefined;
  let isMarked = false;
  for (const key of Object.keys(value)) {
    const item: unknown = Reflect.get(value, key);
    if (key === MARK && item !== undefined) isMarked = true;
    // As in JSON: a field that is undefined is no field.
    if (item === undefined || typeof item === "string" || typeof item === "boolean") continue;
    const json = toJson(item, refs, depth + 1, { parent, key });
    if (json !== item) (copy ??= { ...value })[key] = json;
  }
  if (!isMarked) return copy ?? value;
  return mark("object", Object.entries(copy ?? value).filter(([, item]) => item !== undefined));
}

function listToJson(
  value: readonly unknown[],
  refs: RefCodec | undefined,
  depth: number,
  parent: Place,
): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    const json = toJson(item, refs, depth + 1, { parent, key: index });
    if (json !== item) (copy ??= [...value])[index] = json;
  }
  return copy ?? value;
}

function mark(kind: string, v?: unknown): unknown {
  return v === undefined ? { [MARK]: kind } : { [MARK]: kind, v };
}

function cannotWrite(place: Place, why: string): TypeError {
  const keys: (string | number)[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) keys.unshift(at.key);
  return new TypeError(`Cannot write ${keys.join(".")}: it is ${why}`);
}

function fromJson(json: unknown, refs: RefCodec | undefined, depth: number): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (depth > 2 * MAX_DEPTH) throw new TypeError("Cannot read a value: it is too deep");
  if (Array.isArray(json)) return listFromJson(json, refs, depth);
  const kind: unknown = Reflect.get(json, MARK);
  if (kind !== undefined) return unmark(kind, Reflect.get(json, "v"), refs, depth + 1);
  for (const key of Object.keys(json)) {
    const item: unknown = Reflect.get(json, key);
    if (typeof item !== "object" || item === null) continue;
    const value = fromJson(item, refs, depth + 1);
    if (value !== item) setOwn(json, key, value);
  }
  return json;
}

function listFromJson(list: unknown[], refs: RefCodec | undefined, depth: number): unknown[] {
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (typeof item === "object" && item !== null) list[index] = fromJson(item, refs, depth + 1);
  }
  return list;
}

/** Sets a field of the object's own, whatever it is called: an assignment to `__proto__` sets none. */
function setOwn(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** An object of these fields, whatever they are called. */
function ownFields(fields: readonly [string, unknown][], refs: RefCodec | undefined, depth: number): object {
  return Object.fromEntries(fields.map(([key, item]) => [key, fromJson(item, refs, depth + 1)]));
}

function unmark(kind: unknown, v: unknown, refs: RefCodec | undefined, depth: number): unknown {
  if (kind === "undefined") return undefined;
  if (kind === "date" && (typeof v === "number" || v === null)) return new Date(v ?? NaN);
  if (typeof v === "string") {
    if (kind === "number") return Number(v);
    if (kind === "bigint") return BigInt(v);
    if (kind === "bytes") return Uint8Array.fromBase64(v);
    const ref = kind === "ref" ? refs?.decode(v) : undefined;
    if (ref !== undefined) return ref;
  }
  if (Array.isArray(v)) {
    if (kind === "set") return new Set(v.map((item) => fromJson(item, refs, depth)));
    if (kind === "error") return errorOf(v);
    if (v.every(isPair)) {
      if (kind === "map") {
        return new Map(v.map(([key, item]) => [fromJson(key, refs, depth), fromJson(item, refs, depth)]));
      }
      const fields = v.filter((pair): pair is [string, unknown] => typeof pair[0] === "string");
      if (kind === "object" && fields.length === v.length) return ownFields(fields, refs, depth);
    }
  }
  throw new TypeError(`Cannot read a value: ${JSON.stringify(kind)} is no form that is known`);
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function errorOf([name, message]: readonly unknown[]): Error {
  const error = new Error(String(message));
  if (name !== "Error") error.name = String(name);
  return error;
}
