/**
 * Buffers that many connections use by turns, so that one with nothing to say holds none.
 *
 * @module
 */

/**
 * The smallest buffer, which is what a line needs: the fewer pages a crowd touches, the less it waits for
 * memory.
 */
const TINY_BUFFER_BYTES = 512;
/** A buffer for a few lines. */
export const SMALL_BUFFER_BYTES = 4096;
/** The largest buffer that is used again. */
export const LARGE_BUFFER_BYTES = 65536;

/** Buffers of one size that nobody uses now. */
class FreeList {
  readonly bytes: number;
  readonly #capacity: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  constructor(bytes: number, capacity: number) {
    this.bytes = bytes;
    this.#capacity = capacity;
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.bytes);
  }

  put(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < this.#capacity) this.#free.push(buffer);
  }
}

/** Lends buffers, and keeps at most 3 MiB of them for later. */
export class BufferPool {
  readonly #tiny = new FreeList(TINY_BUFFER_BYTES, 2048);
  readonly #small = new FreeList(SMALL_BUFFER_BYTES, 128);
  readonly #middle = new FreeList(4 * SMALL_BUFFER_BYTES, 32);
  readonly #large = new FreeList(LARGE_BUFFER_BYTES, 16);

  /** A buffer of at least `bytes` bytes, with anything in it. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes <= this.#tiny.bytes) return this.#tiny.take();
    if (bytes <= this.#small.bytes) return this.#small.take();
    if (bytes <= this.#middle.bytes) return this.#middle.take();
    if (bytes <= this.#large.bytes) return this.#large.take();
    // Doubling, so that what grows little by little is not copied each time.
    return new Uint8Array(2 ** Math.ceil(Math.log2(bytes)));
  }

  /** Takes a buffer back that nobody reads or writes any more. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === this.#tiny.bytes) this.#tiny.put(buffer);
    else if (buffer.length === this.#small.bytes) this.#small.put(buffer);
    else if (buffer.length === this.#middle.bytes) this.#middle.put(buffer);
    else if (buffer.length === this.#large.bytes) this.#large.put(buffer);
  }
}
