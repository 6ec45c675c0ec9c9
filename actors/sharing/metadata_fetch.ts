/**
 * The info dictionary of a magnet link, from peers (BEP 9).
 *
 * @module
 */
import { MAX_INFO_BYTES, parseInfo, type TorrentInfo } from "../../protocols/metainfo.ts";
import { METADATA_PIECE_BYTES, type MetadataMessage } from "../../protocols/peer_extensions.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import { errorText, type Hasher, type SocketAddress } from "../world/world.ts";
import type { DialTarget } from "./address_book.ts";
import { announcer, type AnnouncerCommand } from "./announcer.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { Dialling } from "./dialling.ts";
import { Hunger } from "./hunger.ts";
import type { PeerCommand, PeerEvent } from "./messages.ts";
import type { PeerSessionOptions } from "./peer_session.ts";

/** What becomes of the search. */
export type MetadataNotice =
  /** It was found, and is what the link says. */
  | {
    readonly type: "metadata-found";
    readonly info: TorrentInfo;
    readonly peers: readonly SocketAddress[];
  }
  /** A peer is there, and is asked. */
  | { readonly type: "metadata-peer" }
  /** It was found, and is nothing that can be taken. */
  | { readonly type: "metadata-refused"; readonly reason: string };

/** What a {@linkcode metadataFetch} can be told, beside what peers say. */
export type MetadataFetchCommand =
  | PeerEvent
  | { readonly type: "found-peers"; readonly targets: readonly DialTarget[] }
  /** The trackers may have changed: they are asked anew. */
  | { readonly type: "announce-soon" };

/** Options of {@linkcode metadataFetch}. */
export interface MetadataFetchOptions {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** Addresses of trackers in tiers. */
  readonly trackers: readonly (readonly string[])[];
  /** What connections are given. */
  readonly session: Omit<PeerSessionOptions, "wanted">;
  /** Told what becomes of it. */
  readonly observer: Ref<MetadataNotice>;
}

type Private =
  | { readonly type: "tick" }
  | { readonly type: "dial-ended"; readonly address: SocketAddress };

const TICK_MS = 1000;
/** A peer that was asked and sends nothing for so long is left. */
const SILENCE_MS = 10_000;
/** One that has sent for so long gives way to those that wait to be asked. */
const TURN_MS = 30_000;
const MAX_PEERS = 20;
/** So many are asked at once: what each says to have is memory taken. */
const MAX_ASKED = 4;

/**
 * A peer that sends its metadata: a dictionary is taken from one peer alone, so that it is known who lies.
 */
interface Source {
  readonly ref: Ref<PeerCommand>;
  readonly address: SocketAddress;
  /** Bytes of the metadata that it says it has; 0: it has said nothing. */
  size: number;
  /** What came of it; undefined until it is asked. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Of what came: eight megabytes at once would keep sockets waiting. */
  hasher: Hasher | undefined;
  /** The next piece that is expected. */
  next: number;
  heardAtMs: number;
  askedAtMs: number;
}

/** Asks every peer that it finds until one has sent a dictionary of this hash. */
export function metadataFetch(options: MetadataFetchOptions): Behavior<MetadataFetchCommand> {
  return withPrivateMessages<MetadataFetchCommand, Private>((self) => {
    const it = new MetadataFetch(self, options);
    return (message) => it.receive(message);
  });
}

class MetadataFetch {
  readonly #self: Context<MetadataFetchCommand | Private>;
  readonly #options: MetadataFetchOptions;
  readonly #sources = new Map<Ref<PeerCommand>, Source>();
  readonly #dialling: Dialling;
  readonly #announcer: Ref<AnnouncerCommand> | undefined;
  readonly #hunger: Hunger;
  #isFound = false;

  constructor(self: Context<MetadataFetchCommand | Private>, options: MetadataFetchOptions) {
    this.#self = self;
    this.#options = options;
    this.#dialling = new Dialling({
      session: options.session,
      swarm: self.self,
      spawn: (name, behavior) => self.spawn(name, behavior, { onFailure: stop() }),
      ended: (address) => self.self.tell({ type: "dial-ended", address }),
    });
    const { infoHash, trackers, session: { peerId, listenPort: port } } = options;
    // Nothing is known of its length: what is missing is not nothing.
    const counts = () => Promise.resolve({ uploaded: 0, downloaded: 0, left: 1 });
    if (trackers.length > 0) {
      const announce = announcer({ trackers, infoHash, peerId, port, counts, found: self.self });
      this.#announcer = self.spawn("announcer", announce);
    }
    this.#hunger = new Hunger(self.coarseNow);
    self.every(TICK_MS, { type: "tick" });
  }

  receive(message: MetadataFetchCommand | Private): void {
    switch (message.type) {
      case "found-peers":
        for (const target of message.targets) this.#dialling.book.add(target);
        return this.#dialMore();
      case "announce-soon":
        return this.#announcer?.tell(message);
      case "dial-ended":
        return this.#dialling.ended(message.address, this.#self.coarseNow);
      case "tick":
        return this.#onTick();
      case "peer-joined":
        return this.#join(message.peer, message.identity.address);
      case "peer-left":
        this.#sources.delete(message.peer);
        this.#askWaiting();
        return this.#dialMore();
      case "peer-extensions":
        return this.#onExtensions(message.peer, message.metadataBytes);
      case "peer-metadata":
        return this.#onMetadata(message.peer, message.message);
      case "peer-bits":
      case "peer-has":
      case "peer-choked":
      case "peer-interested":
      case "peer-allowed":
      case "peer-block":
      case "peer-rejected":
      case "peer-took":
        return;
      default:
        assertNever(message);
    }
  }

  #dialMore(): void {
    const { size } = this.#sources;
    if (!this.#isFound) this.#dialling.more(size, MAX_PEERS, this.#self.coarseNow, size > 0);
  }

  #join(ref: Ref<PeerCommand>, address: SocketAddress): void {
    if (this.#sources.size >= MAX_PEERS) return ref.tell({ type: "part", reason: "there are peers enough" });
    const heardAtMs = this.#self.coarseNow;
    this.#options.observer.tell({ type: "metadata-peer" });
    this.#sources.set(ref, {
      ref,
      address,
      size: 0,
      bytes: undefined,
      hasher: undefined,
      next: 0,
      heardAtMs,
      askedAtMs: heardAtMs,
    });
    ref.tell({ type: "welcome", welcome: { id: 1, pieceCount: 1, haveCount: 0, pieceLength: 0, length: 0 } });
  }

  #onExtensions(ref: Ref<PeerCommand>, metadataBytes: number | undefined): void {
    const source = this.#sources.get(ref);
    if (source === undefined || source.size > 0 || metadataBytes === undefined) return;
    if (metadataBytes < 1 || metadataBytes > MAX_INFO_BYTES) {
      return this.#part(source, "its metadata is too large");
    }
    source.size = metadataBytes;
    this.#askWaiting();
  }

  #askWaiting(): void {
    let asked = 0;
    for (const { bytes } of this.#sources.values()) if (bytes !== undefined) asked++;
    for (const source of this.#sources.values()) {
      if (asked >= MAX_ASKED) return;
      if (source.size === 0 || source.bytes !== undefined) continue;
      source.bytes = new Uint8Array(source.size);
      source.hasher = this.#self.world.hash.start("SHA-1");
      source.askedAtMs = this.#self.coarseNow;
      this.#askNext(source);
      asked++;
    }
  }

  #askNext(source: Source): void {
    source.heardAtMs = this.#self.coarseNow;
    source.ref.tell({ type: "send-metadata", message: { type: "request", piece: source.next } });
  }

  #onMetadata(ref: Ref<PeerCommand>, message: MetadataMessage): void {
    const source = this.#sources.get(ref);
    if (source?.bytes === undefined || source.hasher === undefined || this.#isFound) return;
    if (message.type !== "data") return this.#part(source, "it has no metadata to give");
    const { bytes, hasher, next } = source;
    const at = next * METADATA_PIECE_BYTES;
    const expected = Math.min(METADATA_PIECE_BYTES, bytes.length - at);
    if (message.piece !== next || message.data.length !== expected || message.totalBytes !== bytes.length) {
      return this.#part(source, "it sent other metadata than it was asked for");
    }
    bytes.set(message.data, at);
    hasher.update(message.data);
    source.next++;
    if (source.next * METADATA_PIECE_BYTES < bytes.length) return this.#askNext(source);
    if (!equalBytes(hasher.digest(), this.#options.infoHash)) {
      return this.#part(source, "its metadata is false");
    }
    this.#found(bytes);
  }

  #found(bytes: Uint8Array): void {
    this.#isFound = true;
    const { observer } = this.#options;
    try {
      const peers = [...this.#sources.values()].map(({ address }) => address);
      observer.tell({ type: "metadata-found", info: parseInfo(bytes), peers });
    } catch (error) {
      observer.tell({ type: "metadata-refused", reason: errorText(error) });
    }
  }

  #part(source: Source, reason: string): void {
    this.#sources.delete(source.ref);
    source.ref.tell({ type: "part", reason });
    this.#askWaiting();
    this.#dialMore();
  }

  #onTick(): void {
    const nowMs = this.#self.coarseNow;
    const isWaiting = ({ size, bytes }: Source) => size > 0 && bytes === undefined;
    for (const source of this.#sources.values()) {
      if (isWaiting(source)) continue;
      const isLate = source.bytes !== undefined && nowMs - source.askedAtMs >= TURN_MS;
      if (nowMs - source.heardAtMs >= SILENCE_MS) this.#part(source, "it sent no metadata");
      else if (isLate && this.#sources.values().some(isWaiting)) this.#part(source, "it is too slow");
    }
    const isFed = this.#isFound || this.#sources.values().some(({ size }) => size > 0);
    if (this.#hunger.isTimeToAsk(isFed, nowMs)) this.#announcer?.tell({ type: "announce-soon" });
    this.#dialMore();
  }
}
