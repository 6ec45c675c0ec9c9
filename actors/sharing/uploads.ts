/**
 * What one peer is sent.
 *
 * @module
 */
import {
  BLOCK_BYTES,
  type BlockPlace,
  encodePeerMessage,
  PIECE_HEADER_BYTES,
  writePieceHeader,
} from "../../protocols/peer_wire.ts";
import type { Connection } from "../net/mod.ts";
import type { Ref } from "../runtime/mod.ts";
import { STRETCH_BYTES } from "./block_cache.ts";
import type { BandwidthCommand, BlockSource, PeerCommand } from "./messages.ts";
import { UploadQueue } from "./upload_queue.ts";

/** Sent to the connection by itself: its queue has room again. */
export interface Drained {
  readonly type: "drained";
}

/** What of a connection sends to it. */
type Sender = Pick<
  Connection<PeerCommand | Drained>,
  "self" | "context" | "send" | "queuedBytes" | "drained"
>;

/** What {@linkcode Uploads} needs. */
export interface UploadsOptions {
  readonly connection: Sender;
  /** Where blocks are found, and how many bytes a piece has. */
  readonly source: BlockSource;
  readonly pieceLength: number;
  /** Hands out what may be sent; undefined: there is no limit. */
  readonly upload: Ref<BandwidthCommand> | undefined;
  /** The peer is told of what it is not sent (BEP 6). */
  readonly fast: boolean;
  /** Told of the bytes of blocks that were sent. */
  readonly sent: (bytes: number) => void;
}

/** No more than this is to wait for the peer, but for one block. */
const OUTBOUND_BYTES = 256 * 1024;
/** While a stretch is sent, the one after it is read: that of the request which comes so many later. */
const AHEAD_REQUESTS = STRETCH_BYTES / BLOCK_BYTES;

/** What stands before each block: copied as soon as it is written. */
const header = new Uint8Array(PIECE_HEADER_BYTES);

/**
 * Sends a peer the blocks that it asked for, in order, as long as there is room for them: those that are in
 * memory at once, any other as soon as it was read.
 */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #queue = new UploadQueue();
  /** The first request waits for the disk. */
  #isReading = false;
  #isWaitingForRoom = false;
  #isWaitingForBandwidth = false;
  #granted = 0;
  /** In which stretch of the torrent the last block lay. */
  #lastStretch = -1;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** The peer asks for a block; false when it has asked for too much at once: it is not sent that one. */
  ask(place: BlockPlace): boolean {
    if (!this.#queue.add(place)) return false;
    this.#pump();
    return true;
  }

  /** The peer does not need a block any more. */
  cancel(place: BlockPlace): void {
    if (this.#queue.cancel(place)) this.reject(place);
  }

  /** The peer is choked: BEP 3 drops what it has asked for, BEP 6 has it told so. */
  drop(): void {
    for (const place of this.#queue.clear()) this.reject(place);
  }

  /** The peer is not sent a block. */
  reject({ piece, begin, length }: BlockPlace): void {
    if (!this.#options.fast) return;
    this.#options.connection.send(encodePeerMessage({ type: "reject", piece, begin, length }));
  }

  /** The block that was first, if it still is, is in memory. */
  onReady(): void {
    this.#isReading = false;
    this.#pump();
  }

  /** A block cannot be read. */
  onUnreadable(place: BlockPlace): void {
    this.#isReading = false;
    this.cancel(place);
    this.#pump();
  }

  /** So many bytes more may be sent. */
  grant(bytes: number): void {
    this.#isWaitingForBandwidth = false;
    this.#granted += bytes;
    this.#pump();
  }

  /** The connection has room again. */
  onDrained(): void {
    this.#isWaitingForRoom = false;
    this.#pump();
  }

  #pump(): void {
    let sent = 0;
    for (let place = this.#queue.at(0); place !== undefined; place = this.#queue.at(0)) {
      if (!this.#send(place)) break;
      this.#queue.shift();
      sent += place.length;
    }
    if (sent > 0) this.#options.sent(sent);
  }

  /** Sends a block, if it is here and may go; else sees to it that the pump goes on once it may. */
  #send(place: BlockPlace): boolean {
    const { connection, source: { blocks } } = this.#options;
    const { piece, begin, length } = place;
    if (this.#isReading) return false;
    const { queuedBytes } = connection;
    if (queuedBytes > 0 && queuedBytes + PIECE_HEADER_BYTES + length > OUTBOUND_BYTES) {
      return this.#awaitRoom();
    }
    const offset = this.#offsetOf(place);
    const first = blocks.find(offset, length);
    if (first === undefined) return this.#read(place);
    // A block may lie in two stretches.
    const isWhole = first.length === length;
    const rest = isWhole ? first : blocks.find(offset + first.length, length - first.length);
    if (rest === undefined) return this.#read(place);
    if (!this.#mayTake(length)) return false;
    writePieceHeader(header, piece, begin, length);
    connection.send(header);
    connection.send(first);
    if (!isWhole) connection.send(rest);
    this.#readAhead(place);
    return true;
  }

  #read(place: BlockPlace): false {
    const { connection, source: { storage } } = this.#options;
    this.#isReading = true;
    storage.tell({ type: "read", place, replyTo: connection.self });
    this.#readAhead(place);
    return false;
  }

  /** With the first block of a stretch, the stretch that the peer comes to next is taken into memory. */
  #readAhead(place: BlockPlace): void {
    const stretch = Math.floor(this.#offsetOf(place) / STRETCH_BYTES);
    if (stretch === this.#lastStretch) return;
    this.#lastStretch = stretch;
    const next = this.#queue.at(AHEAD_REQUESTS);
    const offset = next === undefined ? (stretch + 1) * STRETCH_BYTES : this.#offsetOf(next);
    this.#options.source.storage.tell({ type: "read-ahead", offset });
  }

  #offsetOf({ piece, begin }: BlockPlace): number {
    return piece * this.#options.pieceLength + begin;
  }

  #awaitRoom(): false {
    if (this.#isWaitingForRoom) return false;
    this.#isWaitingForRoom = true;
    const { connection } = this.#options;
    const drained = (): Drained => ({ type: "drained" });
    connection.context.pipe(connection.drained(), drained, drained);
    return false;
  }

  #mayTake(bytes: number): boolean {
    const { upload, connection } = this.#options;
    if (upload === undefined) return true;
    if (this.#granted >= bytes) {
      this.#granted -= bytes;
      return true;
    }
    if (!this.#isWaitingForBandwidth) {
      this.#isWaitingForBandwidth = true;
      upload.tell({ type: "take-bandwidth", bytes, replyTo: connection.self });
    }
    return false;
  }
}
