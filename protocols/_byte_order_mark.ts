/**
 * The byte order mark that some programs write before UTF-8.
 *
 * @module
 */

/** U+FEFF in UTF-8. */
export const BYTE_ORDER_MARK: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf);

/** A text without the mark before it; RFC 8259 lets a reader of JSON pass over one. */
export function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, "");
}

const NOTHING = new Uint8Array(0);

/** Drops a mark at the start of a stream, however that is split. */
export class MarkStripper {
  /** Bytes of the mark that came and that nothing has followed. */
  #held = 0;
  #isDone = false;

  /** True once the start of the stream is passed: chunks need not be shown any more. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The next chunk without the mark. What may be the beginning of one is held back. */
  strip(chunk: Uint8Array): Uint8Array {
    const heldBefore = this.#held;
    let at = 0;
    while (at < chunk.length && chunk[at] === BYTE_ORDER_MARK[this.#held]) {
      this.#held++;
      at++;
    }
    if (this.#held < BYTE_ORDER_MARK.length && at === chunk.length) return NOTHING;
    this.#isDone = true;
    if (this.#held === BYTE_ORDER_MARK.length) return chunk.subarray(at);
    return heldBefore === 0 ? chunk : withHeld(heldBefore, chunk);
  }

  /** The stream has ended: what was held back is what it is. */
  rest(): Uint8Array {
    this.#isDone = true;
    return BYTE_ORDER_MARK.subarray(0, this.#held % BYTE_ORDER_MARK.length);
  }
}

function withHeld(count: number, chunk: Uint8Array): Uint8Array {
  const whole = new Uint8Array(count + chunk.length);
  whole.set(BYTE_ORDER_MARK.subarray(0, count));
  whole.set(chunk, count);
  return whole;
}
