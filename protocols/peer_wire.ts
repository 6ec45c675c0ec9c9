/**
 * The wire between BitTorrent peers (BEP 3, the fast extension of BEP 6, the extension protocol of BEP 10).
 *
 * @module
 */
import { binaryBytes } from "./bencode.ts";
import { type FrameDecoder, FrameError } from "./frames.ts";

/** Bytes of an ordinary block: what one request asks for. */
export const BLOCK_BYTES: number = 16 * 1024;
/** The largest block that may be asked for or sent. */
export const MAX_BLOCK_BYTES: number = 128 * 1024;
/** Bytes of what stands before a block in its message. */
export const PIECE_HEADER_BYTES = 13;
/** Bytes of a handshake. */
export const HANDSHAKE_BYTES = 68;

/** The largest bitfield: a million pieces. */
const MAX_BITFIELD_BYTES = 128 * 1024;
/**
 * The largest payload of the extension protocol: a block of metadata with its dictionary, an exchange of
 * peers.
 */
const MAX_EXTENDED_BYTES = 64 * 1024;
/** The largest message of a kind that is not known, which is passed over. */
const MAX_UNKNOWN_BYTES = 16 * 1024;
/** The longest of all messages: a block with its place. */
const MAX_MESSAGE_BYTES = 9 + MAX_BLOCK_BYTES;
const PROTOCOL = binaryBytes("\x13BitTorrent protocol");
const RESERVED_AT = 20;
const INFO_HASH_AT = 28;
const PEER_ID_AT = 48;

/** Both sides' first 68 bytes. */
export interface Handshake {
  /** SHA-1 of the info dictionary: 20 bytes. */
  readonly infoHash: Uint8Array;
  /** What the peer calls itself: 20 bytes. */
  readonly peerId: Uint8Array;
  /** It speaks the fast extension (BEP 6). */
  readonly fast: boolean;
  /** It speaks the extension protocol (BEP 10). */
  readonly extended: boolean;
}

/** A block of a piece, by its place. */
export interface BlockPlace {
  /** Index of the piece. */
  readonly piece: number;
  /** Where in the piece it begins. */
  readonly begin: number;
  /** Bytes. */
  readonly length: number;
}

/** One message of a peer. Bytes in it are views of what was read, valid as long as the frame is. */
export type PeerMessage =
  | { readonly type: "handshake"; readonly handshake: Handshake }
  | { readonly type: "keep-alive" | "choke" | "unchoke" | "interested" | "not-interested" }
  | { readonly type: "have-all" | "have-none" }
  | { readonly type: "have" | "suggest" | "allowed-fast"; readonly piece: number }
  | { readonly type: "bitfield"; readonly bits: Uint8Array }
  | { readonly type: "request" | "cancel" | "reject" } & BlockPlace
  | { readonly type: "piece"; readonly piece: number; readonly begin: number; readonly block: Uint8Array }
  | { readonly type: "extended"; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: "unknown"; readonly id: number };

const PIECE_ID = 7;
const EXTENDED_ID = 20;

/** Messages that are no more than their number. */
const BARE: ReadonlyMap<
  number,
  "choke" | "unchoke" | "interested" | "not-interested" | "have-all" | "have-none"
> = new Map([
  [0, "choke"],
  [1, "unchoke"],
  [2, "interested"],
  [3, "not-interested"],
  [14, "have-all"],
  [15, "have-none"],
]);
/** Messages that name a piece. */
const OF_PIECE: ReadonlyMap<number, "have" | "suggest" | "allowed-fast"> = new Map([
  [4, "have"],
  [13, "suggest"],
  [17, "allowed-fast"],
]);
/** Messages that name a block. */
const OF_BLOCK: ReadonlyMap<number, "request" | "cancel" | "reject"> = new Map([
  [6, "request"],
  [8, "cancel"],
  [16, "reject"],
]);
const BITFIELD_ID = 5;
const PORT_ID = 9;
const ID_OF: Readonly<Record<string, number>> = Object.fromEntries(
  [...BARE, ...OF_PIECE, ...OF_BLOCK].map(([id, type]) => [type, id]),
);

/**
 * Encodes a handshake.
 *
 * @example
 * ```ts
 * import { encodeHandshake, HANDSHAKE_BYTES } from "@troupe/actors/protocols/peer-wire";
 * import { assertEquals } from "@std/assert";
 *
 * const [infoHash, peerId] = [new Uint8Array(20), new Uint8Array(20)];
 * const bytes = encodeHandshake({ infoHash, peerId, fast: true, extended: true });
 * assertEquals([bytes.length, new TextDecoder().decode(bytes.slice(1, 20))], [
 *   HANDSHAKE_BYTES,
 *   "BitTorrent protocol",
 * ]);
 * ```
 */
export function encodeHandshake(handshake: Handshake): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(PROTOCOL);
  if (handshake.extended) bytes[RESERVED_AT + 5] = 0x10;
  if (handshake.fast) bytes[RESERVED_AT + 7] = 0x04;
  bytes.set(handshake.infoHash, INFO_HASH_AT);
  bytes.set(handshake.peerId, PEER_ID_AT);
  return bytes;
}

/** Encodes a message. */
export function encodePeerMessage(
  message: Exclude<PeerMessage, { type: "unknown" }>,
): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case "handshake":
      return encodeHandshake(message.handshake);
    case "keep-alive":
      return new Uint8Array(4);
    case "bitfield":
      return withPayload(BITFIELD_ID, message.bits);
    case "piece": {
      const bytes = new Uint8Array(PIECE_HEADER_BYTES + message.block.length);
      writePieceHeader(bytes, message.piece, message.begin, message.block.length);
      bytes.set(message.block, PIECE_HEADER_BYTES);
      return bytes;
    }
    case "extended": {
      const payload = new Uint8Array(1 + message.payload.length);
      payload[0] = message.id;
      payload.set(message.payload, 1);
      return withPayload(EXTENDED_ID, payload);
    }
    case "have":
    case "suggest":
    case "allowed-fast":
      return withNumbers(ID_OF[message.type] ?? 0, message.piece);
    case "request":
    case "cancel":
    case "reject":
      return withNumbers(ID_OF[message.type] ?? 0, message.piece, message.begin, message.length);
    default:
      return withNumbers(ID_OF[message.type] ?? 0);
  }
}

/**
 * Writes what stands before a block of `length` bytes to the beginning of `target`, for who sends many blocks
 * and copies none of them together.
 *
 * @example
 * ```ts
 * import { PIECE_HEADER_BYTES, writePieceHeader } from "@troupe/actors/protocols/peer-wire";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new Uint8Array(PIECE_HEADER_BYTES);
 * writePieceHeader(header, 1, 16384, 2);
 * assertEquals([...header], [0, 0, 0, 11, 7, 0, 0, 0, 1, 0, 0, 64, 0]);
 * ```
 */
export function writePieceHeader(target: Uint8Array, piece: number, begin: number, length: number): void {
  writeUint32(target, 0, 9 + length);
  target[4] = PIECE_ID;
  writeUint32(target, 5, piece);
  writeUint32(target, 9, begin);
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function withNumbers(id: number, ...numbers: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 + 4 * numbers.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4);
  bytes[4] = id;
  numbers.forEach((number, index) => view.setUint32(5 + 4 * index, number));
  return bytes;
}

function withPayload(id: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 + payload.length);
  new DataView(bytes.buffer).setUint32(0, 1 + payload.length);
  bytes[4] = id;
  bytes.set(payload, 5);
  return bytes;
}

/**
 * Cuts the stream of a peer into its handshake and messages.
 *
 * What is no handshake (an encrypted one, another protocol) is refused at its first wrong byte, a message
 * over its limit as soon as its head is there: nothing grows with what a peer says that it will send.
 *
 * @example
 * ```ts
 * import { encodePeerMessage, peerFrames, type PeerMessage } from "@troupe/actors/protocols/peer-wire";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = peerFrames();
 * const messages: PeerMessage[] = [];
 * const [infoHash, peerId] = [new Uint8Array(20), new Uint8Array(20)];
 * const handshake = { infoHash, peerId, fast: true, extended: true };
 * decoder.push(encodePeerMessage({ type: "handshake", handshake }), messages);
 * decoder.push(encodePeerMessage({ type: "have", piece: 7 }), messages);
 * assertEquals(messages, [{ type: "handshake", handshake }, { type: "have", piece: 7 }]);
 * ```
 */
export function peerFrames(): FrameDecoder<PeerMessage> {
  return new PeerDecoder();
}

/** What is kept of an unfinished message starts this large. */
const CARRY_BYTES = 256;

/** Sixteen blocks: of these few begin in one chunk and end in the next. */
const READ_BYTES = 256 * 1024;

class PeerDecoder implements FrameDecoder<PeerMessage> {
  readonly idleFlushMs = 0;
  readonly maxReadBytes = READ_BYTES;
  #hasHandshake = false;
  #carry = new Uint8Array(CARRY_BYTES);
  #carried = 0;
  /**
   * Takes turns with `#carry`: a frame that is a view of the one outlives what the same chunk puts into the
   * other.
   */
  #otherCarry = new Uint8Array(CARRY_BYTES);
  #failure: FrameError | undefined;

  idle(): void {}

  push(chunk: Uint8Array, frames: PeerMessage[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      let at = this.#finishCarried(chunk, frames);
      while (at < chunk.length) {
        const needed = this.#needed(chunk, at, chunk.length);
        if (at + needed > chunk.length) break;
        frames.push(this.#decode(chunk, at, at + needed));
        at += needed;
      }
      if (at < chunk.length) this.#keep(chunk, at, chunk.length);
    } catch (error) {
      if (error instanceof FrameError) this.#failure = error;
      throw error;
    }
  }

  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#carried > 0) throw this.#failure = new FrameError("the stream ends within a message");
  }

  /** Completes the message that began in earlier chunks; says how far it went into this one. */
  #finishCarried(chunk: Uint8Array, frames: PeerMessage[]): number {
    let at = 0;
    while (this.#carried > 0) {
      const missing = this.#needed(this.#carry, 0, this.#carried) - this.#carried;
      if (missing === 0) {
        frames.push(this.#decode(this.#carry, 0, this.#carried));
        this.#carried = 0;
        [this.#carry, this.#otherCarry] = [this.#otherCarry, this.#carry];
      } else if (at === chunk.length) {
        break;
      } else {
        const end = Math.min(chunk.length, at + missing);
        this.#keep(chunk, at, end);
        at = end;
      }
    }
    return at;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#carried + end - start;
    if (length > this.#carry.length) {
      const larger = new Uint8Array(Math.max(length, 4 * this.#carry.length));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(chunk.subarray(start, end), this.#carried);
    this.#carried = length;
  }

  /** How many bytes, from `start` on, say more about what comes: the whole message once its head is there. */
  #needed(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#hasHandshake) {
      const known = Math.min(end - start, PROTOCOL.length);
      for (let index = 0; index < known; index++) {
        if (bytes[start + index] !== PROTOCOL[index]) throw new FrameError("no BitTorrent handshake");
      }
      return HANDSHAKE_BYTES;
    }
    if (end - start < 4) return 4;
    const length = uint32(bytes, start);
    if (length === 0) return 4;
    if (length > MAX_MESSAGE_BYTES) throw new FrameError(`a message has ${length} bytes`);
    if (end - start < 5) return 5;
    checkLength(bytes[start + 4] ?? 0, length);
    return 4 + length;
  }

  #decode(bytes: Uint8Array, start: number, end: number): PeerMessage {
    if (this.#hasHandshake) return decodeMessage(bytes, start, end);
    this.#hasHandshake = true;
    return { type: "handshake", handshake: decodeHandshake(bytes, start) };
  }
}

function decodeHandshake(bytes: Uint8Array, start: number): Handshake {
  return {
    infoHash: bytes.slice(start + INFO_HASH_AT, start + PEER_ID_AT),
    peerId: bytes.slice(start + PEER_ID_AT, start + HANDSHAKE_BYTES),
    fast: ((bytes[start + RESERVED_AT + 7] ?? 0) & 0x04) !== 0,
    extended: ((bytes[start + RESERVED_AT + 5] ?? 0) & 0x10) !== 0,
  };
}

function decodeMessage(bytes: Uint8Array, start: number, end: number): PeerMessage {
  if (end - start === 4) return KEEP_ALIVE;
  const id = bytes[start + 4] ?? 0;
  const at = start + 5;
  if (id === PIECE_ID) {
    const block = bytes.subarray(at + 8, end);
    return { type: "piece", piece: uint32(bytes, at), begin: uint32(bytes, at + 4), block };
  }
  const ofBlock = OF_BLOCK.get(id);
  if (ofBlock !== undefined) {
    const [piece, begin, length] = [uint32(bytes, at), uint32(bytes, at + 4), uint32(bytes, at + 8)];
    return { type: ofBlock, piece, begin, length };
  }
  const bare = BARE.get(id);
  if (bare !== undefined) return { type: bare };
  const ofPiece = OF_PIECE.get(id);
  if (ofPiece !== undefined) return { type: ofPiece, piece: uint32(bytes, at) };
  if (id === BITFIELD_ID) return { type: "bitfield", bits: bytes.subarray(at, end) };
  if (id === EXTENDED_ID) {
    return { type: "extended", id: bytes[at] ?? 0, payload: bytes.subarray(at + 1, end) };
  }
  return { type: "unknown", id };
}

const KEEP_ALIVE: PeerMessage = Object.freeze({ type: "keep-alive" });

/** Refuses a message whose length is not one of its kind. The length counts the number of the kind. */
function checkLength(id: number, length: number): void {
  const [min, max] = lengthsOf(id);
  if (length < min || length > max) throw new FrameError(`a message of kind ${id} has ${length} bytes`);
}

function lengthsOf(id: number): readonly [number, number] {
  if (BARE.has(id)) return [1, 1];
  if (OF_PIECE.has(id)) return [5, 5];
  if (OF_BLOCK.has(id)) return [13, 13];
  switch (id) {
    case BITFIELD_ID:
      return [1, 1 + MAX_BITFIELD_BYTES];
    case PIECE_ID:
      return [10, 9 + MAX_BLOCK_BYTES];
    case PORT_ID:
      return [3, 3];
    case EXTENDED_ID:
      return [2, 2 + MAX_EXTENDED_BYTES];
    default:
      return [1, 1 + MAX_UNKNOWN_BYTES];
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>> 0;
}
