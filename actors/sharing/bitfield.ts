/**
 * Which pieces somebody has.
 *
 * @module
 */

/** A set of pieces, in the form that peers send it: the first piece is the highest bit of the first byte. */
export class Bitfield {
  /** How many pieces there are. */
  readonly size: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #count = 0;

  /** An empty set of `size` pieces. */
  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** All of `size` pieces. */
  static full(size: number): Bitfield {
    const all = new Bitfield(size);
    all.#bytes.fill(0xff);
    if (size % 8 !== 0) all.#bytes[all.#bytes.length - 1] = 0xff << (8 - size % 8);
    all.#count = size;
    return all;
  }

  /** Reads a peer's bitfield; undefined when it has another length, or a piece beyond the last. */
  static parse(bits: Uint8Array, size: number): Bitfield | undefined {
    const read = new Bitfield(size);
    if (bits.length !== read.#bytes.length) return undefined;
    if (size % 8 !== 0 && ((bits.at(-1) ?? 0) & (0xff >> (size % 8))) !== 0) return undefined;
    read.#bytes.set(bits);
    for (const byte of bits) read.#count += BITS_OF[byte] ?? 0;
    return read;
  }

  /** Reads what a peer says that it has, as {@linkcode Bitfield.parse} does. */
  static read(bits: Uint8Array | "all" | "none", size: number): Bitfield | undefined {
    if (bits === "all") return Bitfield.full(size);
    return bits === "none" ? new Bitfield(size) : Bitfield.parse(bits, size);
  }

  /** Calls `changed` with each piece that is in one of two sets alone; no set is an empty one. */
  static changes(
    a: Bitfield | undefined,
    b: Bitfield | undefined,
    changed: (piece: number, isInB: boolean) => void,
  ): void {
    const [before, after] = [a?.bytes, b?.bytes];
    const length = before?.length ?? after?.length ?? 0;
    for (let index = 0; index < length; index++) {
      const now = after?.[index] ?? 0;
      const differing = (before?.[index] ?? 0) ^ now;
      // Most bytes of two bitfields of one peer are the same.
      if (differing === 0) continue;
      for (let bit = 0x80, piece = index * 8; bit > 0; bit >>= 1, piece++) {
        if ((differing & bit) !== 0) changed(piece, (now & bit) !== 0);
      }
    }
  }

  /** How many are in it. */
  get count(): number {
    return this.#count;
  }

  /** Whether all are in it. */
  get isFull(): boolean {
    return this.#count === this.size;
  }

  /** The bytes as peers send them. Not to be changed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Whether a piece is in it. */
  has(piece: number): boolean {
    return ((this.#bytes[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0;
  }

  /** Puts a piece in; false when it is there. */
  add(piece: number): boolean {
    if (piece < 0 || piece >= this.size || this.has(piece)) return false;
    this.#bytes[piece >> 3] = (this.#bytes[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
    this.#count++;
    return true;
  }

  /** Takes a piece out; false when it is not there. */
  remove(piece: number): boolean {
    if (!this.has(piece)) return false;
    this.#bytes[piece >> 3] = (this.#bytes[piece >> 3] ?? 0) & ~(0x80 >> (piece & 7));
    this.#count--;
    return true;
  }

  /** How many are in it and not in `other`, a set of as many pieces. */
  countBeyond(other: Bitfield): number {
    let count = 0;
    const theirs = other.#bytes;
    this.#bytes.forEach((byte, index) => count += BITS_OF[byte & ~(theirs[index] ?? 0)] ?? 0);
    return count;
  }
}

/** How many bits of a byte are set. */
const BITS_OF = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
});
