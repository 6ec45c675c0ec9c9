/**
 * Which blocks to ask a peer for: rarest pieces first, one peer a piece where that can be, and at the end
 * everybody for everything.
 *
 * @module
 */
import { pieceBytes, type TorrentInfo } from "../../protocols/metainfo.ts";
import { BLOCK_BYTES, type BlockPlace } from "../../protocols/peer_wire.ts";
import { ActivePiece, NOBODY } from "./active_piece.ts";
import { Bitfield } from "./bitfield.ts";

/** A peer as the picker knows it. */
export interface PickingPeer {
  /** 1 or more. */
  readonly id: number;
  /** What it has. */
  readonly pieces: Bitfield;
}

/** Options of {@linkcode PiecePicker}. */
export interface PiecePickerOptions {
  /** The torrent. */
  readonly info: Pick<TorrentInfo, "pieceLength" | "length" | "pieceCount">;
  /** A number from 0 to below 1: which of pieces that are equally rare comes first. */
  readonly random: () => number;
  /** Bytes of the pieces that are on their way at once; one always may be. */
  readonly maxActiveBytes: number;
}

/**
 * So many pieces are looked at for a rare one: in a torrent of a million the rarest of all is not worth the
 * time. Half as many for each further one that is picked at once, where pieces are small.
 */
const SCANNED_PIECES = 4096;
const LEAST_SCANNED_PIECES = 64;
/** So many for one that can be asked for at all: the next look goes on from there. */
const MOST_SCANNED_PIECES = 16_384;
/** Buffers of pieces that are kept for the next. */
const MAX_SPARE_BYTES = 8 * 1024 * 1024;
/** At the end a block is asked of so many peers at once. */
const ENDGAME_PEERS = 3;
/** Looks at the clock until who alone is to send a piece has taken too long; twice as many each time. */
const FIRST_PATIENCE = 20;

/** A piece that is to come from one peer alone. */
interface Exclusive {
  /** How often the clock is looked at before another peer is asked for it. */
  patience: number;
  /** Who has just failed to send it; {@linkcode NOBODY} when the clock has been looked at since. */
  failed: number;
}

/** Knows what is there, what is on its way and what is rare. Pure but for the chance it is given. */
export class PiecePicker {
  /** The pieces that are there and verified. */
  readonly have: Bitfield;
  readonly #options: PiecePickerOptions;
  /** How many peers have each piece. */
  readonly #availability: Uint16Array;
  readonly #active = new Map<number, ActivePiece>();
  /** Complete and being verified or written. */
  readonly #settling = new Set<number>();
  /** Pieces that are to come from one peer alone. */
  readonly #exclusive = new Map<number, Exclusive>();
  /** Of whole pieces that are on the disk: for those that are started next. */
  readonly #spareBuffers: Uint8Array<ArrayBuffer>[] = [];
  /** Where the last look for a piece ended that found none. */
  #resumeAt: number | undefined;

  /** Nothing is there. */
  constructor(options: PiecePickerOptions) {
    this.#options = options;
    const { pieceCount } = options.info;
    this.have = new Bitfield(pieceCount);
    this.#availability = new Uint16Array(pieceCount);
  }

  /** Pieces on their way, without those that are complete. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** Pieces that are complete and neither verified nor refused yet. */
  get settlingCount(): number {
    return this.#settling.size;
  }

  /** How many peers have a piece. */
  availabilityOf(piece: number): number {
    return this.#availability[piece] ?? 0;
  }

  /** A peer had pieces, or was not there, and has these now, or has gone. */
  countPeer(before: Bitfield | undefined, now: Bitfield | undefined): void {
    Bitfield.changes(before, now, (piece, isNow) => this.countPiece(piece, isNow ? 1 : -1));
  }

  /** One peer more, or fewer, has a piece. */
  countPiece(piece: number, by: 1 | -1): void {
    const count = this.availabilityOf(piece) + by;
    this.#availability[piece] = Math.min(0xffff, Math.max(0, count));
  }

  /**
   * Blocks to ask a peer for now, at most `count`. They count as asked until they are received or released.
   *
   * @param allowed a piece that may be asked for, where not all may
   */
  pick(peer: PickingPeer, count: number, allowed?: (piece: number) => boolean): BlockPlace[] {
    const places: BlockPlace[] = [];
    const may = (piece: number) => peer.pieces.has(piece) && (allowed === undefined || allowed(piece));
    this.#fromActive(peer, count, places, (active) => active.owner === peer.id && may(active.index));
    this.#fromActive(peer, count, places, (active) => {
      if (active.owner !== NOBODY || !may(active.index)) return false;
      active.owner = peer.id;
      return true;
    });
    for (let scanned = SCANNED_PIECES; places.length < count; scanned >>= 1) {
      const active = this.#start(peer, may, Math.max(LEAST_SCANNED_PIECES, scanned));
      if (active === undefined) break;
      active.askUnasked(peer.id, count, places);
    }
    const sharable = (active: ActivePiece) => !active.isExclusive && may(active.index);
    this.#fromActive(peer, count, places, sharable);
    if (places.length < count && this.#isAllUnderWay()) {
      for (const active of this.#active.values()) {
        if (sharable(active)) active.askAgain(peer.id, count, ENDGAME_PEERS, places);
        if (places.length >= count) break;
      }
    }
    return places;
  }

  #fromActive(
    peer: PickingPeer,
    count: number,
    places: BlockPlace[],
    take: (active: ActivePiece) => boolean,
  ): void {
    if (places.length >= count) return;
    for (const active of this.#active.values()) {
      if (active.hasUnasked && take(active)) active.askUnasked(peer.id, count, places);
      if (places.length >= count) return;
    }
  }

  /** Every piece that is missing is on its way. */
  #isAllUnderWay(): boolean {
    const { pieceCount } = this.#options.info;
    return this.have.count + this.#active.size + this.#settling.size === pieceCount;
  }

  #start(
    peer: PickingPeer,
    may: (piece: number) => boolean,
    scanned: number,
  ): ActivePiece | undefined {
    const { info, maxActiveBytes } = this.#options;
    const underWay = this.#active.size + this.#settling.size;
    if (underWay > 0 && (underWay + 1) * info.pieceLength > maxActiveBytes) return undefined;
    const mayStart = (piece: number) => may(piece) && this.#exclusive.get(piece)?.failed !== peer.id;
    const piece = this.#rarest(mayStart, scanned);
    if (piece === undefined) return undefined;
    const length = pieceBytes(info, piece);
    const buffer = length === info.pieceLength ? this.#spareBuffers.pop() : undefined;
    const active = new ActivePiece(piece, length, peer.id, buffer);
    active.isExclusive = this.#exclusive.has(piece);
    this.#active.set(piece, active);
    return active;
  }

  /**
   * The rarest of so many pieces that are missing; of equally rare ones the first after a random place. One
   * of which not all can be looked at in one go: undefined, though there may be one.
   */
  #rarest(may: (piece: number) => boolean, scanned: number): number | undefined {
    const { info: { pieceCount }, random } = this.#options;
    if (this.#isAllUnderWay()) return undefined;
    const first = this.#resumeAt ?? Math.floor(random() * pieceCount);
    const most = Math.min(pieceCount, MOST_SCANNED_PIECES);
    let best: number | undefined;
    let bestCount = Infinity;
    for (let step = 0; step < most; step++) {
      if (best !== undefined && (step >= scanned || bestCount <= 1)) break;
      const piece = first + step < pieceCount ? first + step : first + step - pieceCount;
      const count = this.#availability[piece] ?? 0;
      if (count >= bestCount || this.#isUnderWay(piece) || !may(piece)) continue;
      best = piece;
      bestCount = count;
    }
    this.#resumeAt = best === undefined && most < pieceCount ? (first + most) % pieceCount : undefined;
    return best;
  }

  #isUnderWay(piece: number): boolean {
    return this.have.has(piece) || this.#active.has(piece) || this.#settling.has(piece);
  }

  /** A block will not come from a peer: it is asked of others. */
  release(peer: number, place: BlockPlace): void {
    const active = this.#active.get(place.piece);
    if (active === undefined) return;
    active.release(peer, place.begin / BLOCK_BYTES);
    if (active.owner === peer) this.#disown(active);
  }

  /** A peer is not asked for anything now: others may be asked for the pieces that it was to send. */
  disown(peer: number): void {
    for (const active of this.#active.values()) if (active.owner === peer) this.#disown(active);
  }

  /** What is to come from one peer alone begins anew with the next, so that it is known who has lied. */
  #disown(active: ActivePiece): void {
    const exclusive = active.isExclusive ? this.#exclusive.get(active.index) : undefined;
    if (exclusive !== undefined) {
      exclusive.failed = active.owner;
      this.#active.delete(active.index);
    }
    active.owner = NOBODY;
  }

  /**
   * To be called a few times a second: who takes too long over what is to come from it alone does not keep it
   * from the others.
   */
  tick(): void {
    for (const exclusive of this.#exclusive.values()) exclusive.failed = NOBODY;
    for (const active of this.#active.values()) {
      const exclusive = active.isExclusive ? this.#exclusive.get(active.index) : undefined;
      if (exclusive === undefined || ++active.ticks < exclusive.patience) continue;
      exclusive.patience *= 2;
      this.#disown(active);
    }
  }

  /** Nothing that a peer was asked for will come, and no piece waits for it: it chokes, or has gone. */
  releasePeer(peer: number): void {
    this.disown(peer);
    for (const active of this.#active.values()) active.releaseAll(peer);
  }

  /**
   * A peer sent a block that it was asked for. Says who else was asked for it, and the piece once it is
   * complete: it is then {@linkcode PiecePicker.settle}d. Undefined: nobody waits for it.
   */
  receive(
    peer: number,
    piece: number,
    begin: number,
    bytes: Uint8Array,
  ): { readonly active: ActivePiece; readonly others: readonly number[] } | undefined {
    const active = this.#active.get(piece);
    const others = active?.take(peer, begin / BLOCK_BYTES, bytes);
    if (active === undefined || others === undefined) return undefined;
    if (active.isComplete) {
      this.#active.delete(piece);
      this.#settling.add(piece);
    }
    return { active, others };
  }

  /** Takes all of these pieces as there. */
  settleAll(pieces: Bitfield): void {
    for (let piece = 0; piece < pieces.size; piece++) if (pieces.has(piece)) this.settle(piece, true);
  }

  /** A complete piece is verified and there, or was bad and is fetched anew, from one peer alone. */
  settle(piece: number, isGood: boolean): void {
    this.#settling.delete(piece);
    const exclusive = this.#exclusive.get(piece);
    if (isGood) {
      this.have.add(piece);
      this.#exclusive.delete(piece);
    } else if (exclusive === undefined) {
      this.#exclusive.set(piece, { patience: FIRST_PATIENCE, failed: NOBODY });
    }
  }

  /** Nobody needs the bytes of a piece any more. */
  recycle(bytes: Uint8Array<ArrayBuffer>): void {
    const { pieceLength } = this.#options.info;
    const isUseful = (this.#spareBuffers.length + 1) * pieceLength <= MAX_SPARE_BYTES;
    if (isUseful && bytes.length === pieceLength) this.#spareBuffers.push(bytes);
  }
}
