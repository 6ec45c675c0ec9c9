/**
 * What waits to be sent where messages keep their boundaries.
 *
 * @module
 */
import type { Outbound, OutboundEvents, OutboundOptions } from "./_outbound.ts";
import { StallWatch } from "./_stall_watch.ts";
import type { Transport } from "./transport.ts";

const UTF8 = new TextEncoder();

/** A queue of whole messages: one send each, one at a time, in order. */
export class MessageOutbound implements Outbound {
  readonly #transport: Transport;
  readonly #stall: StallWatch;
  readonly #events: OutboundEvents;
  readonly #waiting: Uint8Array[] = [];
  #queuedBytes = 0;
  #isSending = false;
  #isClosed = false;

  constructor(transport: Transport, options: OutboundOptions, events: OutboundEvents) {
    this.#transport = transport;
    this.#events = events;
    this.#stall = new StallWatch(options.clock, options.slowClientMs, () => events.stalled());
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  push(bytes: Uint8Array): void {
    this.#enqueue(bytes.slice());
  }

  pushText(text: string): void {
    this.#enqueue(UTF8.encode(text));
  }

  close(): void {
    this.#isClosed = true;
    this.#stall.close();
    this.#waiting.length = 0;
    this.#queuedBytes = 0;
  }

  #enqueue(message: Uint8Array): void {
    this.#waiting.push(message);
    this.#queuedBytes += message.length;
    if (!this.#isSending) this.#sendNext();
  }

  #sendNext(): void {
    const message = this.#waiting.shift();
    if (message === undefined) {
      this.#isSending = false;
      this.#stall.end();
      return;
    }
    this.#isSending = true;
    this.#stall.begin();
    this.#transport.send(message).then(() => this.#onSent(message.length), this.#onFailed);
  }

  #onSent(bytes: number): void {
    if (this.#isClosed) return;
    this.#queuedBytes -= bytes;
    this.#sendNext();
    this.#events.written(bytes);
  }

  readonly #onFailed = (error: unknown): void => {
    if (!this.#isClosed) this.#events.failed(error);
  };
}
