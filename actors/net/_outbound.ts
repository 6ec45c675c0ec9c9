/**
 * What waits to be sent to one peer, as its connection sees it.
 *
 * @module
 */
import { type BufferPool, SMALL_BUFFER_BYTES } from "./_buffers.ts";
import type { Flushable, Flusher } from "./_flusher.ts";
import type { TimerClock } from "./_shared_timers.ts";
import { type Sender, StallWatch } from "./_stall_watch.ts";
import type { Transport } from "./transport.ts";

/** A text this short is encoded faster by a loop than by a call out of JavaScript. */
const SHORT_TEXT = 48;

/** Who sends so much at once sends more of it. */
const BULK_BYTES = SMALL_BUFFER_BYTES;

/** What an {@linkcode Outbound} tells its connection. */
export interface OutboundEvents {
  /** A send has taken so many bytes. */
  written(bytes: number): void;
  /** The peer took nothing for too long. */
  stalled(): void;
  /** A send failed. */
  failed(error: unknown): void;
}

/** What the queues of a server share. */
export interface OutboundTools {
  readonly timers: TimerClock;
  readonly buffers: BufferPool;
  readonly flusher: Flusher;
}

const UTF8 = new TextEncoder();

/**
 * The queue of one connection: whatever is queued while a write is under way goes out as the next write.
 *
 * Two buffers take turns, one filled while the other is written, and both are given back when all is written.
 * No promise, closure or array is made for a message.
 */
export class Outbound implements Flushable, Sender {
  readonly #transport: Transport;
  readonly #tools: OutboundTools;
  readonly #slowClientMs: number;
  /** Made with the first write. */
  #stall: StallWatch | undefined;
  #isWatched = false;
  sends = 0;
  readonly #events: OutboundEvents;
  #filling: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  /** Bytes of the last write: what comes in bulk is likely to fill as much again. */
  #lastWrite = 0;
  #writing: Uint8Array<ArrayBuffer> | undefined;
  #written = 0;
  #toWrite = 0;
  /** A write is under way or about to begin. */
  #isActive = false;
  #isClosed = false;
  /** What a write calls back. Made with the first: who only listens needs neither. */
  #onWritten: ((bytes: number) => void) | undefined;
  #onFailed: ((error: unknown) => void) | undefined;

  /** `slowClientMs`: milliseconds for which one send may take nothing. */
  constructor(transport: Transport, tools: OutboundTools, slowClientMs: number, events: OutboundEvents) {
    this.#transport = transport;
    this.#tools = tools;
    this.#slowClientMs = slowClientMs;
    this.#events = events;
  }

  /** Bytes that are queued and that no write has taken yet. */
  get queuedBytes(): number {
    return this.#filled + this.#toWrite - this.#written;
  }

  /** Copies the bytes into the queue. */
  push(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    this.#room(length).set(bytes, this.#filled);
    this.#filled += length;
    this.#schedule();
  }

  /** Encodes the text into the queue. */
  pushText(text: string): void {
    const { length } = text;
    if (length === 0) return;
    // A UTF-16 unit is at most three bytes of UTF-8.
    const buffer = this.#room(3 * length);
    this.#filled = length <= SHORT_TEXT && writeAscii(text, buffer, this.#filled)
      ? this.#filled + length
      : this.#filled + UTF8.encodeInto(text, buffer.subarray(this.#filled)).written;
    this.#schedule();
  }

  /** Drops what is queued. Buffers that a write may still read are left to it. */
  close(): void {
    this.#isClosed = true;
    this.#stall?.close();
    if (this.#filling !== undefined) this.#tools.buffers.give(this.#filling);
    this.#filling = this.#writing = undefined;
    this.#filled = this.#toWrite = this.#written = 0;
  }

  /** The buffer being filled, with room for so many bytes more. */
  #room(bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#filling;
    const needed = this.#filled + bytes;
    if (buffer !== undefined && needed <= buffer.length) return buffer;
    // Of bulk, a buffer that grows step by step would be copied as often as it grows.
    const larger = this.#tools.buffers.take(
      bytes < BULK_BYTES ? needed : Math.max(needed, this.#lastWrite),
    );
    if (buffer !== undefined) {
      larger.set(buffer.subarray(0, this.#filled));
      this.#tools.buffers.give(buffer);
    }
    return this.#filling = larger;
  }

  #schedule(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#tools.flusher.add(this);
  }

  /** Writes what is queued. For the {@linkcode Flusher}. */
  flush(): void {
    const buffer = this.#filling;
    if (this.#isClosed || buffer === undefined) return;
    this.#filling = undefined;
    this.#writing = buffer;
    this.#written = 0;
    this.#toWrite = this.#lastWrite = this.#filled;
    this.#filled = 0;
    this.#write(buffer);
  }

  #write(buffer: Uint8Array<ArrayBuffer>): void {
    this.sends++;
    if (!this.#isWatched) this.#watch();
    try {
      this.#transport.send(buffer.subarray(this.#written, this.#toWrite)).then(
        this.#onWritten ??= (bytes) => this.#afterWrite(bytes),
        this.#onFailed ??= (error) => this.#afterFailure(error),
      );
    } catch (error) {
      // A transport that throws is as bad as one that rejects, and the other connections of the server are
      // still to be flushed.
      this.#afterFailure(error);
    }
  }

  #watch(): void {
    this.#isWatched = true;
    this.#stall ??= new StallWatch(this.#tools.timers, this.#slowClientMs, this);
    this.#stall.begin();
  }

  #afterWrite(bytes: number): void {
    const buffer = this.#writing;
    if (this.#isClosed || buffer === undefined) return;
    this.#written += bytes;
    if (this.#written < this.#toWrite) {
      this.#write(buffer);
    } else {
      this.#writing = undefined;
      this.#written = this.#toWrite = 0;
      this.#tools.buffers.give(buffer);
      if (this.#filled > 0) this.flush();
      else this.#isActive = false;
    }
    this.#events.written(bytes);
  }

  #afterFailure(error: unknown): void {
    if (!this.#isClosed) this.#events.failed(error);
  }

  get isSending(): boolean {
    return this.#isActive;
  }

  unwatched(): void {
    this.#isWatched = false;
  }

  stalled(): void {
    this.#events.stalled();
  }
}

/** Writes a text that is all ASCII; false, with the bytes undefined, when it is not. */
function writeAscii(text: string, buffer: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return false;
    buffer[at + index] = unit;
  }
  return true;
}
