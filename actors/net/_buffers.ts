/**
 * Buffers that many connections use by turns, so that one with nothing to say holds none.
 *
 * @module
 */

/**
 * The smallest buffer, which is what a line needs: the fewer pages a crowd touches, the less it waits for
 * memory.
 */
export const TINY_BUFFER_BYTES = 512;
/** A buffer for a few lines. */
export const SMALL_BUFFER_BYTES = 4096;
/** A buffer for many messages. */
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

/**
 * Lends buffers, and keeps at most 9.5 MiB of them for later: those of 16 KiB for a crowd of some hundred
 * peers who all talk.
 */
export class BufferPool {
  readonly #tiny = new FreeList(TINY_BUFFER_BYTES, 2048);
  readonly #small = new FreeList(SMALL_BUFFER_BYTES, 128);
  /** For bulk. Each is twice the one before: what grows little by little is rarely copied. */
  readonly #larger = [
    new FreeList(4 * SMALL_BUFFER_BYTES, 256),
    new FreeList(LARGE_BUFFER_BYTES, 16),
    new FreeList(2 * LARGE_BUFFER_BYTES, 8),
    new FreeList(4 * LARGE_BUFFER_BYTES, 4),
    new FreeList(8 * LARGE_BUFFER_BYTES, 2),
  ];

  /** A buffer of at least `bytes` bytes, with anything in it. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes <= this.#tiny.bytes) return this.#tiny.take();
    if (bytes <= this.#small.bytes) return this.#small.take();
    for (const list of this.#larger) if (bytes <= list.bytes) return list.take();
    return new Uint8Array(2 ** Math.ceil(Math.log2(bytes)));
  }

  /** Takes a buffer back that nobody reads or writes any more. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === this.#tiny.bytes) this.#tiny.put(buffer);
    else if (buffer.length === this.#small.bytes) this.#small.put(buffer);
    else this.#larger.find(({ bytes }) => bytes === buffer.length)?.put(buffer);
  }
}
