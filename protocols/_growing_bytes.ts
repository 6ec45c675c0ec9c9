/** Shared: there are very many that are empty. */
const NOTHING = new Uint8Array(0);

/** Bytes of a message or file that come one after the other, in one buffer that grows by doubling. */
export class GrowingBytes {
  readonly #firstBytes: number;
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  #length = 0;

  /** @param firstBytes how large the buffer is at first; a larger one is given back when it is cleared */
  constructor(firstBytes = 1024) {
    this.#firstBytes = firstBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** What is there, to be looked at until the next change. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }

  append(bytes: Uint8Array): void {
    this.write(bytes, this.#length);
  }

  /** Puts bytes at an offset; between the end so far and the offset there are zeros. */
  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#firstBytes, end, 2 * this.#buffer.length));
      larger.set(this.view);
      this.#buffer = larger;
    }
    // What was cut off before must read as zeros.
    if (offset > this.#length) this.#buffer.fill(0, this.#length, offset);
    this.#buffer.set(bytes, offset);
    this.#length = Math.max(this.#length, end);
  }

  /** Cuts to this length, or fills up with zeros. */
  truncate(length: number): void {
    if (length > this.#length) this.write(NOTHING, length);
    else this.#length = length;
  }

  /** What is there, which is the caller's from now on; nothing is left here. */
  take(): Uint8Array<ArrayBuffer> {
    // Who takes it may give it away, memory and all.
    const taken = this.#buffer === NOTHING ? new Uint8Array(0) : this.view;
    this.#buffer = NOTHING;
    this.#length = 0;
    return taken;
  }

  /** Forgets what is there. */
  clear(): void {
    if (this.#buffer.length > this.#firstBytes) this.#buffer = NOTHING;
    this.#length = 0;
  }
}
