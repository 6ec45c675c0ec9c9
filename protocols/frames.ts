/**
 * From a stream of bytes to messages.
 *
 * @module
 */
import { MarkStripper } from "./_byte_order_mark.ts";
import { GrowingBytes } from "./_growing_bytes.ts";

/** Cuts a stream of bytes into frames. Pure: it is told of bytes and of silence, and reads no clock. */
export interface FrameDecoder<F> {
  /**
   * Takes the bytes that came and appends the frames that they complete to `frames`.
   * The decoder copies what it keeps; a frame that is a view of `chunk` is valid until the caller reuses
   * `chunk`. Throws {@linkcode FrameError} on what breaks the rules: frames appended before it are good, and
   * the decoder takes nothing more.
   */
  push(chunk: Uint8Array, frames: F[]): void;
  /**
   * Milliseconds of silence after which {@linkcode FrameDecoder.idle} is to be called; 0 when silence means
   * nothing now.
   */
  readonly idleFlushMs: number;
  /** Bytes that are best taken at once where the peer sends that much. @default 65536 */
  readonly maxReadBytes?: number;
  /** Nothing came for `idleFlushMs` after the last chunk. */
  idle(frames: F[]): void;
  /** The stream has ended: what is left is a frame, or a {@linkcode FrameError}. */
  end(frames: F[]): void;
}

/** What the peer sent is not of the protocol. The message is for the peer. */
export class FrameError extends Error {
  /** For `error.name`. */
  override readonly name = "FrameError";
}

/** Options of {@linkcode lineFrames}. */
export interface LineFramesOptions {
  /** The most bytes of one line, without its end. @default 65536 */
  readonly maxFrameBytes?: number;
  /**
   * Milliseconds after which an unterminated chunk of a peer that has sent no `\n` yet is a message; 0 is
   * never. @default 50
   */
  readonly idleFlushMs?: number;
}

/**
 * Lines of UTF-8, ended by `\n`; one `\r` before it is dropped, and a byte order mark at the start of the
 * stream.
 *
 * For peers that end nothing: until the first `\n`, what is followed by silence is a message too.
 * Throws `RangeError` on a limit below 1 or a negative time.
 *
 * @example
 * ```ts
 * import { lineFrames } from "@troupe/actors/protocols/frames";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = lineFrames();
 * const lines: string[] = [];
 * decoder.push(new TextEncoder().encode("one\r\ntwo\nthr"), lines);
 * decoder.push(new TextEncoder().encode("ee\n"), lines);
 * assertEquals(lines, ["one", "two", "three"]);
 * ```
 */
export function lineFrames(options: LineFramesOptions = {}): FrameDecoder<string> {
  const { maxFrameBytes = 65536, idleFlushMs = 50 } = options;
  if (!Number.isInteger(maxFrameBytes) || maxFrameBytes < 1) {
    throw new RangeError(`Cannot limit a line to ${maxFrameBytes} bytes: it takes a whole number from 1`);
  }
  if (!(idleFlushMs >= 0)) {
    throw new RangeError(`Cannot wait ${idleFlushMs} ms for silence: it takes 0 or more`);
  }
  return new LineDecoder(maxFrameBytes, idleFlushMs);
}

/**
 * The bytes as they come: each chunk is a frame, a view of the reader's buffer.
 *
 * @example
 * ```ts
 * import { rawFrames } from "@troupe/actors/protocols/frames";
 * import { assertEquals } from "@std/assert";
 *
 * const frames: Uint8Array[] = [];
 * rawFrames().push(Uint8Array.of(1, 2), frames);
 * assertEquals(frames, [Uint8Array.of(1, 2)]);
 * ```
 */
export function rawFrames(): FrameDecoder<Uint8Array> {
  return RAW;
}

const RAW: FrameDecoder<Uint8Array> = Object.freeze({
  push(chunk: Uint8Array, frames: Uint8Array[]): void {
    frames.push(chunk);
  },
  idleFlushMs: 0,
  idle(): void {},
  end(): void {},
});

const LF = 0x0a;
const CR = 0x0d;
/** Stateless as it is used here: never asked to stream. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class LineDecoder implements FrameDecoder<string> {
  readonly #maxBytes: number;
  readonly #idleFlushMs: number;
  readonly #start = new MarkStripper();
  /** The unfinished line. */
  readonly #carry = new GrowingBytes();
  #sawLineEnd = false;
  /** Silence fell in the middle of a character: it is no end of a message, however long it lasts. */
  #midCharacter = false;
  #failure: FrameError | undefined;

  constructor(maxBytes: number, idleFlushMs: number) {
    this.#maxBytes = maxBytes;
    this.#idleFlushMs = idleFlushMs;
  }

  get idleFlushMs(): number {
    return this.#sawLineEnd || this.#midCharacter || this.#carry.length === 0 ? 0 : this.#idleFlushMs;
  }

  push(chunk: Uint8Array, frames: string[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#pushBytes(this.#start.isDone ? chunk : this.#start.strip(chunk), frames);
  }

  #pushBytes(chunk: Uint8Array, frames: string[]): void {
    this.#midCharacter = false;
    const lastEnd = chunk.lastIndexOf(LF);
    let start = 0;
    if (lastEnd >= 0) {
      this.#sawLineEnd = true;
      if (this.#carry.length > 0) {
        start = chunk.indexOf(LF) + 1;
        this.#keep(chunk, 0, start - 1);
        this.#finishCarry(frames);
      }
      if (start <= lastEnd) this.#pushLines(chunk, start, lastEnd, frames);
      start = lastEnd + 1;
    }
    if (start < chunk.length) this.#keep(chunk, start, chunk.length);
  }

  idle(frames: string[]): void {
    if (this.idleFlushMs === 0) return;
    if (endsMidCharacter(this.#carry.view)) {
      this.#midCharacter = true;
      return;
    }
    this.#pushRest(frames);
  }

  end(frames: string[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#start.isDone) this.#pushBytes(this.#start.rest(), frames);
    if (this.#carry.length > 0) this.#pushRest(frames);
  }

  /** Takes complete lines; the last one's `\n` stands at `end`. */
  #pushLines(chunk: Uint8Array, start: number, end: number, frames: string[]): void {
    for (let runStart = start; runStart <= end;) {
      // As many lines as are within the limit even together: decoding costs as much for one line as for
      // forty.
      const limit = runStart + this.#maxBytes;
      let runEnd = end <= limit ? end : chunk.lastIndexOf(LF, limit);
      const text = runEnd < runStart ? undefined : decode(chunk, runStart, runEnd);
      if (text === undefined) {
        // A line that is too long, or one that is not UTF-8: only one by one is it known which.
        runEnd = chunk.indexOf(LF, runStart);
        this.#pushLine(chunk, runStart, runEnd, frames);
      } else {
        splitLines(text, frames);
      }
      runStart = runEnd + 1;
    }
  }

  #pushLine(bytes: Uint8Array, start: number, end: number, frames: string[]): void {
    const stop = end > start && bytes[end - 1] === CR ? end - 1 : end;
    this.#pushText(bytes, start, stop, frames);
  }

  #pushText(bytes: Uint8Array, start: number, end: number, frames: string[]): void {
    if (end - start > this.#maxBytes) this.#failTooLong();
    const text = decode(bytes, start, end);
    if (text === undefined) this.#fail("message is not UTF-8");
    frames.push(text);
  }

  #finishCarry(frames: string[]): void {
    const { view } = this.#carry;
    this.#pushLine(view, 0, view.length, frames);
    this.#carry.clear();
  }

  /** What no `\n` ended: a `\r` in it is text. */
  #pushRest(frames: string[]): void {
    const { view } = this.#carry;
    this.#pushText(view, 0, view.length, frames);
    this.#carry.clear();
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#carry.length + end - start;
    // One byte more may be the `\r` of the line's end; two cannot.
    if (length > this.#maxBytes) {
      const last = end > start ? chunk[end - 1] : this.#carry.view.at(-1);
      if (length > this.#maxBytes + 1 || last !== CR) this.#failTooLong();
    }
    this.#carry.append(chunk.subarray(start, end));
  }

  #failTooLong(): never {
    this.#fail(`message is longer than ${this.#maxBytes} bytes`);
  }

  #fail(message: string): never {
    this.#failure = new FrameError(message);
    this.#carry.clear();
    throw this.#failure;
  }
}

function splitLines(text: string, frames: string[]): void {
  let start = 0;
  for (;;) {
    const end = text.indexOf("\n", start);
    const stop = end < 0 ? text.length : end;
    frames.push(text.slice(start, stop > start && text.charCodeAt(stop - 1) === CR ? stop - 1 : stop));
    if (end < 0) return;
    start = end + 1;
  }
}

/** The text, or undefined where it is not UTF-8. */
function decode(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return UTF8.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** Whether the last character of the bytes lacks some of its own: RFC 3629, section 3. */
function endsMidCharacter(bytes: Uint8Array): boolean {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes.at(-back) ?? 0;
    if (byte < 0x80) return false;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2);
  }
  return false;
}
