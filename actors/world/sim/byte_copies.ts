/**
 * Copies of bytes that are soon forgotten.
 *
 * @module
 */

const BLOCK_BYTES = 1 << 16;
/** Beyond this, memory of its own costs less than what would be left over of a block. */
const MAX_SHARED_BYTES = 1 << 13;

/**
 * Copies bytes into blocks that many copies share: most of what is sent is short, and to ask for memory for
 * each of them, and have it collected, takes longer than to copy it.
 */
export class ByteCopies {
  #block = new Uint8Array(0);
  #used = 0;

  /** A copy of the first `count` bytes, which nobody else changes. */
  copy(bytes: Uint8Array, count: number): Uint8Array {
    if (count > MAX_SHARED_BYTES) return bytes.slice(0, count);
    if (this.#used + count > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const copy = this.#block.subarray(this.#used, this.#used + count);
    this.#used += count;
    copy.set(count === bytes.length ? bytes : bytes.subarray(0, count));
    return copy;
  }
}
