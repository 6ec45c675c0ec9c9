/**
 * A piece of which some blocks have been asked for.
 *
 * @module
 */
import { BLOCK_BYTES, type BlockPlace } from "../../protocols/peer_wire.ts";

/** Nobody: no peer has this ID. */
export const NOBODY = 0;

/** A piece on its way: which blocks were asked of whom, which came from whom, and their bytes. */
export class ActivePiece {
  /** Index in the torrent. */
  readonly index: number;
  /** The bytes, as far as they have come. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many blocks it has. */
  readonly blockCount: number;
  /** The peer from which it is fetched in the first place; {@linkcode NOBODY} when that one has gone. */
  owner: number;
  /** Asked of its owner alone, since a piece of several peers was bad. */
  isExclusive = false;
  /** How often the clock was looked at since it is asked of its owner alone. */
  ticks = 0;
  /** Blocks from the beginning on that are hashed already. */
  hashedBlocks = 0;
  /** It was found good, or bad. */
  isVerified = false;
  /** Who sent each block; {@linkcode NOBODY}: it is missing. */
  readonly #senders: Int32Array;
  /** Who was asked for each block and has not answered. */
  readonly #asked: (number[] | undefined)[];
  #missing: number;
  #unasked: number;

  /** A piece of so many bytes, of which nothing has come; `bytes` may hold anything. */
  constructor(
    index: number,
    length: number,
    owner: number,
    bytes: Uint8Array<ArrayBuffer> = new Uint8Array(length),
  ) {
    this.index = index;
    this.owner = owner;
    this.bytes = bytes;
    this.blockCount = Math.ceil(length / BLOCK_BYTES);
    this.#senders = new Int32Array(this.blockCount);
    this.#asked = new Array<number[] | undefined>(this.blockCount);
    this.#missing = this.#unasked = this.blockCount;
  }

  /** Whether every block is there. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Whether a block was asked of nobody. */
  get hasUnasked(): boolean {
    return this.#unasked > 0;
  }

  /** Whether a block is there. */
  hasBlock(block: number): boolean {
    return this.#senders[block] !== NOBODY;
  }

  /** Who sent a block. */
  senderOf(block: number): number {
    return this.#senders[block] ?? NOBODY;
  }

  /** Whether all blocks that came are of one peer. */
  get hasOneSender(): boolean {
    return this.#senders.every((sender) => sender === this.#senders[0]);
  }

  /** Where a block is. */
  place(block: number): BlockPlace {
    const begin = block * BLOCK_BYTES;
    return { piece: this.index, begin, length: Math.min(BLOCK_BYTES, this.bytes.length - begin) };
  }

  /** The bytes of a block. */
  block(block: number): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
  }

  /** Puts blocks that nobody was asked for into `places`, until there are `count`, as asked of `peer`. */
  askUnasked(peer: number, count: number, places: BlockPlace[]): void {
    for (let block = 0; block < this.blockCount && this.#unasked > 0 && places.length < count; block++) {
      if (this.hasBlock(block) || (this.#asked[block]?.length ?? 0) > 0) continue;
      this.#asked[block] = [peer];
      this.#unasked--;
      places.push(this.place(block));
    }
  }

  /**
   * Puts blocks that others were asked for, at most `maxAsked` of them, into `places`, as asked of `peer`
   * too.
   */
  askAgain(peer: number, count: number, maxAsked: number, places: BlockPlace[]): void {
    for (let block = 0; block < this.blockCount && places.length < count; block++) {
      const asked = this.#asked[block];
      if (this.hasBlock(block) || asked === undefined || asked.length === 0) continue;
      if (asked.length >= maxAsked || asked.includes(peer)) continue;
      asked.push(peer);
      places.push(this.place(block));
    }
  }

  /** A block will not come from this peer. */
  release(peer: number, block: number): void {
    const asked = this.#asked[block];
    const at = asked?.indexOf(peer) ?? -1;
    if (asked === undefined || at < 0) return;
    asked.splice(at, 1);
    if (asked.length === 0 && !this.hasBlock(block)) this.#unasked++;
  }

  /** Nothing more will come from this peer. */
  releaseAll(peer: number): void {
    for (let block = 0; block < this.blockCount; block++) this.release(peer, block);
    if (this.owner === peer) this.owner = NOBODY;
  }

  /**
   * Takes a block. Says who else was asked for it; undefined when it is there already, or the piece is to
   * come from another peer alone.
   */
  take(peer: number, block: number, bytes: Uint8Array): readonly number[] | undefined {
    if (this.hasBlock(block)) return undefined;
    const asked = this.#asked[block] ?? [];
    if (this.isExclusive && !asked.includes(peer)) return undefined;
    if (asked.length === 0) this.#unasked--;
    this.#asked[block] = undefined;
    this.bytes.set(bytes, block * BLOCK_BYTES);
    this.#senders[block] = peer;
    this.#missing--;
    return asked.filter((other) => other !== peer);
  }
}
