/**
 * What a document's history keeps, `temp.txt.history`: the edits, what the file held, and the versions.
 *
 * @module
 */
import type { EventCodec } from "../store/journal.ts";
import type { TextEdit } from "./text_diff.ts";

/** A state of the text that people may come back to. */
export interface DocumentVersion {
  /** Counts from 1. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The name that somebody gave it; undefined for one that was kept at a pause. */
  readonly name?: string;
  /** Who has edited since the version before. */
  readonly by: readonly string[];
  /** The edits from the version before (at first, from an empty text) to this one. */
  readonly edits: readonly TextEdit[];
}

/** One record of the history. */
export type HistoryEvent =
  /**
   * Edits, as one update. `appended` is what they put at the end of the text, where they did nothing else.
   * With `held` one of them was made by who saved the file, which then held the text after this update, with
   * these edits in it. One record: of an edit that is merged, and a file that is not known to hold it, a
   * crash would make two.
   */
  | {
    readonly type: "update";
    readonly update: Uint8Array;
    readonly appended?: string;
    readonly held?: readonly TextEdit[];
  }
  /** The file is about to be replaced by the text as of here. */
  | { readonly type: "writing" }
  /**
   * The file held the text as of here, with these edits in it. Written only when all before it is durable.
   */
  | { readonly type: "held"; readonly edits: readonly TextEdit[] }
  | { readonly type: "version"; readonly version: DocumentVersion };

const UPDATE = 1;
const APPENDED = 2;
const WRITING = 3;
const HELD = 4;
const VERSION = 5;
/** Behind an update whose record says what the file held: no update of Yjs ends so. */
const HELD_MARK = 0xff;

/** How the history's file begins. */
export const HISTORY_SIGNATURE = { text: "Troupe document history 1", of: "a document's history" };

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/** How a record is kept: a byte says what it is. */
export const historyCodec: EventCodec<HistoryEvent> = {
  encode(event) {
    switch (event.type) {
      case "update":
        if (event.held !== undefined) return encodeHeld(event.update, event.held);
        if (event.appended !== undefined) return encodeAppended(event.appended, event.update);
        return tagged(UPDATE, event.update);
      case "writing":
        return Uint8Array.of(WRITING);
      case "held":
        return tagged(HELD, ENCODER.encode(JSON.stringify(event.edits)));
      case "version":
        return tagged(VERSION, ENCODER.encode(JSON.stringify(event.version)));
    }
  },
  decode(bytes) {
    const body = bytes.slice(1);
    try {
      switch (bytes[0]) {
        case UPDATE:
          return decodeUpdate(body);
        case APPENDED:
          return decodeAppended(body);
        case WRITING:
          return { type: "writing" };
        case HELD: {
          const edits = editsOf(UTF8.decode(body));
          return edits && { type: "held", edits };
        }
        case VERSION: {
          const version: unknown = JSON.parse(UTF8.decode(body));
          return isVersion(version) ? { type: "version", version } : undefined;
        }
        default:
          return undefined;
      }
    } catch {
      return undefined;
    }
  },
};

function tagged(tag: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = tag;
  bytes.set(body, 1);
  return bytes;
}

/** The length of the text in four bytes, the text, the update. */
function encodeAppended(text: string, update: Uint8Array): Uint8Array {
  const encoded = ENCODER.encode(text);
  const bytes = new Uint8Array(5 + encoded.length + update.length);
  bytes[0] = APPENDED;
  new DataView(bytes.buffer).setUint32(1, encoded.length);
  bytes.set(encoded, 5);
  bytes.set(update, 5 + encoded.length);
  return bytes;
}

function decodeAppended(body: Uint8Array): HistoryEvent {
  const end = 4 + new DataView(body.buffer, body.byteOffset).getUint32(0);
  return { type: "update", appended: UTF8.decode(body.subarray(4, end)), update: body.slice(end) };
}

/**
 * The update, the edits, their length in four bytes, and a mark. Who does not know of it (as servers before
 * this one) reads the update and passes over the rest.
 */
function encodeHeld(update: Uint8Array, held: readonly TextEdit[]): Uint8Array {
  const edits = ENCODER.encode(JSON.stringify(held));
  const bytes = new Uint8Array(update.length + edits.length + 6);
  bytes[0] = UPDATE;
  bytes.set(update, 1);
  bytes.set(edits, 1 + update.length);
  new DataView(bytes.buffer).setUint32(bytes.length - 5, edits.length);
  bytes[bytes.length - 1] = HELD_MARK;
  return bytes;
}

function decodeUpdate(body: Uint8Array): HistoryEvent | undefined {
  // The last byte of an update is the end of a number, which is below 128.
  if (body.at(-1) !== HELD_MARK) return { type: "update", update: body };
  const end = body.length - 5;
  const start = end - new DataView(body.buffer, body.byteOffset).getUint32(end);
  const held = editsOf(UTF8.decode(body.subarray(start, end)));
  return held && { type: "update", update: body.slice(0, start), held };
}

function editsOf(json: string): readonly TextEdit[] | undefined {
  const edits: unknown = JSON.parse(json);
  return Array.isArray(edits) && edits.every(isEdit) ? edits : undefined;
}

/** What a record says of the file: the edits that are in it beside the text as of there. */
export function heldBy(event: HistoryEvent | undefined): readonly TextEdit[] | undefined {
  if (event?.type === "held") return event.edits;
  return event?.type === "update" ? event.held : undefined;
}

function isEdit(value: unknown): value is TextEdit {
  return isObject(value) && typeof value["at"] === "number" && typeof value["remove"] === "number" &&
    typeof value["insert"] === "string";
}

function isVersion(value: unknown): value is DocumentVersion {
  if (!isObject(value) || typeof value["id"] !== "number" || typeof value["atMs"] !== "number") return false;
  const { name, by, edits } = value;
  return (name === undefined || typeof name === "string") && Array.isArray(by) &&
    by.every((author) => typeof author === "string") && Array.isArray(edits) && edits.every(isEdit);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
