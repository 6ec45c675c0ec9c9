/**
 * Stretches of a torrent in memory, for peers that ask for blocks one after the other.
 *
 * @module
 */

/**
 * Keeps what was read last, up to so many bytes. A stretch that is being read is waited for by all who want
 * it.
 */
export class BlockCache<K> {
  readonly #maxBytes: number;
  readonly #stretches = new Map<K, Promise<Uint8Array> | Uint8Array>();
  #bytes = 0;

  /** An empty cache. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The stretch, or the promise of it; `read` reads it where it is not there. */
  get(key: K, read: () => Promise<Uint8Array>): Promise<Uint8Array> | Uint8Array {
    const known = this.#stretches.get(key);
    if (known !== undefined) {
      if (known instanceof Uint8Array) {
        this.#stretches.delete(key);
        this.#stretches.set(key, known);
      }
      return known;
    }
    const reading = read();
    this.#stretches.set(key, reading);
    reading.then((bytes) => this.#put(key, bytes), () => this.#stretches.delete(key));
    return reading;
  }

  /** Forgets everything. */
  clear(): void {
    this.#stretches.clear();
    this.#bytes = 0;
  }

  #put(key: K, bytes: Uint8Array): void {
    if (!this.#stretches.has(key)) return;
    this.#stretches.set(key, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, stretch] of this.#stretches) {
      if (this.#bytes <= this.#maxBytes) return;
      if (!(stretch instanceof Uint8Array)) continue;
      this.#stretches.delete(oldest);
      this.#bytes -= stretch.length;
    }
  }
}
