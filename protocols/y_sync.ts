/**
 * The messages of the y-protocols, as `y-websocket` sends them: sync (version 1) and awareness, one message a
 * frame.
 *
 * Numbers are unsigned LEB128 (lib0's `varUint`), texts and bytes have their length before them. What an
 * update or a state vector holds is not looked at here.
 *
 * @see https://github.com/yjs/y-protocols/blob/master/PROTOCOL.md
 * @module
 */
import { Lib0Reader, YProtocolError } from "./_lib0_reader.ts";
import { Lib0Writer } from "./_lib0_writer.ts";

export { YProtocolError } from "./_lib0_reader.ts";

/** One state in an awareness message. */
export interface AwarenessEntry {
  /** The client's number in the document. */
  readonly clientId: number;
  /** Counts the client's changes: of two states the one with the higher clock counts. */
  readonly clock: number;
  /** The state as JSON; `null` is the text of one who has left. */
  readonly state: string;
}

/** One message. */
export type YMessage =
  /** What the sender has: it asks for what it lacks. */
  | { readonly type: "sync-step-1"; readonly stateVector: Uint8Array }
  /** What the receiver lacked. */
  | { readonly type: "sync-step-2"; readonly update: Uint8Array }
  | { readonly type: "update"; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly entries: readonly AwarenessEntry[] }
  | { readonly type: "query-awareness" }
  /** The sender's edits are not allowed. */
  | { readonly type: "denied"; readonly reason: string }
  /** Ours, sent to who asks for it: so many of the updates that came on this connection are durable. */
  | { readonly type: "saved"; readonly updates: number }
  /** A message of another type, which is not for us. */
  | { readonly type: "unknown" };

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const QUERY_AWARENESS = 3;
/** Far from the numbers that y-protocols has given out. */
const SAVED = 121;

const STEP_1 = 0;
const STEP_2 = 1;
const UPDATE = 2;

const ENCODER = new TextEncoder();

/**
 * Reads one message. Bytes in it are views of the frame.
 *
 * @throws {YProtocolError} on what ends too early or is no message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeYMessage, encodeYMessage } from "@troupe/actors/protocols/y-sync";
 *
 * const frame = encodeYMessage({ type: "update", update: Uint8Array.of(0, 0) });
 * assertEquals(frame, Uint8Array.of(0, 2, 2, 0, 0));
 * assertEquals(decodeYMessage(frame), { type: "update", update: Uint8Array.of(0, 0) });
 * ```
 */
export function decodeYMessage(frame: Uint8Array): YMessage {
  const reader = new Lib0Reader(frame);
  switch (reader.number()) {
    case SYNC:
      return readSync(reader);
    case AWARENESS:
      return { type: "awareness", entries: readEntries(new Lib0Reader(reader.bytes())) };
    case AUTH:
      return reader.number() === 0 ? { type: "denied", reason: reader.text() } : { type: "unknown" };
    case QUERY_AWARENESS:
      return { type: "query-awareness" };
    case SAVED:
      return { type: "saved", updates: reader.number() };
    default:
      return { type: "unknown" };
  }
}

function readSync(reader: Lib0Reader): YMessage {
  const step = reader.number();
  if (step === STEP_1) return { type: "sync-step-1", stateVector: reader.bytes() };
  if (step === STEP_2) return { type: "sync-step-2", update: reader.bytes() };
  if (step === UPDATE) return { type: "update", update: reader.bytes() };
  throw new YProtocolError(`a sync message is of the unknown kind ${step}`);
}

function readEntries(reader: Lib0Reader): AwarenessEntry[] {
  const entries: AwarenessEntry[] = [];
  for (let count = reader.number(); count > 0; count--) {
    entries.push({ clientId: reader.number(), clock: reader.number(), state: reader.text() });
  }
  return entries;
}

/** Writes one message. Throws `TypeError` on `unknown`, which cannot be sent. */
export function encodeYMessage(message: YMessage): Uint8Array<ArrayBuffer> {
  const writer = new Lib0Writer();
  switch (message.type) {
    case "sync-step-1":
      return writer.numbers(SYNC, STEP_1).bytes(message.stateVector).take();
    case "sync-step-2":
      return writer.numbers(SYNC, STEP_2).bytes(message.update).take();
    case "update":
      return writer.numbers(SYNC, UPDATE).bytes(message.update).take();
    case "awareness":
      return writer.numbers(AWARENESS).bytes(encodeEntries(message.entries)).take();
    case "query-awareness":
      return writer.numbers(QUERY_AWARENESS).take();
    case "denied":
      return writer.numbers(AUTH, 0).bytes(ENCODER.encode(message.reason)).take();
    case "saved":
      return writer.numbers(SAVED, message.updates).take();
    case "unknown":
      throw new TypeError("Cannot send a message of an unknown type");
  }
}

function encodeEntries(entries: readonly AwarenessEntry[]): Uint8Array {
  const writer = new Lib0Writer().numbers(entries.length);
  for (const { clientId, clock, state } of entries) {
    writer.numbers(clientId, clock).bytes(ENCODER.encode(state));
  }
  return writer.take();
}
