/**
 * What a torrent asks its peers for, and what it makes of what they send.
 *
 * @module
 */
import type { TorrentInfo } from "../../protocols/metainfo.ts";
import { BLOCK_BYTES, type BlockPlace } from "../../protocols/peer_wire.ts";
import type { Hash } from "../world/world.ts";
import type { ActivePiece } from "./active_piece.ts";
import { BadPieces } from "./bad_pieces.ts";
import { Hunger } from "./hunger.ts";
import type { PiecePicker } from "./piece_picker.ts";
import { PieceVerifier } from "./piece_verifier.ts";
import type { Outstanding } from "./request_pipeline.ts";
import type { TorrentPeer } from "./torrent_peer.ts";

/** What {@linkcode Fetching} needs of its torrent. */
export interface FetchingOptions {
  readonly info: TorrentInfo;
  readonly picker: PiecePicker;
  readonly hash: Hash;
  /** Whether a peer is still there, and all that are. */
  readonly has: (peer: TorrentPeer) => boolean;
  readonly peers: () => Iterable<TorrentPeer>;
  /** The present time in milliseconds. */
  readonly now: () => number;
  /** A piece is complete and good. */
  readonly good: (active: ActivePiece) => void;
  /** To be called back with {@linkcode Fetching.verify}, after others had their turn. */
  readonly verifyLater: (active: ActivePiece) => void;
  /** A peer broke the rules, or lied. */
  readonly part: (peer: TorrentPeer, reason: string) => void;
  readonly ban: (peer: TorrentPeer) => void;
  /** Nobody who is there has any of what is missing, and has not for a while. */
  readonly starving: () => void;
  /** Has {@linkcode Fetching.refillDue} called after so long. */
  readonly refillLater: (delayMs: number) => void;
  /** Asks for so many bytes to be {@linkcode Fetching.grant}ed; undefined: there is no limit. */
  readonly askBandwidth: ((bytes: number) => void) | undefined;
}

/**
 * A peer that was asked and says nothing for so long has its blocks asked of others, and in the end is
 * replaced.
 */
const SNUB_MS = 5000;
const REPLACE_MS = 30_000;
/** What peers give back by the hundred is asked of others once in so long. */
const REFILL_MS = 20;
/** Who refuses so many blocks, one after the other and without a choke, is not asked for a while. */
const MAX_REFUSALS = 64;
const REFUSING_MS = 10_000;

/** Keeps every peer that gives busy, and every block that is missing asked for. */
export class Fetching {
  /** Whether something is to be fetched. */
  isOn = false;
  readonly #options: FetchingOptions;
  readonly #verifier: PieceVerifier;
  readonly #badPieces = new BadPieces();
  readonly #hunger: Hunger;
  /** Bytes that may be asked for. */
  #allowance: number;
  #isAllowanceAsked = false;
  /** Whose turn it is first, where what may be asked for is limited. */
  #turn = 0;
  #isRefillDue = false;
  #received = 0;

  constructor(options: FetchingOptions) {
    this.#options = options;
    this.#verifier = new PieceVerifier(options.info, options.hash);
    this.#hunger = new Hunger(options.now());
    this.#allowance = options.askBandwidth === undefined ? Infinity : 0;
  }

  /** Bytes of blocks that came. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** Whether nothing is to be fetched, or somebody is at it. */
  get isServed(): boolean {
    if (!this.isOn) return true;
    for (const peer of this.#options.peers()) if (peer.pipeline.size > 0 && !peer.isSnubbing) return true;
    return false;
  }

  /** So many bytes more may be asked for. */
  grant(bytes: number): void {
    this.#isAllowanceAsked = false;
    this.#allowance += bytes;
    this.refillAll();
  }

  /** Asks every peer for what it may be asked for: of a limited allowance, each time another one first. */
  refillAll(): void {
    const peers = [...this.#options.peers()];
    const first = this.#options.askBandwidth === undefined ? 0 : this.#turn++ % Math.max(1, peers.length);
    for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) this.refill(peer);
  }

  /** As {@linkcode Fetching.refillAll}, in a moment, once for all that happens until then. */
  refillSoon(): void {
    if (this.#isRefillDue) return;
    this.#isRefillDue = true;
    this.#options.refillLater(REFILL_MS);
  }

  /** The moment of {@linkcode Fetching.refillSoon} is over. */
  refillDue(): void {
    this.#isRefillDue = false;
    this.refillAll();
  }

  /** Asks a peer for more, if there is room for more requests. */
  refill(peer: TorrentPeer): void {
    if (!this.isOn || peer.wantedCount === 0 || peer.isSnubbing) return;
    // It may have been banned a moment ago.
    if (!this.#options.has(peer)) return;
    if (peer.isChoking && peer.allowed.size === 0) return;
    if (this.#options.now() < peer.refusingUntilMs) return;
    const { room } = peer.pipeline;
    const count = Math.min(room, this.#allowedBlocks(room));
    if (count < 1) return;
    const places = this.#options.picker.pick(peer, count, peer.askable);
    if (places.length === 0) return;
    if (peer.pipeline.size === 0) peer.lastBlockAtMs = this.#options.now();
    const fresh = places.filter((place) => !this.#isUnderWay(peer, place));
    peer.pipeline.add(fresh);
    for (const { length } of fresh) this.#allowance -= length;
    if (fresh.length > 0) peer.ref.tell({ type: "request", places: fresh });
  }

  /** What a peer was asked for, and others might have been since, is its own again: it is not asked twice. */
  #isUnderWay(peer: TorrentPeer, { piece, begin }: BlockPlace): boolean {
    const outstanding = peer.pipeline.find(piece, begin);
    if (outstanding === undefined) return false;
    if (outstanding.isReleased) this.#allowance -= outstanding.place.length;
    outstanding.isReleased = false;
    return true;
  }

  #allowedBlocks(wanted: number): number {
    const { askBandwidth } = this.#options;
    if (askBandwidth === undefined) return wanted;
    const blocks = Math.floor(this.#allowance / BLOCK_BYTES);
    if (blocks < wanted && !this.#isAllowanceAsked) {
      this.#isAllowanceAsked = true;
      askBandwidth(BLOCK_BYTES);
    }
    return blocks;
  }

  /** A peer chokes us, or no longer does. */
  onChoked(peer: TorrentPeer, isChoking: boolean): void {
    peer.isChoking = isChoking;
    if (!isChoking) return this.refill(peer);
    // BEP 6: every request is answered, with the block or without it. Else a choke drops them.
    if (peer.identity.handshake.fast) this.#options.picker.disown(peer.id);
    else this.release(peer);
    this.refillSoon();
  }

  /** Nothing that a peer was asked for will come. */
  release(peer: TorrentPeer): void {
    for (const outstanding of peer.pipeline.all()) this.#giveBack(outstanding);
    peer.pipeline.clear();
    peer.isSnubbing = false;
    this.#options.picker.releasePeer(peer.id);
  }

  /** A peer will not send a block. */
  onRejected(peer: TorrentPeer, piece: number, begin: number): void {
    const outstanding = peer.pipeline.take(piece, begin);
    if (outstanding === undefined) return;
    peer.allowed.delete(piece);
    if (!outstanding.isReleased) this.#options.picker.release(peer.id, outstanding.place);
    this.#giveBack(outstanding);
    this.#forgive(peer);
    if (!peer.isChoking && ++peer.refusals >= MAX_REFUSALS) {
      peer.refusals = 0;
      peer.refusingUntilMs = this.#options.now() + REFUSING_MS;
      this.#options.picker.disown(peer.id);
    }
    this.refillSoon();
  }

  /** Of whom nothing is expected any more nothing can come that would show that it gives again. */
  #forgive(peer: TorrentPeer): void {
    if (peer.pipeline.size === 0) peer.isSnubbing = false;
  }

  /** What was allowed and does not come may be asked of others. */
  #giveBack({ isReleased, place }: Outstanding): void {
    if (!isReleased) this.#allowance += place.length;
  }

  /** A peer sent a block. */
  onBlock(peer: TorrentPeer, piece: number, begin: number, bytes: Uint8Array): void {
    const outstanding = peer.pipeline.find(piece, begin);
    // What was not asked for, or is not asked for any more, is passed over.
    if (outstanding === undefined) return;
    if (bytes.length !== outstanding.place.length) {
      return this.#options.part(peer, "it sent a block of another length");
    }
    peer.pipeline.take(piece, begin);
    peer.given.add(bytes.length);
    peer.lastBlockAtMs = peer.usedAtMs = this.#options.now();
    peer.isSnubbing = false;
    peer.refusals = 0;
    // It was given back, and has come after all.
    if (outstanding.isReleased) this.#allowance -= bytes.length;
    this.#received += bytes.length;
    const received = this.#options.picker.receive(peer.id, piece, begin, bytes);
    if (received !== undefined) {
      if (received.others.length > 0) this.#cancel(received.others, piece, begin);
      this.verify(received.active);
    }
    this.refill(peer);
  }

  #cancel(ids: readonly number[], piece: number, begin: number): void {
    for (const other of this.#options.peers()) {
      if (!ids.includes(other.id)) continue;
      const outstanding = other.pipeline.take(piece, begin);
      if (outstanding === undefined) continue;
      this.#giveBack(outstanding);
      this.#forgive(other);
      other.ref.tell({ type: "cancel", place: outstanding.place });
    }
  }

  /** Goes on verifying a piece. */
  verify(active: ActivePiece): void {
    switch (this.#verifier.verify(active)) {
      case "unknown":
        return;
      case "more":
        return this.#options.verifyLater(active);
      case "good":
        for (const id of this.#badPieces.good(active)) this.#ban(id);
        return this.#options.good(active);
      case "bad":
        this.#options.picker.settle(active.index, false);
        this.#ban(this.#badPieces.bad(active));
        return this.refillAll();
    }
  }

  #ban(id: number): void {
    for (const peer of this.#options.peers()) if (peer.id === id) return this.#options.ban(peer);
  }

  /** Looks at the clock: peers that are silent have their blocks asked of others. */
  tick(): void {
    const nowMs = this.#options.now();
    this.#options.picker.tick();
    let isFed = !this.isOn;
    for (const peer of this.#options.peers()) {
      isFed ||= peer.wantedCount > 0;
      peer.pipeline.fit(peer.given.rate(nowMs), nowMs);
      this.#lookForSilence(peer, nowMs);
    }
    if (this.#hunger.isTimeToAsk(isFed, nowMs)) this.#options.starving();
    this.refillAll();
  }

  #lookForSilence(peer: TorrentPeer, nowMs: number): void {
    if (peer.pipeline.size === 0) return;
    const silentMs = nowMs - peer.lastBlockAtMs;
    if (silentMs >= REPLACE_MS) return this.#options.part(peer, "it did not send what it was asked for");
    if (silentMs < SNUB_MS || peer.isSnubbing) return;
    peer.isSnubbing = true;
    peer.pipeline.shrink();
    this.#options.picker.disown(peer.id);
    for (const outstanding of peer.pipeline.all()) {
      this.#giveBack(outstanding);
      outstanding.isReleased = true;
      this.#options.picker.release(peer.id, outstanding.place);
    }
  }
}
