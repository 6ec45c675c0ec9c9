/**
 * One torrent: what is fetched from whom, and who is sent what.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import type { TorrentInfo } from "../../protocols/metainfo.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  escalate,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import type { ActivePiece } from "./active_piece.ts";
import type { DialTarget } from "./address_book.ts";
import { announcer, type AnnouncerCommand } from "./announcer.ts";
import { BadPieces } from "./bad_pieces.ts";
import { Bitfield } from "./bitfield.ts";
import { equalBytes } from "./bytes.ts";
import { Dialling } from "./dialling.ts";
import type { BandwidthCommand, BandwidthGranted, PeerCommand, PeerEvent, PeerIdentity } from "./messages.ts";
import type { PeerSessionOptions } from "./peer_session.ts";
import { PiecePicker } from "./piece_picker.ts";
import { PieceVerifier } from "./piece_verifier.ts";
import {
  type Finished,
  type PiecesFound,
  type PieceWritten,
  storage,
  type StorageCommand,
  type StoragePlace,
} from "./storage.ts";
import { TorrentPeer } from "./torrent_peer.ts";
import {
  type TorrentNotice,
  type TorrentState,
  type TorrentStatus,
  torrentStatus,
} from "./torrent_status.ts";
import { Unchoking } from "./unchoking.ts";

/** What a {@linkcode torrent} can be told, beside what peers say. */
export type TorrentCommand =
  | PeerEvent
  /** Peers that were heard of. */
  | { readonly type: "found-peers"; readonly targets: readonly DialTarget[] }
  /** The trackers may have changed: they are asked anew. */
  | { readonly type: "announce-soon" }
  /** How it stands. */
  | { readonly type: "get-status"; readonly replyTo: Ref<TorrentStatus> };

/** Options of {@linkcode torrent}. */
export interface TorrentOptions {
  /** What it holds. */
  readonly info: TorrentInfo;
  /** Its info hash. */
  readonly infoHash: Uint8Array;
  /** Where its bytes are. What is shared is complete and was verified before; else what is there is looked for first. */
  readonly place: StoragePlace;
  /** The SHA-256 that the whole has to have; of a single file. */
  readonly sha256?: Uint8Array;
  /** Addresses of trackers in tiers. */
  readonly trackers: readonly (readonly string[])[];
  /** What connections that it makes are given. */
  readonly session: Omit<PeerSessionOptions, "wanted">;
  /** Hands out what may be asked for. @default no limit */
  readonly download?: Ref<BandwidthCommand>;
  /** Told what becomes of it. */
  readonly observer: Ref<TorrentNotice>;
  /** The most peers at once. @default 50 */
  readonly maxPeers?: number;
  /** How many peers are sent to at once. @default 8 */
  readonly uploadSlots?: number;
}

type Private =
  | PiecesFound
  | PieceWritten
  | Finished
  | BandwidthGranted
  | { readonly type: "tick" }
  | { readonly type: "files-changed" }
  | { readonly type: "go-on-verifying"; readonly active: ActivePiece }
  | { readonly type: "dial-ended"; readonly address: SocketAddress };

type Message = TorrentCommand | Private;

const TICK_MS = 500;
/** A peer that was asked and says nothing for so long has its blocks asked of others, and in the end is replaced. */
const SNUB_MS = 5000;
const REPLACE_MS = 30_000;
/** Bytes of pieces on their way, in memory. */
const MAX_ACTIVE_BYTES = 64 * 1024 * 1024;
const MAX_BANNED = 1000;
const MAX_PEERS = 50;
const STATUS_MS = 2000;
/** A torrent that is only given, and to nobody for so long, is let go until somebody asks for it. */
const UNUSED_MS = 120_000;

/** Fetches what is missing from whoever has it, and gives what is there to whoever asks. */
export function torrent(options: TorrentOptions): Behavior<TorrentCommand> {
  return withPrivateMessages<TorrentCommand, Private>((self) => {
    const it = new Torrent(self, options);
    return (message) => it.receive(message);
  });
}

class Torrent {
  readonly #self: Context<Message>;
  readonly #options: TorrentOptions;
  readonly #info: TorrentInfo;
  readonly #picker: PiecePicker;
  readonly #verifier: PieceVerifier;
  readonly #badPieces = new BadPieces();
  readonly #storage: Ref<StorageCommand>;
  readonly #announcer: Ref<AnnouncerCommand> | undefined;
  readonly #dialling: Dialling;
  readonly #unchoking: Unchoking;
  readonly #peers = new Map<Ref<PeerCommand>, TorrentPeer>();
  readonly #banned = new Set<string>();
  #state: TorrentState;
  #failure: string | undefined;
  #peerCount = 0;
  /** Bytes that may be asked for; infinite without a limit. */
  #allowance: number;
  #isAllowanceAsked = false;
  #downloaded = 0;
  #usedAtMs: number;
  #uploaded = 0;

  constructor(self: Context<Message>, options: TorrentOptions) {
    this.#self = self;
    this.#options = options;
    this.#info = options.info;
    this.#allowance = options.download === undefined ? Infinity : 0;
    const { random, hash } = self.world;
    this.#usedAtMs = self.coarseNow;
    this.#picker = new PiecePicker({
      info: options.info,
      random: () => random.next(),
      maxActiveBytes: MAX_ACTIVE_BYTES,
    });
    this.#verifier = new PieceVerifier(options.info, hash);
    this.#dialling = new Dialling({
      session: options.session,
      swarm: self.self,
      infoBytes: options.info.bytes,
      spawn: (name, behavior) => self.spawn(name, behavior, { onFailure: stop() }),
      ended: (address) => self.self.tell({ type: "dial-ended", address }),
    });
    this.#unchoking = new Unchoking(options.uploadSlots ?? 8, () => random.next(), self.coarseNow);
    this.#storage = this.#spawnStorage();
    this.#announcer = this.#spawnAnnouncer();
    self.every(TICK_MS, { type: "tick" });
    if (options.place.type === "shared") {
      this.#haveAll(Bitfield.full(options.info.pieceCount));
      this.#state = "seeding";
    } else {
      this.#state = "scanning";
      this.#storage.tell({ type: "scan", replyTo: self.self });
    }
  }

  #spawnStorage(): Ref<StorageCommand> {
    const { info, place, sha256 } = this.#options;
    const changed = () => this.#self.self.tell({ type: "files-changed" });
    const behavior = storage({ info, place, changed, ...(sha256 === undefined ? {} : { sha256 }) });
    return this.#self.spawn("storage", behavior, { onFailure: escalate() });
  }

  #spawnAnnouncer(): Ref<AnnouncerCommand> | undefined {
    const { infoHash, trackers, session } = this.#options;
    if (trackers.length === 0) return undefined;
    const { self } = this.#self;
    const counts = async () => {
      const status = await self.ask({ type: "get-status" }, { timeoutMs: STATUS_MS });
      const { uploaded, downloaded, length, haveBytes } = status;
      return { uploaded, downloaded, left: length - haveBytes };
    };
    const { peerId, listenPort: port } = session;
    return this.#self.spawn(
      "announcer",
      announcer({ trackers, infoHash, peerId, port, counts, found: self }),
    );
  }

  receive(message: Message): void {
    switch (message.type) {
      case "peer-joined":
        return this.#join(message.peer, message.identity);
      case "found-peers":
        for (const target of message.targets) this.#dialling.book.add(target);
        return this.#dialMore();
      case "announce-soon":
        return this.#announcer?.tell(message);
      case "get-status":
        return message.replyTo.tell(this.#status());
      case "pieces-found":
        return this.#onScanned(message);
      case "piece-written":
        return this.#onWritten(message);
      case "finished":
        return this.#onFinished(message);
      case "bandwidth-granted":
        this.#isAllowanceAsked = false;
        this.#allowance += message.bytes;
        return this.#refillAll();
      case "files-changed":
        return this.#fail("its files were changed");
      case "tick":
        return this.#onTick();
      case "go-on-verifying":
        return this.#verify(message.active);
      case "dial-ended":
        return this.#dialling.ended(message.address, this.#self.coarseNow);
      default:
        return this.#fromPeer(message);
    }
  }

  #fromPeer(message: Exclude<PeerEvent, { type: "peer-joined" }>): void {
    const peer = this.#peers.get(message.peer);
    if (peer === undefined) return;
    switch (message.type) {
      case "peer-left":
        return this.#leave(peer, message.reason);
      case "peer-bits":
        return this.#onBits(peer, message.bits);
      case "peer-has":
        return this.#onHas(peer, message.piece);
      case "peer-choked":
        return this.#onChoked(peer, message.isChoking);
      case "peer-interested":
        peer.isInterested = message.isInterested;
        return this.#unchoking.onInterest(peer, this.#peers.values());
      case "peer-allowed":
        peer.allow(message.piece);
        return this.#refill(peer);
      case "peer-block":
        return this.#onBlock(peer, message.piece, message.begin, message.bytes);
      case "peer-rejected":
        return this.#onRejected(peer, message.place.piece, message.place.begin);
      case "peer-took":
        peer.taken.add(message.bytes);
        this.#uploaded += message.bytes;
        return;
      case "peer-extensions":
        if (message.maxRequests !== undefined) peer.pipeline.limit(message.maxRequests);
        peer.client = message.client;
        peer.listenPort = message.listenPort;
        return;
      case "peer-metadata":
        return;
      default:
        assertNever(message);
    }
  }

  // Who is there.

  #join(ref: Ref<PeerCommand>, identity: PeerIdentity): void {
    const { maxPeers = MAX_PEERS } = this.#options;
    const { infoHash, peerId } = identity.handshake;
    const refusal = this.#banned.has(hexText(peerId))
      ? "it is banned"
      : this.#state === "scanning" || this.#state === "failed"
      ? "the torrent is not ready"
      : this.#peers.size >= maxPeers
      ? "the torrent has peers enough"
      : this.#refuseSecond(identity);
    if (refusal !== undefined) return ref.tell({ type: "part", reason: refusal });
    const { pieceCount, pieceLength, length } = this.#info;
    const { have } = this.#picker;
    const peer = new TorrentPeer(++this.#peerCount, ref, identity, pieceCount, this.#self.coarseNow);
    this.#peers.set(ref, peer);
    this.#self.log.debug(`Peer ${hexText(peerId)} joined ${hexText(infoHash)}`);
    ref.tell({
      type: "welcome",
      welcome: {
        id: peer.id,
        bits: have.bytes.slice(),
        pieceCount,
        haveCount: have.count,
        pieceLength,
        length,
        storage: this.#storage,
      },
    });
  }

  /** Of two connections to one peer that one stays which the side with the greater ID has dialled: both sides see it so. */
  #refuseSecond(identity: PeerIdentity): string | undefined {
    const { peerId } = identity.handshake;
    for (const other of this.#peers.values()) {
      if (!equalBytes(other.identity.handshake.peerId, peerId)) continue;
      const isOursGreater = hexText(this.#options.session.peerId) > hexText(peerId);
      if (identity.isOutgoing === other.identity.isOutgoing || identity.isOutgoing !== isOursGreater) {
        return "there is a connection to it";
      }
      other.ref.tell({ type: "part", reason: "there is another connection to it" });
      this.#leave(other, "replaced");
      return undefined;
    }
    return undefined;
  }

  #leave(peer: TorrentPeer, reason: string): void {
    if (!this.#peers.delete(peer.ref)) return;
    this.#self.log.debug(`Peer left: ${reason}`);
    this.#picker.countPeer(peer.pieces, -1);
    this.#releaseAll(peer);
    this.#refillAll();
    this.#unchoking.fill(this.#peers.values(), this.#peers.values());
    this.#dialMore();
  }

  #part(peer: TorrentPeer, reason: string): void {
    peer.ref.tell({ type: "part", reason });
    this.#leave(peer, reason);
  }

  #ban(peer: TorrentPeer): void {
    if (this.#banned.size < MAX_BANNED) this.#banned.add(hexText(peer.identity.handshake.peerId));
    const { address, isOutgoing } = peer.identity;
    const port = isOutgoing ? address.port : peer.listenPort;
    if (port !== undefined) this.#dialling.book.ban({ hostname: address.hostname, port });
    this.#self.log.warn(`Banned a peer of ${this.#info.name} at ${address.hostname}: it sent bad pieces`);
    this.#part(peer, "it sent bad pieces");
  }

  #dialMore(): void {
    if (this.#state !== "fetching" && this.#state !== "seeding") return;
    this.#dialling.more(this.#peers.size, this.#options.maxPeers ?? MAX_PEERS, this.#self.coarseNow);
  }

  // What peers have.

  #onBits(peer: TorrentPeer, bits: Uint8Array | "all" | "none"): void {
    const { pieceCount } = this.#info;
    const pieces = bits === "all"
      ? Bitfield.full(pieceCount)
      : bits === "none"
      ? new Bitfield(pieceCount)
      : Bitfield.parse(bits, pieceCount);
    if (pieces === undefined) return this.#part(peer, "its bitfield is not one of this torrent");
    this.#picker.countPeer(peer.pieces, -1);
    peer.pieces = pieces;
    this.#picker.countPeer(pieces, 1);
    peer.wantedCount = pieces.countBeyond(this.#picker.have);
    this.#afterHas(peer);
  }

  #onHas(peer: TorrentPeer, piece: number): void {
    if (piece >= this.#info.pieceCount) return this.#part(peer, "it has a piece that there is not");
    if (!peer.pieces.add(piece)) return;
    this.#picker.countPiece(piece, 1);
    if (!this.#picker.have.has(piece)) peer.wantedCount++;
    this.#afterHas(peer);
  }

  #afterHas(peer: TorrentPeer): void {
    if (this.#state === "seeding" && peer.pieces.isFull) return this.#part(peer, "both have everything");
    if (peer.identity.isOutgoing) this.#dialling.book.worked(peer.identity.address);
    this.#setInterested(peer);
    this.#refill(peer);
  }

  #setInterested(peer: TorrentPeer): void {
    const areWe = this.#state === "fetching" && peer.wantedCount > 0;
    if (areWe === peer.areWeInterested) return;
    peer.areWeInterested = areWe;
    peer.ref.tell({ type: "interest", isInterested: areWe });
  }

  // What is asked of peers.

  #onChoked(peer: TorrentPeer, isChoking: boolean): void {
    peer.isChoking = isChoking;
    if (!isChoking) return this.#refill(peer);
    // BEP 6: every request is answered, with the block or without it. Else a choke drops them.
    if (peer.identity.handshake.fast) return;
    this.#releaseAll(peer);
    this.#refillAll();
  }

  #releaseAll(peer: TorrentPeer): void {
    for (const { place, isReleased } of peer.pipeline.clear()) {
      if (!isReleased) this.#picker.release(peer.id, place);
    }
  }

  #onRejected(peer: TorrentPeer, piece: number, begin: number): void {
    const outstanding = peer.pipeline.take(piece, begin);
    if (outstanding === undefined) return;
    peer.allowed.delete(piece);
    if (!outstanding.isReleased) this.#picker.release(peer.id, outstanding.place);
    // Not asked again at once: who rejects without choking would be asked for ever.
    for (const other of this.#peers.values()) if (other !== peer) this.#refill(other);
  }

  #refillAll(): void {
    for (const peer of this.#peers.values()) this.#refill(peer);
  }

  #refill(peer: TorrentPeer): void {
    if (this.#state !== "fetching" || peer.wantedCount === 0 || peer.isSnubbing) return;
    // It may have been banned a moment ago.
    if (!this.#peers.has(peer.ref)) return;
    if (peer.isChoking && peer.allowed.size === 0) return;
    const { room } = peer.pipeline;
    const count = Math.min(room, this.#allowedBlocks(room));
    if (count < 1) return;
    const places = this.#picker.pick(peer, count, peer.askable);
    if (places.length === 0) return;
    if (peer.pipeline.size === 0) peer.lastBlockAtMs = this.#self.coarseNow;
    peer.pipeline.add(places);
    for (const { length } of places) this.#allowance -= length;
    peer.ref.tell({ type: "request", places });
  }

  #allowedBlocks(wanted: number): number {
    const { download } = this.#options;
    if (download === undefined) return wanted;
    const blocks = Math.floor(this.#allowance / BLOCK_BYTES);
    if (blocks < wanted && !this.#isAllowanceAsked) {
      this.#isAllowanceAsked = true;
      download.tell({ type: "take-bandwidth", bytes: BLOCK_BYTES, replyTo: this.#self.self });
    }
    return blocks;
  }

  // What comes.

  #onBlock(peer: TorrentPeer, piece: number, begin: number, bytes: Uint8Array): void {
    const outstanding = peer.pipeline.take(piece, begin);
    // What was not asked for, or is not asked for any more, is passed over.
    if (outstanding === undefined) return;
    if (bytes.length !== outstanding.place.length) {
      return this.#part(peer, "it sent a block of another length");
    }
    peer.given.add(bytes.length);
    peer.lastBlockAtMs = this.#self.coarseNow;
    peer.isSnubbing = false;
    this.#downloaded += bytes.length;
    const received = this.#picker.receive(peer.id, piece, begin, bytes);
    if (received !== undefined) {
      if (received.others.length > 0) this.#cancel(received.others, piece, begin);
      this.#verify(received.active);
    }
    this.#refill(peer);
  }

  #cancel(ids: readonly number[], piece: number, begin: number): void {
    for (const other of this.#peers.values()) {
      if (!ids.includes(other.id)) continue;
      const outstanding = other.pipeline.take(piece, begin);
      if (outstanding !== undefined) other.ref.tell({ type: "cancel", place: outstanding.place });
    }
  }

  #verify(active: ActivePiece): void {
    switch (this.#verifier.verify(active)) {
      case "unknown":
        return;
      case "more":
        return this.#self.self.tell({ type: "go-on-verifying", active });
      case "good":
        for (const id of this.#badPieces.good(active)) this.#banById(id);
        return this.#storage.tell({
          type: "write",
          piece: active.index,
          bytes: active.bytes,
          replyTo: this.#self.self,
        });
      case "bad":
        this.#self.log.debug(`Piece ${active.index} of ${this.#info.name} is bad`);
        this.#picker.settle(active.index, false);
        this.#banById(this.#badPieces.bad(active));
        return this.#refillAll();
    }
  }

  #banById(id: number): void {
    for (const peer of this.#peers.values()) if (peer.id === id) return this.#ban(peer);
  }

  #onWritten({ piece, failure }: PieceWritten): void {
    if (failure !== undefined) return this.#fail(failure);
    this.#picker.settle(piece, true);
    for (const peer of this.#peers.values()) {
      if (peer.pieces.has(piece)) peer.wantedCount--;
      peer.ref.tell({ type: "have", piece });
      this.#setInterested(peer);
    }
    if (this.#picker.have.isFull) this.#finish();
    else this.#refillAll();
  }

  // How it goes on.

  #onScanned({ pieces, failure }: PiecesFound): void {
    if (failure !== undefined) return this.#fail(failure);
    this.#haveAll(pieces);
    if (pieces.count > 0) {
      this.#self.log.info(
        `Resuming ${this.#info.name}: ${pieces.count} of ${pieces.size} pieces are there`,
      );
    }
    if (pieces.isFull) return this.#finish();
    this.#state = "fetching";
    this.#options.observer.tell({ type: "torrent-ready", infoHash: this.#options.infoHash });
    this.#dialMore();
  }

  #haveAll(pieces: Bitfield): void {
    for (let piece = 0; piece < pieces.size; piece++) if (pieces.has(piece)) this.#picker.settle(piece, true);
  }

  #finish(): void {
    this.#state = "finishing";
    this.#storage.tell({ type: "finish", replyTo: this.#self.self });
  }

  #onFinished({ failure }: Finished): void {
    if (failure !== undefined) return this.#fail(failure);
    this.#state = "seeding";
    for (const peer of this.#peers.values()) {
      this.#setInterested(peer);
      if (peer.pieces.isFull) this.#part(peer, "both have everything");
    }
    this.#announcer?.tell({ type: "announce-completed" });
    this.#options.observer.tell({ type: "torrent-complete", infoHash: this.#options.infoHash });
  }

  #fail(failure: string): void {
    if (this.#state === "failed") return;
    this.#state = "failed";
    this.#failure = failure;
    for (const peer of this.#peers.values()) this.#part(peer, "the torrent has failed");
    this.#options.observer.tell({
      type: "torrent-failed",
      infoHash: this.#options.infoHash,
      reason: failure,
    });
  }

  // The clock.

  #onTick(): void {
    const nowMs = this.#self.coarseNow;
    for (const peer of this.#peers.values()) {
      peer.pipeline.fit(peer.given.rate(nowMs), nowMs);
      this.#lookForSilence(peer, nowMs);
    }
    this.#unchoking.tick(this.#peers.values(), this.#state === "seeding", nowMs);
    this.#refillAll();
    this.#dialMore();
    if (this.#peers.size > 0 || this.#options.place.type !== "shared") this.#usedAtMs = nowMs;
    else if (nowMs - this.#usedAtMs > UNUSED_MS) this.#self.stop();
  }

  #lookForSilence(peer: TorrentPeer, nowMs: number): void {
    if (peer.pipeline.size === 0) return;
    const silentMs = nowMs - peer.lastBlockAtMs;
    if (silentMs >= REPLACE_MS) return this.#part(peer, "it did not send what it was asked for");
    if (silentMs < SNUB_MS || peer.isSnubbing) return;
    peer.isSnubbing = true;
    peer.pipeline.shrink();
    for (const outstanding of peer.pipeline.all()) {
      outstanding.isReleased = true;
      this.#picker.release(peer.id, outstanding.place);
    }
  }

  #status(): TorrentStatus {
    const { infoHash } = this.#options;
    return torrentStatus({
      info: this.#info,
      infoHash,
      state: this.#state,
      failure: this.#failure,
      have: this.#picker.have,
      downloaded: this.#downloaded,
      uploaded: this.#uploaded,
      peers: [...this.#peers.values()],
      nowMs: this.#self.coarseNow,
    });
  }
}
