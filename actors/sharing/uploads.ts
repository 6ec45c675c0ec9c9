/**
 * What one peer is sent.
 *
 * @module
 */
import { type BlockPlace, encodePeerMessage, encodePieceHeader } from "../../protocols/peer_wire.ts";
import type { Connection } from "../net/mod.ts";
import type { Ref } from "../runtime/mod.ts";
import type { BandwidthCommand, PeerCommand } from "./messages.ts";
import type { StorageCommand } from "./storage.ts";
import { UploadQueue } from "./upload_queue.ts";

/** Sent to the connection by itself: its queue has room again. */
export interface Drained {
  /** Tag of the message. */
  readonly type: "drained";
}

/** What {@linkcode Uploads} needs of its connection. */
export interface UploadsOptions {
  readonly connection: Connection<PeerCommand | Drained>;
  readonly storage: Ref<StorageCommand>;
  /** Hands out what may be sent; undefined: there is no limit. */
  readonly upload: Ref<BandwidthCommand> | undefined;
  /** The peer is told of what it is not sent (BEP 6). */
  readonly fast: boolean;
  /** Told of the bytes of each block that was sent. */
  readonly sent: (bytes: number) => void;
}

/** While this much waits for the peer, no more is read for it. */
const OUTBOUND_BYTES = 256 * 1024;
/** Blocks that are read ahead for one peer. */
const MAX_READING = 64;

/** Has the blocks that a peer asked for read and sent, in order, as long as there is room for them. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #queue = new UploadQueue();
  #isWaitingForRoom = false;
  #isWaitingForBandwidth = false;
  #granted = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** The peer asks for a block; false when it has asked for too much at once. */
  ask(place: BlockPlace): boolean {
    if (!this.#queue.add(place)) {
      if (!this.#options.fast) return false;
      this.reject(place);
    }
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

  /** A block was read. */
  onRead(place: BlockPlace, bytes: Uint8Array): void {
    if (this.#queue.finish(place)) {
      const { connection, sent } = this.#options;
      connection.send(encodePieceHeader(place.piece, place.begin, bytes.length));
      connection.send(bytes);
      sent(bytes.length);
    }
    this.#pump();
  }

  /** A block cannot be read. */
  onUnreadable(place: BlockPlace): void {
    if (this.#queue.finish(place)) this.reject(place);
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
    const { connection, storage } = this.#options;
    while (this.#queue.nextBytes > 0 && this.#queue.readingCount < MAX_READING) {
      if (connection.queuedBytes >= OUTBOUND_BYTES) return this.#awaitRoom();
      if (!this.#mayTake(this.#queue.nextBytes)) return;
      const place = this.#queue.next();
      if (place !== undefined) storage.tell({ type: "read", place, replyTo: connection.self });
    }
  }

  #awaitRoom(): void {
    if (this.#isWaitingForRoom) return;
    this.#isWaitingForRoom = true;
    const { connection } = this.#options;
    const drained = (): Drained => ({ type: "drained" });
    connection.context.pipe(connection.drained(), drained, drained);
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
