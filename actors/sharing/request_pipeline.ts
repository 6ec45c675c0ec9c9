/**
 * The blocks that one peer was asked for and has not sent.
 *
 * @module
 */
import { BLOCK_BYTES, type BlockPlace } from "../../protocols/peer_wire.ts";

/** A block that was asked for. */
export interface Outstanding {
  /** Which one. */
  readonly place: BlockPlace;
  /** Others may be asked for it: this peer was silent for too long. */
  isReleased: boolean;
}

const MIN_WINDOW = 16;
const MAX_WINDOW = 256;
/** So much time's worth of blocks is under way, once it is known how fast the peer is. */
const WINDOW_SECONDS = 1;
/** Until then the window grows by one with each block. */
const GROWTH_MS = 3000;
const BLOCKS_OF_PIECE = 1 << 12;

/** Keeps as many requests under way as the peer answers in about a second. */
export class RequestPipeline {
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #sinceMs: number;
  #window = MIN_WINDOW;
  #maxRequests = MAX_WINDOW;

  /** Nothing was asked for. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** How many blocks are under way. */
  get size(): number {
    return this.#outstanding.size;
  }

  /** The peer keeps no more than so many requests waiting. */
  limit(maxRequests: number): void {
    this.#maxRequests = Math.max(1, Math.min(MAX_WINDOW, maxRequests));
  }

  /** How many more may be asked for now: none until there is room for several. */
  get room(): number {
    const window = Math.min(this.#window, this.#maxRequests);
    const room = window - this.#outstanding.size;
    return room * 4 >= window || this.#outstanding.size < MIN_WINDOW / 2 ? Math.max(0, room) : 0;
  }

  /** The peer gives so many bytes a second. */
  fit(bytesPerSecond: number, nowMs: number): void {
    if (nowMs - this.#sinceMs < GROWTH_MS) return;
    const window = Math.ceil(bytesPerSecond * WINDOW_SECONDS / BLOCK_BYTES);
    this.#window = Math.max(MIN_WINDOW, Math.min(MAX_WINDOW, window));
  }

  /** Blocks were asked for. */
  add(places: readonly BlockPlace[]): void {
    for (const place of places) this.#outstanding.set(keyOf(place), { place, isReleased: false });
  }

  /** The block that was asked for at this place; undefined when there is none. */
  find(piece: number, begin: number): Outstanding | undefined {
    const outstanding = this.#outstanding.get(keyOf({ piece, begin }));
    // Another place may have the same key: blocks begin where they were asked for.
    return outstanding?.place.piece === piece && outstanding.place.begin === begin ? outstanding : undefined;
  }

  /** A block came, was rejected or cancelled; undefined when it was not asked for. */
  take(piece: number, begin: number): Outstanding | undefined {
    const outstanding = this.find(piece, begin);
    if (outstanding === undefined) return undefined;
    this.#outstanding.delete(keyOf(outstanding.place));
    if (this.#window < MAX_WINDOW) this.#window++;
    return outstanding;
  }

  /** All that is under way. */
  all(): Iterable<Outstanding> {
    return this.#outstanding.values();
  }

  /** Nothing of it will come. */
  clear(): void {
    this.#outstanding.clear();
  }

  /** The peer is slow to answer: it is asked for little until it does. */
  shrink(): void {
    this.#window = MIN_WINDOW;
  }
}

function keyOf({ piece, begin }: Pick<BlockPlace, "piece" | "begin">): number {
  return piece * BLOCKS_OF_PIECE + Math.floor(begin / BLOCK_BYTES);
}
