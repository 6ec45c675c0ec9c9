/**
 * The messages of Hocuspocus, as `@hocuspocus/provider` sends them: those of the y-protocols, each behind the
 * name of its document, and a few more.
 *
 * @see https://github.com/ueberdosis/hocuspocus/blob/main/packages/provider/src/types.ts
 * @module
 */
import { Lib0Reader } from "./_lib0_reader.ts";
import { Lib0Writer } from "./_lib0_writer.ts";
import { decodeYMessage, type YMessage } from "./y_sync.ts";

/** What a client says of one document. */
export interface HocuspocusMessage {
  /** What the client calls the document: answers begin with the same. */
  readonly key: string;
  /** The document: the key without what tells sessions of one client apart. */
  readonly name: string;
  /** What it says. */
  readonly content:
    /** The secret by which it may be let in; empty where it has none. */
    | { readonly type: "token"; readonly token: string }
    /** It leaves the document. */
    | { readonly type: "close" }
    /** A message of the y-protocols, `unknown` where there is no such. */
    | YMessage;
  /** The content as bytes: a view of the frame. */
  readonly bytes: Uint8Array;
}

/** What a server says beside the messages of the y-protocols. */
export type HocuspocusAnswer =
  /** The client may read, or also edit. */
  | { readonly type: "authenticated"; readonly scope: "read-write" | "readonly" }
  | { readonly type: "permission-denied"; readonly reason: string }
  /** One more of the client's updates was kept, or was refused. */
  | { readonly type: "sync-status"; readonly isSaved: boolean };

const AUTH = 2;
const TOKEN = 0;
const PERMISSION_DENIED = 1;
const AUTHENTICATED = 2;
const CLOSE = 7;
const SYNC_STATUS = 8;
const ENCODER = new TextEncoder();

/**
 * Reads one message.
 *
 * @throws {YProtocolError} on what ends too early or is no message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeHocuspocus, wrapHocuspocus } from "@troupe/actors/protocols/hocuspocus";
 * import { encodeYMessage } from "@troupe/actors/protocols/y-sync";
 *
 * const frame = wrapHocuspocus("notes", encodeYMessage({ type: "query-awareness" }));
 * const { name, content } = decodeHocuspocus(frame);
 * assertEquals([name, content], ["notes", { type: "query-awareness" }]);
 * ```
 */
export function decodeHocuspocus(frame: Uint8Array): HocuspocusMessage {
  const reader = new Lib0Reader(frame);
  const key = reader.text();
  const bytes = frame.subarray(reader.at);
  const [name = ""] = key.split("\0", 1);
  const about = { key, name, bytes };
  switch (reader.number()) {
    case AUTH:
      if (reader.number() !== TOKEN) return { ...about, content: { type: "unknown" } };
      return { ...about, content: { type: "token", token: reader.text() } };
    case CLOSE:
      return { ...about, content: { type: "close" } };
    default:
      return { ...about, content: decodeYMessage(bytes) };
  }
}

/** Puts the client's name of a document before a message of the y-protocols. */
export function wrapHocuspocus(key: string, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Lib0Writer().bytes(ENCODER.encode(key)).raw(message).take();
}

/**
 * Writes one answer about the document that the client calls `key`.
 *
 * @example
 * ```ts
 * import { decodeHocuspocus, encodeHocuspocus } from "@troupe/actors/protocols/hocuspocus";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = encodeHocuspocus("notes", { type: "sync-status", isSaved: true });
 * assertEquals(frame.length > "notes".length, true);
 * assertEquals(decodeHocuspocus(frame).name, "notes");
 * ```
 */
export function encodeHocuspocus(key: string, answer: HocuspocusAnswer): Uint8Array<ArrayBuffer> {
  const writer = new Lib0Writer().bytes(ENCODER.encode(key));
  switch (answer.type) {
    case "authenticated":
      return writer.numbers(AUTH, AUTHENTICATED).bytes(ENCODER.encode(answer.scope)).take();
    case "permission-denied":
      return writer.numbers(AUTH, PERMISSION_DENIED).bytes(ENCODER.encode(answer.reason)).take();
    case "sync-status":
      // A signed number, which 0 and 1 are the same as.
      return writer.numbers(SYNC_STATUS, answer.isSaved ? 1 : 0).take();
  }
}
