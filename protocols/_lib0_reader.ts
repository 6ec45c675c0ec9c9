/**
 * Reads what lib0 writes: numbers as unsigned LEB128 (`varUint`), texts and bytes behind their length.
 *
 * @module
 */

/** What came is not of the protocol. */
export class YProtocolError extends Error {
  /** For `error.name`. */
  override readonly name = "YProtocolError";
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads from the beginning of some bytes to their end. All of it throws {@linkcode YProtocolError}. */
export class Lib0Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new YProtocolError("a message ends too early");
    return byte;
  }

  number(): number {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new YProtocolError("a message ends in the middle of a number");
      value += (byte & 0x7f) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw new YProtocolError("a number is too large");
      if (byte < 0x80) return value;
    }
  }

  /** A view of what was read from. */
  bytes(): Uint8Array {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new YProtocolError("a message is shorter than it says");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    try {
      return UTF8.decode(this.bytes());
    } catch (error) {
      if (error instanceof YProtocolError) throw error;
      throw new YProtocolError("a text is not UTF-8");
    }
  }
}
