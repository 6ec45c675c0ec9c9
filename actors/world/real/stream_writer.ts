/**
 * Lines for a stream that may have no reader.
 *
 * @module
 */
import { isHighSurrogate } from "../../../protocols/_surrogates.ts";
import { isFull, isUnread } from "./output.ts";

/** Where bytes go. May take fewer than it was given. */
export type WriteBytes = (bytes: Uint8Array) => Promise<number>;

/** Options of a {@linkcode StreamWriter}. */
export interface StreamWriterOptions {
  readonly write: WriteBytes;
  /** The line that says how many were lost, with its line end. */
  readonly lostLine: (count: number) => string;
  /** The most characters that wait, what is being written included. */
  readonly maxWaiting: number;
}

/** What is written at once: no more than a pipe holds, so that room is made bit by bit. */
const MAX_CHUNK = 1 << 15;

/** How long a full stream that cannot be waited for is left alone. */
const RETRY_MS = 10;

const encoder = new TextEncoder();

/**
 * Writes lines to a stream, one write at a time, and never makes anybody wait: what a slow reader leaves
 * unread is kept
 * up to a bound, and lines beyond it are lost, counted, and told of in their place.
 */
export class StreamWriter {
  readonly #write: WriteBytes;
  readonly #lostLine: (count: number) => string;
  readonly #maxWaiting: number;
  #waiting = "";
  #writing = 0;
  #lost = 0;
  #closed = false;
  #running: Promise<void> | undefined;

  constructor(options: StreamWriterOptions) {
    this.#write = options.write;
    this.#lostLine = options.lostLine;
    this.#maxWaiting = options.maxWaiting;
  }

  /** Whether everything is written. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Takes lines, each with its end; one that begins with a blank belongs to the one before. */
  add(lines: string): void {
    if (this.#closed) return;
    if (this.#lost === 0 && this.#size + lines.length <= this.#maxWaiting) this.#waiting += lines;
    else for (const line of lines.split(/(?<=\n)(?! )/)) this.#addOne(line);
  }

  #addOne(line: string): void {
    // Once some are lost, the next are taken when there is room for many: not one line here and one there.
    const limit = this.#lost === 0 ? this.#maxWaiting : this.#maxWaiting / 2;
    if (this.#size + line.length > limit) {
      this.#lost++;
      return;
    }
    this.#tellLost();
    this.#waiting += line;
  }

  get #size(): number {
    return this.#waiting.length + this.#writing;
  }

  /** Writes what waits; resolves when all of it is written, or the stream is closed. */
  drain(): Promise<void> {
    if (this.#waiting === "" && this.#lost === 0) return this.#running ?? Promise.resolve();
    return this.#running ??= this.#run();
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#waiting += this.#lostLine(this.#lost);
    this.#lost = 0;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      if (this.#waiting === "") this.#tellLost();
      if (this.#waiting === "") break;
      const chunk = this.#waiting.slice(0, endOfChunk(this.#waiting)).toWellFormed();
      this.#waiting = this.#waiting.slice(chunk.length);
      this.#writing = chunk.length;
      await this.#writeAll(encoder.encode(chunk), chunk);
      this.#writing = 0;
    }
    this.#running = undefined;
  }

  async #writeAll(chunk: Uint8Array, text: string): Promise<void> {
    let bytes = chunk;
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(await this.#write(bytes));
      } catch (error) {
        if (isFull(error)) {
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
          continue;
        }
        // Nobody reads it any more (`server | head`): that is no reason to stop serving.
        if (isUnread(error)) this.#close();
        // A full disk: there may be room for later lines.
        else this.#lost += text.split("\n").length - 1;
        return;
      }
    }
  }

  #close(): void {
    this.#closed = true;
    this.#waiting = "";
    this.#lost = 0;
  }
}

/** Where the next chunk of a text ends: not between the two halves of a character. */
function endOfChunk(text: string): number {
  if (text.length <= MAX_CHUNK) return text.length;
  return isHighSurrogate(text.charCodeAt(MAX_CHUNK - 1)) ? MAX_CHUNK - 1 : MAX_CHUNK;
}
