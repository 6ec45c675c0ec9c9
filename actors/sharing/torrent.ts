/**
 * One torrent: what is fetched from whom, and who is sent what.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import type { TorrentInfo } from "../../protocols/metainfo.ts";
import { LogThrottle } from "../net/mod.ts";
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
import { announcer, type AnnouncerCommand } from "./announcer.ts";
import { Bitfield } from "./bitfield.ts";
import { Dialling } from "./dialling.ts";
import { Fetching } from "./fetching.ts";
import type { BandwidthGranted, BlockSource, PeerCommand, PeerEvent, PeerIdentity } from "./messages.ts";
import { PiecePicker } from "./piece_picker.ts";
import { countsOf, type TorrentCommand, type TorrentOptions } from "./torrent_commands.ts";
import { storage } from "./storage.ts";
import type { Finished, PiecesFound, PieceWritten } from "./storage_commands.ts";
import type { TorrentPeer } from "./torrent_peer.ts";
import { NOT_READY, TorrentPeers, welcomeOf } from "./torrent_peers.ts";
import {
  type TorrentNotice,
  type TorrentState,
  type TorrentStatus,
  torrentStatus,
} from "./torrent_status.ts";
import { Unchoking } from "./unchoking.ts";

type Private =
  | PiecesFound
  | PieceWritten
  | Finished
  | BandwidthGranted
  | { readonly type: "tick" | "refill" | "files-changed" }
  | { readonly type: "go-on-verifying"; readonly active: ActivePiece }
  | { readonly type: "dial-ended"; readonly address: SocketAddress };

type Message = TorrentCommand | Private;

const TICK_MS = 500;
/** Bytes of pieces on their way, in memory. */
const MAX_ACTIVE_BYTES = 64 * 1024 * 1024;
const MAX_PEERS = 50;
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
  readonly #fetching: Fetching;
  readonly #source: BlockSource;
  readonly #announcer: Ref<AnnouncerCommand> | undefined;
  readonly #dialling: Dialling;
  readonly #unchoking: Unchoking;
  readonly #peers: TorrentPeers;
  readonly #warnings: LogThrottle;
  #state: TorrentState;
  #failure: string | undefined;
  #usedAtMs: number;
  #uploaded = 0;

  constructor(self: Context<Message>, options: TorrentOptions) {
    this.#self = self;
    this.#warnings = new LogThrottle(self);
    this.#options = options;
    this.#info = options.info;
    const { download, info: { pieceCount } } = options;
    this.#peers = new TorrentPeers(options.session.peerId, pieceCount, options.maxPeers ?? MAX_PEERS);
    const { random, hash } = self.world;
    this.#usedAtMs = self.coarseNow;
    this.#picker = new PiecePicker({
      info: options.info,
      random: () => random.next(),
      maxActiveBytes: MAX_ACTIVE_BYTES,
    });
    const pieces = self.meter.counter("troupe.sharing.pieces", {
      unit: "{piece}",
      description: "Pieces that were fetched and found good.",
    });
    this.#fetching = new Fetching({
      info: options.info,
      picker: this.#picker,
      hash,
      has: (peer) => this.#peers.has(peer),
      peers: () => this.#peers.all(),
      now: () => self.coarseNow,
      good: ({ index, bytes }) => {
        pieces.add(1);
        this.#source.storage.tell({ type: "write", piece: index, bytes, replyTo: self.self });
      },
      verifyLater: (active) => self.self.tell({ type: "go-on-verifying", active }),
      part: (peer, reason) => this.#part(peer, reason),
      ban: (peer) => this.#ban(peer),
      refillLater: (delayMs) => self.after(delayMs, { type: "refill" }),
      starving: () => this.#announcer?.tell({ type: "announce-soon" }),
      askBandwidth: download &&
        ((bytes) => download.tell({ type: "take-bandwidth", bytes, replyTo: self.self })),
    });
    this.#dialling = new Dialling({
      session: options.session,
      swarm: self.self,
      infoBytes: options.info.bytes,
      spawn: (name, behavior) => self.spawn(name, behavior, { onFailure: stop() }),
      ended: (address) => self.self.tell({ type: "dial-ended", address }),
    });
    this.#unchoking = new Unchoking(options.uploadSlots ?? 8, () => random.next(), self.coarseNow);
    this.#source = this.#spawnStorage();
    this.#announcer = this.#spawnAnnouncer();
    self.every(TICK_MS, { type: "tick" });
    if (options.place.type === "shared") {
      this.#picker.settleAll(Bitfield.full(options.info.pieceCount));
      this.#state = "seeding";
    } else {
      this.#state = "scanning";
      this.#source.storage.tell({ type: "scan", replyTo: self.self });
    }
  }

  #spawnStorage(): BlockSource {
    const { info, place, sha256, resources: { cache, openFiles, received, pace } } = this.#options;
    const blocks = cache.region();
    const changed = () => this.#self.self.tell({ type: "files-changed" });
    const known = sha256 === undefined ? {} : { sha256 };
    const owner = storage({ info, place, changed, blocks, openFiles, ...known });
    return { blocks, received, pace, storage: this.#self.spawn("storage", owner, { onFailure: escalate() }) };
  }

  #spawnAnnouncer(): Ref<AnnouncerCommand> | undefined {
    const { infoHash, trackers, session: { peerId, listenPort: port } } = this.#options;
    if (trackers.length === 0) return undefined;
    const { self } = this.#self;
    const counts = () => countsOf(self);
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
      case "announce-as":
        if (message.type === "announce-as") this.#dialling.also = message;
        return this.#announcer?.tell(message);
      case "release":
        if (this.#state !== "fetching") return;
        return this.#endWith({ type: "torrent-released", infoHash: this.#options.infoHash });
      case "get-status":
        return message.replyTo.tell(this.#status());
      case "pieces-found":
        return this.#onScanned(message);
      case "piece-written":
        return this.#onWritten(message);
      case "finished":
        return this.#onFinished(message);
      case "bandwidth-granted":
        return this.#fetching.grant(message.bytes);
      case "files-changed":
        return this.#fail("its files were changed");
      case "tick":
        return this.#onTick();
      case "refill":
        return this.#fetching.refillDue();
      case "go-on-verifying":
        return this.#fetching.verify(message.active);
      case "dial-ended":
        return this.#dialling.ended(message.address, this.#self.coarseNow);
      default:
        return this.#fromPeer(message);
    }
  }

  #fromPeer(message: Exclude<PeerEvent, { type: "peer-joined" }>): void {
    const peer = this.#peers.find(message.peer);
    if (peer === undefined) return;
    switch (message.type) {
      case "peer-left":
        return this.#leave(peer, message.reason);
      case "peer-bits":
        return this.#onBits(peer, message.bits);
      case "peer-has":
        return this.#onHas(peer, message.piece);
      case "peer-choked":
        return this.#fetching.onChoked(peer, message.isChoking);
      case "peer-interested":
        peer.isInterested = message.isInterested;
        return this.#unchoking.onInterest(peer, this.#peers.all());
      case "peer-allowed":
        return peer.allow(message.piece) ? this.#fetching.refill(peer) : undefined;
      case "peer-block":
        this.#fetching.onBlock(peer, message.piece, message.begin, message.bytes);
        return this.#source.received.give(message.bytes);
      case "peer-rejected":
        return this.#fetching.onRejected(peer, message.place.piece, message.place.begin);
      case "peer-took":
        peer.took(message.bytes, this.#self.coarseNow);
        this.#uploaded += message.bytes;
        return;
      case "peer-extensions":
        return peer.introduce(message);
      case "peer-metadata":
        return;
      default:
        assertNever(message);
    }
  }

  // Who is there.
  #join(ref: Ref<PeerCommand>, identity: PeerIdentity): void {
    const isReady = this.#state !== "scanning" && this.#state !== "failed";
    const admission = isReady ? this.#peers.admit(identity, this.#self.coarseNow) : NOT_READY;
    if (admission.type === "refused") {
      if (identity.isOutgoing && this.#peers.isBanned(identity)) this.#dialling.book.ban(identity.address);
      admission.for?.ref.tell({ type: "probe" });
      return ref.tell({ type: "part", reason: admission.reason });
    }
    if (admission.insteadOf !== undefined) this.#part(admission.insteadOf, "its place is needed");
    const peer = this.#peers.add(ref, identity, this.#self.coarseNow);
    const [peerId, infoHash] = [identity.handshake.peerId, identity.handshake.infoHash].map(hexText);
    this.#self.log.debug(`Peer ${peerId} joined ${infoHash}`, { event: "swarm-peer-joined" });
    ref.tell({ type: "welcome", welcome: welcomeOf(peer.id, this.#info, this.#picker.have, this.#source) });
  }

  #leave(peer: TorrentPeer, reason: string): void {
    if (!this.#peers.remove(peer)) return;
    if (peer.given.total > 0) this.#dialling.book.left(peer.listensAt, this.#self.coarseNow);
    this.#self.log.debug(`Peer left: ${reason}`, { event: "swarm-peer-left" });
    this.#picker.countPeer(peer.pieces, undefined);
    this.#fetching.release(peer);
    this.#fetching.refillSoon();
    this.#unchoking.fill(this.#peers.all(), this.#peers.all());
    this.#dialMore();
  }

  #part(peer: TorrentPeer, reason: string): void {
    peer.ref.tell({ type: "part", reason });
    this.#leave(peer, reason);
  }

  #ban(peer: TorrentPeer): void {
    this.#peers.ban(peer);
    const { address, isOutgoing } = peer.identity;
    // Where it says that it listens may be another's place.
    if (isOutgoing) this.#dialling.book.ban(address);
    const text = `Banned a peer of ${this.#info.name} at ${address.hostname}: it sent bad pieces`;
    this.#warnings.warn(this.#self.coarseNow, text, { event: "swarm-peer-banned" });
    this.#part(peer, "it sent bad pieces");
  }

  #dialMore(): void {
    if (this.#state !== "fetching" && this.#state !== "seeding") return;
    const most = this.#options.maxPeers ?? MAX_PEERS;
    this.#dialling.more(this.#peers.size, most, this.#self.coarseNow, this.#fetching.isServed);
  }

  // What peers have.

  #onBits(peer: TorrentPeer, bits: Uint8Array | "all" | "none"): void {
    const pieces = Bitfield.read(bits, this.#info.pieceCount);
    if (pieces === undefined) return this.#part(peer, "its bitfield is not one of this torrent");
    this.#picker.countPeer(peer.pieces, pieces);
    peer.pieces = pieces;
    peer.wantedCount = pieces.countBeyond(this.#picker.have);
    this.#afterHas(peer);
  }

  #onHas(peer: TorrentPeer, piece: number): void {
    if (piece >= this.#info.pieceCount) return this.#part(peer, "it has a piece that there is not");
    if (!peer.pieces.add(piece)) return;
    this.#picker.countPiece(piece, 1);
    const isWanted = !this.#picker.have.has(piece);
    if (isWanted) peer.wantedCount++;
    // What is here already changes nothing, but that it may have everything now.
    if (isWanted || peer.pieces.isFull) this.#afterHas(peer);
  }

  #afterHas(peer: TorrentPeer): void {
    if (this.#state === "seeding" && peer.pieces.isFull) return this.#part(peer, "both have everything");
    if (peer.identity.isOutgoing) this.#dialling.book.worked(peer.identity.address);
    this.#setInterested(peer);
    this.#fetching.refill(peer);
  }

  #setInterested(peer: TorrentPeer): void {
    const areWe = this.#state === "fetching" && peer.wantedCount > 0;
    if (areWe === peer.areWeInterested) return;
    peer.areWeInterested = areWe;
    peer.ref.tell({ type: "interest", isInterested: areWe });
  }

  #onWritten({ piece, bytes, failure }: PieceWritten): void {
    this.#picker.recycle(bytes);
    if (failure !== undefined) return this.#fail(failure);
    this.#picker.settle(piece, true);
    for (const peer of this.#peers.all()) {
      if (peer.pieces.has(piece)) peer.wantedCount--;
      peer.ref.tell({ type: "have", piece });
      this.#setInterested(peer);
    }
    if (this.#picker.have.isFull) this.#finish();
    else this.#fetching.refillAll();
  }

  // How it goes on.

  #onScanned({ pieces, failure }: PiecesFound): void {
    if (failure !== undefined) return this.#fail(failure);
    this.#picker.settleAll(pieces);
    if (pieces.count > 0) {
      const text = `Resuming ${this.#info.name}: ${pieces.count} of ${pieces.size} pieces are there`;
      this.#self.log.info(text, { event: "download-resumed" });
    }
    if (pieces.isFull) return this.#finish();
    this.#state = "fetching";
    this.#fetching.isOn = true;
    this.#options.observer.tell({ type: "torrent-ready", infoHash: this.#options.infoHash });
    this.#dialMore();
  }

  #finish(): void {
    if (this.#state === "failed") return;
    this.#state = "finishing";
    this.#fetching.isOn = false;
    this.#source.storage.tell({ type: "finish", replyTo: this.#self.self });
  }

  #onFinished({ failure }: Finished): void {
    if (failure !== undefined) return this.#fail(failure);
    this.#state = "seeding";
    for (const peer of this.#peers.all()) {
      this.#setInterested(peer);
      if (peer.pieces.isFull) this.#part(peer, "both have everything");
    }
    this.#announcer?.tell({ type: "announce-completed" });
    this.#options.observer.tell({ type: "torrent-complete", infoHash: this.#options.infoHash });
  }

  #fail(failure: string): void {
    if (this.#state === "failed") return;
    this.#failure = failure;
    this.#endWith({ type: "torrent-failed", infoHash: this.#options.infoHash, reason: failure });
  }

  #endWith(notice: TorrentNotice): void {
    this.#state = "failed";
    this.#fetching.isOn = false;
    for (const peer of this.#peers.all()) this.#part(peer, "the torrent has ended");
    this.#options.observer.tell(notice);
  }

  // The clock.

  #onTick(): void {
    const nowMs = this.#self.coarseNow;
    this.#fetching.tick();
    this.#unchoking.tick(this.#peers.all(), this.#state === "seeding", nowMs);
    this.#dialMore();
    if (this.#peers.size > 0 || this.#options.place.type !== "shared") this.#usedAtMs = nowMs;
    else if (nowMs - this.#usedAtMs > UNUSED_MS) this.#self.stop();
  }

  #status(): TorrentStatus {
    return torrentStatus({
      info: this.#info,
      infoHash: this.#options.infoHash,
      state: this.#state,
      failure: this.#failure,
      have: this.#picker.have,
      downloaded: this.#fetching.receivedBytes,
      uploaded: this.#uploaded,
      peers: [...this.#peers.all()],
      nowMs: this.#self.coarseNow,
    });
  }
}
