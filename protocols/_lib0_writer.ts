/**
 * Writes what lib0 reads: numbers as unsigned LEB128 (`varUint`), bytes behind their length.
 *
 * @module
 */
import { GrowingBytes } from "./_growing_bytes.ts";

/** Writes one message. */
export class Lib0Writer {
  readonly #bytes = new GrowingBytes(0);

  numbers(...values: readonly number[]): this {
    for (const value of values) this.#bytes.append(encodeNumber(value));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.numbers(bytes.length).raw(bytes);
  }

  /** Bytes without their length. */
  raw(bytes: Uint8Array): this {
    this.#bytes.append(bytes);
    return this;
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.take();
  }
}

function encodeNumber(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
