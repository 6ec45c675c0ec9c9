/**
 * What goes to the peer of one connection: the queue, its limits, and those who wait for it.
 *
 * @module
 */
import type { BufferPool } from "./_buffers.ts";
import { Drained } from "./_drained.ts";
import type { Flusher } from "./_flusher.ts";
import type { ConnectionMeters } from "./_meters.ts";
import { Outbound, type OutboundEvents } from "./_outbound.ts";
import type { ReadTurns } from "./_read_turns.ts";
import type { SharedTimers } from "./_shared_timers.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { LogThrottle } from "./log_throttle.ts";
import type { Transport } from "./transport.ts";

/** What the connections of one server share. */
export interface ConnectionTools {
  readonly buffers: BufferPool;
  readonly flusher: Flusher;
  readonly turns: ReadTurns;
  readonly timers: SharedTimers;
  readonly meters: ConnectionMeters;
  /** About what strangers do: a few lines a second. */
  readonly warnings: LogThrottle;
}

/** The connection, as its {@linkcode Sending} sees it. */
export interface SendingOwner {
  /** Too much waits for the peer, or it took nothing for too long. */
  slow(): void;
  /** A send, or the close of the sending half, has failed. */
  abort(error: unknown): void;
  /** Little enough waits for the peer that more may be taken from it. */
  relieved(): void;
  /** Something waits, where nothing did. */
  waits(): void;
  /** Nothing waits. */
  sentAll(): void;
}

/** While this much waits for the peer, no more is read from it. */
const HIGH_WATER_BYTES = 65536;

/** The sending half of one connection. */
export class Sending implements OutboundEvents {
  readonly #transport: Transport;
  readonly #remote: string;
  readonly #owner: SendingOwner;
  readonly #queue: Outbound;
  /** Made when somebody waits. */
  #drained: Drained | undefined;
  readonly #maxBytes: number;
  readonly #meters: ConnectionMeters;
  /** Bytes that may be queued beyond the limit. */
  #allowance = 0;
  /** Nothing more will be queued: the sending half is closed once all is sent. */
  #isEnding = false;
  #isClosed = false;

  constructor(
    transport: Transport,
    remote: string,
    limits: ConnectionLimits,
    tools: ConnectionTools,
    owner: SendingOwner,
  ) {
    this.#transport = transport;
    this.#remote = remote;
    this.#owner = owner;
    this.#maxBytes = limits.maxOutboundBytes;
    this.#meters = tools.meters;
    tools.meters.connections.add(1);
    this.#queue = new Outbound(transport, tools, limits.slowClientMs, this);
  }

  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  get isCongested(): boolean {
    return this.#queue.queuedBytes >= HIGH_WATER_BYTES;
  }

  send(bytes: Uint8Array): void {
    if (this.#isEnding) return;
    if (this.#queue.queuedBytes === 0) this.#owner.waits();
    if (this.#queue.queuedBytes + bytes.length > this.#maxBytes + this.#allowance) this.stalled();
    else this.#queue.push(bytes);
  }

  sendText(text: string): void {
    if (this.#isEnding) return;
    if (this.#queue.queuedBytes === 0) this.#owner.waits();
    this.#queue.pushText(text);
    if (this.#queue.queuedBytes > this.#maxBytes + this.#allowance) this.stalled();
  }

  /** Lets the queue grow by so many bytes more. */
  allow(extraBytes: number): void {
    this.#allowance += extraBytes;
  }

  /** Resolves once the queue is short; rejects when the connection closes first. */
  drained(): Promise<void> {
    this.#drained ??= new Drained(this.#remote, this.#isClosed);
    return this.#drained.wait(!this.isCongested);
  }

  /** Whether an error that comes back from the session is a rejection of {@linkcode Sending.drained}. */
  isOwnRejection(error: unknown): boolean {
    return this.#drained?.isOwn(error) === true;
  }

  /** Closes the sending half once what is queued is sent. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#queue.queuedBytes === 0) this.#closeWrite();
  }

  /** Drops what is queued. */
  close(): void {
    if (!this.#isClosed) this.#meters.connections.add(-1);
    this.#isClosed = true;
    this.#queue.close();
    this.#drained?.rejectAll();
  }

  #closeWrite(): void {
    this.#transport.closeWrite().catch((error: unknown) => this.#owner.abort(error));
  }

  // What the queue tells.

  written(bytes: number): void {
    this.#meters.sent.add(bytes);
    if (this.#allowance > 0) this.#allowance = Math.max(0, this.#allowance - bytes);
    if (this.isCongested) return;
    this.#drained?.resolveAll();
    this.#owner.relieved();
    if (this.#queue.queuedBytes > 0) return;
    if (this.#isEnding) this.#closeWrite();
    this.#owner.sentAll();
  }

  stalled(): void {
    if (!this.#isClosed) this.#meters.slowClients.add(1);
    this.#owner.slow();
  }

  failed(error: unknown): void {
    this.#owner.abort(error);
  }
}
