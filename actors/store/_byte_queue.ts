const FIRST_BYTES = 1024;

const encoder = new TextEncoder();

/** Bytes gathered one piece after the other, and taken all at once. */
export class ByteQueue {
  #bytes = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  pushByte(byte: number): void {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = byte;
  }

  pushUint32(value: number): void {
    this.#makeRoom(4);
    new DataView(this.#bytes.buffer).setUint32(this.#length, value);
    this.#length += 4;
  }

  pushText(text: string): void {
    // A UTF-16 unit becomes three bytes at most.
    this.#makeRoom(3 * text.length);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** What was gathered; the queue is empty and keeps nothing of it. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }

  #makeRoom(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, FIRST_BYTES));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
