/**
 * Bytes are gathered in stretches of a slab this large: making one costs as much as filling many stretches.
 */
const SLAB_BYTES = 1 << 15;
/** A slab with less than this left is left to those who hold stretches of it. */
const MIN_LEFT_BYTES = 1 << 10;

/** A text this short is encoded faster by a loop than by a call out of JavaScript. */
const SHORT_TEXT = 128;

const encoder = new TextEncoder();

/** Bytes gathered one piece after the other, and taken all at once. */
export class ByteQueue {
  #slab = new Uint8Array(0);
  /** Where in the slab the stretch begins, and where it ends. */
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  pushByte(byte: number): void {
    this.#makeRoom(1);
    this.#slab[this.#end++] = byte;
  }

  pushUint32(value: number): void {
    this.#makeRoom(4);
    new DataView(this.#slab.buffer).setUint32(this.#end, value);
    this.#end += 4;
  }

  pushText(text: string): void {
    // A UTF-16 unit becomes three bytes at most.
    this.#makeRoom(3 * text.length);
    if (text.length <= SHORT_TEXT && this.#pushAscii(text)) return;
    this.#end += encoder.encodeInto(text, this.#slab.subarray(this.#end)).written;
  }

  /** False, with nothing pushed, when the text has other characters. */
  #pushAscii(text: string): boolean {
    const slab = this.#slab;
    const at = this.#end;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      slab[at + i] = unit;
    }
    this.#end = at + text.length;
    return true;
  }

  /** What was gathered; the queue is empty, and never touches these bytes again. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (this.#slab.length - this.#end < MIN_LEFT_BYTES) {
      this.#slab = new Uint8Array(0);
      this.#start = this.#end = 0;
    }
    return taken;
  }

  #makeRoom(count: number): void {
    if (this.#end + count <= this.#slab.length) return;
    const { length } = this;
    const larger = new Uint8Array(Math.max(2 * (length + count), SLAB_BYTES));
    larger.set(this.#slab.subarray(this.#start, this.#end));
    this.#slab = larger;
    this.#start = 0;
    this.#end = length;
  }
}
