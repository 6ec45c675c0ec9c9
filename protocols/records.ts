/**
 * What is said on the wire of the records store, and the text of a record.
 *
 * @module
 */

/** What a client asks for. */
export type RecordsRequest =
  /** To be told the text of the client's file. */
  | { readonly type: "read"; readonly clientId: string }
  /** To have the client's file replaced. */
  | { readonly type: "write"; readonly clientId: string; readonly text: string }
  | { readonly type: "info"; readonly clientId: string | null }
  | { readonly type: "auth"; readonly clientId: string | null; readonly token: string };

/** What `info` is answered with. */
export interface RecordsInfo {
  /** Clients connected now. */
  readonly connections: number;
  /** The most clients at once. */
  readonly max_connections: number;
  /** Records stored. */
  readonly records: number;
}

/** An answer; `clientId` is the request's, null where it had none that is one. */
export type RecordsResponse =
  | { readonly type: "success" | "error"; readonly clientId: string | null; readonly data: string }
  | { readonly type: "info"; readonly clientId: string | null; readonly data: RecordsInfo };

/** The largest limit of a record's bytes that a server can be given. */
export const MAX_DATA_LIMIT_BYTES = 64 << 20;

/**
 * The most bytes of a request or an answer with so many bytes of data: escaped, a byte of the text takes up
 * to six.
 *
 * @example
 * ```ts
 * import { maxMessageBytes } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(maxMessageBytes(100), 1624);
 * ```
 */
export function maxMessageBytes(maxDataBytes: number): number {
  return 6 * maxDataBytes + 1024;
}

/**
 * Whether a text is a client's id: 1 to 20 digits, so that no path can hide in it.
 *
 * @example
 * ```ts
 * import { isClientId } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["7", "0123", "../x", ""].map(isClientId), [true, true, false, false]);
 * ```
 */
export function isClientId(text: string): boolean {
  return /^[0-9]{1,20}$/.test(text);
}

/** A request, or why it is none. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: RecordsRequest }
  | { readonly ok: false; readonly clientId: string | null; readonly message: string };

/**
 * Reads one JSON value as a request. Names that it does not know are passed over.
 *
 * @param maxDataBytes the most bytes of `data`, in UTF-8
 *
 * @example
 * ```ts
 * import { parseRequest } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * const parsed = parseRequest({ client_ID: "../x", type: "read" }, 65536);
 * const message = "client_ID must be 1 to 20 digits, as a string.";
 * assertEquals(parsed, { ok: false, clientId: null, message });
 * ```
 */
export function parseRequest(value: unknown, maxDataBytes: number): ParsedRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, clientId: null, message: "A request must be a JSON object." };
  }
  const given = fieldOf(value, "client_ID");
  const clientId = typeof given === "string" && isClientId(given) ? given : null;
  const refuse = (message: string): ParsedRequest => ({ ok: false, clientId, message });
  const type = fieldOf(value, "type");
  if (type === undefined) return refuse("type is missing.");
  if (type !== "read" && type !== "write" && type !== "info" && type !== "auth") {
    return refuse("type must be read, write, info or auth.");
  }
  if (type === "read" || type === "write") {
    if (given === undefined) return refuse("client_ID is missing.");
    if (clientId === null) return refuse("client_ID must be 1 to 20 digits, as a string.");
  } else if (!isTextOrNothing(given)) {
    return refuse("client_ID must be a string.");
  }
  const data = fieldOf(value, "data");
  if (data === undefined && (type === "write" || type === "auth")) return refuse("data is missing.");
  if (!isTextOrNothing(data)) return refuse("data must be a string.");
  if (clientId !== null && type === "read") return { ok: true, request: { type, clientId } };
  if (type === "info") return { ok: true, request: { type, clientId } };
  // Only these two need a text.
  if (typeof data !== "string") return refuse("data must be a string.");
  if (clientId === null || type === "auth") {
    return { ok: true, request: { type: "auth", clientId, token: data } };
  }
  if (!data.isWellFormed()) return refuse("data must be well-formed text: it has half a surrogate pair.");
  if (isLonger(data, maxDataBytes)) return refuse(`data is over the limit of ${maxDataBytes} bytes.`);
  return { ok: true, request: { type: "write", clientId, text: data } };
}

/**
 * A request as the bytes of the wire have it, with `\n`.
 *
 * @example
 * ```ts
 * import { formatRequest } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatRequest({ type: "read", clientId: "7" }), '{"client_ID":"7","type":"read"}\n');
 * ```
 */
export function formatRequest(request: RecordsRequest): string {
  const { type, clientId } = request;
  const head = clientId === null ? { type } : { client_ID: clientId, type };
  if (type === "write") return JSON.stringify({ ...head, data: request.text }) + "\n";
  if (type === "auth") return JSON.stringify({ ...head, data: request.token }) + "\n";
  return JSON.stringify(head) + "\n";
}

/**
 * An answer as the bytes of the wire have it, with `\n`.
 *
 * @example
 * ```ts
 * import { formatResponse, parseResponse } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * const line = formatResponse({ type: "success", clientId: "7", data: "Name: Ada" });
 * assertEquals(line, '{"client_ID":"7","type":"success","data":"Name: Ada"}\n');
 * assertEquals(parseResponse(JSON.parse(line)), { type: "success", clientId: "7", data: "Name: Ada" });
 * assertEquals(parseResponse("success"), undefined);
 * ```
 */
export function formatResponse(response: RecordsResponse): string {
  const { clientId, type, data } = response;
  return JSON.stringify({ client_ID: clientId, type, data }) + "\n";
}

/** Reads one JSON value as an answer; undefined when it is none. */
export function parseResponse(value: unknown): RecordsResponse | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = fieldOf(value, "client_ID");
  const clientId = typeof given === "string" ? given : null;
  const type = fieldOf(value, "type");
  const data = fieldOf(value, "data");
  if ((type === "success" || type === "error") && typeof data === "string") return { type, clientId, data };
  if (type !== "info" || typeof data !== "object" || data === null) return undefined;
  const connections = fieldOf(data, "connections");
  const max_connections = fieldOf(data, "max_connections");
  const records = fieldOf(data, "records");
  if (
    typeof connections !== "number" || typeof max_connections !== "number" || typeof records !== "number"
  ) {
    return undefined;
  }
  return { type, clientId, data: { connections, max_connections, records } };
}

function fieldOf(value: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function isLonger(text: string, maxBytes: number): boolean {
  // A UTF-16 unit takes 1 to 3 bytes: most texts need no counting.
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes;
}

/**
 * Whether two texts are the same, in a time that depends on the length of `given` alone: who measures it
 * learns nothing of the secret.
 *
 * @example
 * ```ts
 * import { isSameSecret } from "@troupe/actors/protocols/records";
 * import { assert } from "@std/assert";
 *
 * assert(isSameSecret("open sesame", "open sesame"));
 * assert(!isSameSecret("open", "open sesame"));
 * ```
 */
export function isSameSecret(given: string, secret: string): boolean {
  const encoder = new TextEncoder();
  const ours = encoder.encode(given);
  const theirs = encoder.encode(secret);
  let difference = ours.length ^ theirs.length;
  for (let at = 0; at < ours.length; at++) {
    difference |= (ours[at] ?? 0) ^ (theirs[at % theirs.length] ?? 0);
  }
  return difference === 0;
}

/**
 * A moment on the clock on the wall, in seconds: what a datestamp, which names no time zone, tells. They
 * compare as their datestamps do.
 */
export type WallSeconds = number;

/**
 * A wall clock's reading at a moment, given in milliseconds since 1970-01-01T00:00:00Z.
 *
 * @param zone tells how far that clock is ahead of UTC at a moment
 *
 * @example
 * ```ts
 * import { wallSeconds } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wallSeconds(0, { utcOffsetMinutes: () => 60 }), 3600);
 * ```
 */
export function wallSeconds(ms: number, zone: { utcOffsetMinutes(atMs: number): number }): WallSeconds {
  return Math.floor((ms + zone.utcOffsetMinutes(ms) * 60_000) / 1000);
}

/**
 * Writes a datestamp, `YYYY-MM-DD HH:MM:SS`.
 *
 * @example
 * ```ts
 * import { formatDatestamp, parseDatestamp } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * const at = parseDatestamp("2024-03-18 13:14:33") ?? 0;
 * assertEquals(formatDatestamp(at + 60), "2024-03-18 13:15:33");
 * ```
 */
export function formatDatestamp(at: WallSeconds): string {
  return new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/**
 * Reads a datestamp; undefined when it is none, or of a day that no calendar has.
 *
 * @example
 * ```ts
 * import { parseDatestamp } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDatestamp("1970-01-01 00:01:00"), 60);
 * assertEquals(parseDatestamp("2024-02-30 00:00:00"), undefined);
 * ```
 */
export function parseDatestamp(text: string): WallSeconds | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined;
  const at = Date.parse(text.replace(" ", "T") + "Z") / 1000;
  // The platform takes the 31st of February for the 2nd of March.
  return Number.isNaN(at) || formatDatestamp(at) !== text ? undefined : at;
}

/** Bytes of a datestamp: always so many. */
export const DATESTAMP_BYTES = 19;

const PREFIX = "Last updated:";
const LF = 0x0a;
const CR = 0x0d;

/**
 * The datestamp in a record's first line; undefined when it has none that is one.
 *
 * @example
 * ```ts
 * import { datestampOf } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * const record = new TextEncoder().encode("Last updated: 1970-01-01 00:01:00\nName: Ada\n");
 * assertEquals(datestampOf(record), 60);
 * ```
 */
export function datestampOf(record: Uint8Array): WallSeconds | undefined {
  const length = firstLineLength(record);
  // "Last updated: " and the datestamp alone.
  if (length !== PREFIX.length + 1 + DATESTAMP_BYTES) return undefined;
  const line = new TextDecoder().decode(record.subarray(0, length));
  return line.startsWith(`${PREFIX} `) ? parseDatestamp(line.slice(PREFIX.length + 1)) : undefined;
}

/**
 * A record with another datestamp in its first line; where the first line holds none, a line is put before
 * it. All other bytes stay as they are.
 *
 * @example
 * ```ts
 * import { withDatestamp } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * const record = withDatestamp(new TextEncoder().encode("Name: Ada\n"), 60);
 * assertEquals(new TextDecoder().decode(record), "Last updated: 1970-01-01 00:01:00\nName: Ada\n");
 * ```
 */
export function withDatestamp(record: Uint8Array, at: WallSeconds): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode(`${PREFIX} ${formatDatestamp(at)}`);
  const length = firstLineLength(record);
  const hasLine = new TextDecoder().decode(record.subarray(0, PREFIX.length)) === PREFIX;
  const rest = hasLine ? record.subarray(length) : record;
  const stamped = new Uint8Array(line.length + (hasLine ? 0 : 1) + rest.length).fill(LF);
  stamped.set(line);
  stamped.set(rest, stamped.length - rest.length);
  return stamped;
}

/** Bytes of the first line without its end. */
function firstLineLength(bytes: Uint8Array): number {
  const end = bytes.indexOf(LF);
  if (end < 0) return bytes.length;
  return end > 0 && bytes[end - 1] === CR ? end - 1 : end;
}

/** What a student's record says. */
export interface Student {
  /** The client ID: 1 to 20 digits. */
  readonly id: string;
  /** One line, as all that follow. */
  readonly name: string;
  /** As the person wrote it. */
  readonly dateOfBirth: string;
  /** Where the student lives. */
  readonly city: string;
  /** What the record is for. */
  readonly reason: string;
}

/**
 * The text of a student's record, as the client sends it.
 *
 * @example
 * ```ts
 * import { studentMistake, studentRecord } from "@troupe/actors/protocols/records";
 * import { assertEquals } from "@std/assert";
 *
 * const student = { id: "7", name: "Ada", dateOfBirth: "1815-12-10", city: "London", reason: "curious" };
 * assertEquals(studentRecord(student, 60).split("\n").slice(0, 2), [
 *   "Last updated: 1970-01-01 00:01:00",
 *   "Student ID: 7",
 * ]);
 * assertEquals(studentMistake("city", "London"), undefined);
 * assertEquals(studentMistake("id", "seven"), "The student ID must be 1 to 20 digits.");
 * ```
 */
export function studentRecord(student: Student, at: WallSeconds): string {
  return `${PREFIX} ${formatDatestamp(at)}
Student ID: ${student.id}
Name: ${student.name}
Date of Birth: ${student.dateOfBirth}
City: ${student.city}
Reason: ${student.reason}
`;
}

/** Says what is wrong with one answer of a student, for the student; undefined when it is fine. */
export function studentMistake(field: keyof Student, text: string): string | undefined {
  if (field === "id") return isClientId(text) ? undefined : "The student ID must be 1 to 20 digits.";
  if (text.trim() === "") return "It must not be empty.";
  if (text.length > 500) return "It must not be longer than 500 characters.";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text) || !text.isWellFormed()) {
    return "It must be one line of text.";
  }
  if (field === "name" && !/\p{L}/u.test(text)) return "A name must have a letter.";
  if (field === "city" && !/\p{L}/u.test(text)) return "A city must have a letter.";
  if (field === "dateOfBirth" && !isDate(text)) {
    return "The date of birth must be a date, YYYY-MM-DD or DD/MM/YYYY.";
  }
  return undefined;
}

/** Whether a text is a date of the calendar, year first, or day and month in either order first. */
function isDate(text: string): boolean {
  const yearFirst = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(text);
  if (yearFirst) return isDay(yearFirst[1], yearFirst[3], yearFirst[4]);
  const yearLast = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$/.exec(text);
  if (!yearLast) return false;
  const [, first, , second, year] = yearLast;
  return isDay(year, second, first) || isDay(year, first, second);
}

function isDay(year = "", month = "", day = ""): boolean {
  return parseDatestamp(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")} 00:00:00`) !== undefined;
}
