/**
 * Messages of the extension protocol (BEP 10) and of the metadata exchange over it (BEP 9): payloads of
 * `extended` messages.
 *
 * @module
 */
import {
  bencodeCount,
  type BencodeDictionary,
  bencodeText,
  decodeBencodePrefix,
  encodeBencode,
  isBencodeDictionary,
} from "./bencode.ts";

/** The number of the extension handshake among `extended` messages. */
export const EXTENSION_HANDSHAKE_ID = 0;
/** Bytes of a piece of metadata; the last one may be shorter. */
export const METADATA_PIECE_BYTES: number = 16 * 1024;

/** What a peer says of itself once both speak the extension protocol. */
export interface ExtensionHandshake {
  /** The number that the metadata exchange has at this peer; 0 or absent: it has none. */
  readonly metadataId?: number;
  /** Bytes of the info dictionary, where the peer has it. */
  readonly metadataSize?: number;
  /** Where the peer listens. */
  readonly port?: number;
  /** How many requests it keeps waiting. */
  readonly maxRequests?: number;
  /** Its name and version. */
  readonly client?: string;
}

/** One message of the metadata exchange. */
export type MetadataMessage =
  | { readonly type: "request" | "reject"; readonly piece: number }
  | { readonly type: "data"; readonly piece: number; readonly totalBytes: number; readonly data: Uint8Array };

/** The payload is not of the extension protocol. */
export class ExtensionError extends Error {
  /** For `error.name`. */
  override readonly name = "ExtensionError";
}

/**
 * Encodes the payload of an extension handshake.
 *
 * @example
 * ```ts
 * import {
 *   decodeExtensionHandshake,
 *   encodeExtensionHandshake,
 * } from "@troupe/actors/protocols/peer-extensions";
 * import { assertEquals } from "@std/assert";
 *
 * const handshake = { metadataId: 1, metadataSize: 31235, port: 6881 };
 * assertEquals(decodeExtensionHandshake(encodeExtensionHandshake(handshake)), handshake);
 * ```
 */
export function encodeExtensionHandshake(handshake: ExtensionHandshake): Uint8Array<ArrayBuffer> {
  const { metadataId, metadataSize, port, maxRequests, client } = handshake;
  return encodeBencode({
    m: { ut_metadata: metadataId },
    metadata_size: metadataSize,
    p: port,
    reqq: maxRequests,
    v: client,
  });
}

/**
 * Reads the payload of an extension handshake. Members of a wrong kind count as absent.
 *
 * @throws {ExtensionError} on what is no dictionary.
 */
export function decodeExtensionHandshake(payload: Uint8Array): ExtensionHandshake {
  const { dictionary } = readDictionary(payload);
  const m = dictionary.get("m");
  const metadataId = isBencodeDictionary(m) ? bencodeCount(m, "ut_metadata") : undefined;
  const metadataSize = bencodeCount(dictionary, "metadata_size");
  const port = bencodeCount(dictionary, "p");
  const maxRequests = bencodeCount(dictionary, "reqq");
  const client = bencodeText(dictionary.get("v"))?.slice(0, 100);
  return {
    ...(metadataId === undefined || metadataId > 255 ? {} : { metadataId }),
    ...(metadataSize === undefined ? {} : { metadataSize }),
    ...(port === undefined || port < 1 || port > 65535 ? {} : { port }),
    ...(maxRequests === undefined ? {} : { maxRequests }),
    ...(client === undefined ? {} : { client }),
  };
}

const KINDS = ["request", "data", "reject"] as const;

/** Encodes the payload of a message of the metadata exchange. */
export function encodeMetadataMessage(message: MetadataMessage): Uint8Array<ArrayBuffer> {
  const head = encodeBencode({
    msg_type: KINDS.indexOf(message.type),
    piece: message.piece,
    total_size: message.type === "data" ? message.totalBytes : undefined,
  });
  if (message.type !== "data") return head;
  const bytes = new Uint8Array(head.length + message.data.length);
  bytes.set(head);
  bytes.set(message.data, head.length);
  return bytes;
}

/**
 * Reads the payload of a message of the metadata exchange; undefined for one of a kind that is not known,
 * which BEP 9 has ignored.
 *
 * @throws {ExtensionError} on what is none.
 *
 * @example
 * ```ts
 * import { decodeMetadataMessage, encodeMetadataMessage } from "@troupe/actors/protocols/peer-extensions";
 * import { assertEquals } from "@std/assert";
 *
 * const message = { type: "data", piece: 0, totalBytes: 3, data: Uint8Array.of(1, 2, 3) } as const;
 * assertEquals(decodeMetadataMessage(encodeMetadataMessage(message)), message);
 * ```
 */
export function decodeMetadataMessage(payload: Uint8Array): MetadataMessage | undefined {
  const { dictionary, end } = readDictionary(payload);
  const type = KINDS[bencodeCount(dictionary, "msg_type") ?? -1];
  const piece = bencodeCount(dictionary, "piece");
  if (piece === undefined) throw new ExtensionError("a metadata message names no piece");
  if (type === undefined) return undefined;
  if (type !== "data") return { type, piece };
  const totalBytes = bencodeCount(dictionary, "total_size");
  const data = payload.subarray(end);
  if (totalBytes === undefined || data.length > METADATA_PIECE_BYTES) {
    throw new ExtensionError("a piece of metadata has no size, or over 16 KiB");
  }
  return { type, piece, totalBytes, data };
}

function readDictionary(payload: Uint8Array): { dictionary: BencodeDictionary; end: number } {
  let read: ReturnType<typeof decodeBencodePrefix>;
  try {
    read = decodeBencodePrefix(payload, { maxDepth: 8, maxValues: 1000 });
  } catch (error) {
    throw new ExtensionError("an extension message is not bencoded", { cause: error });
  }
  if (!isBencodeDictionary(read.value)) throw new ExtensionError("an extension message is no dictionary");
  return { dictionary: read.value, end: read.end };
}
