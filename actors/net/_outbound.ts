/**
 * What waits to be sent to one peer, as its connection sees it.
 *
 * @module
 */
import type { Clock } from "../world/world.ts";
import type { BufferPool } from "./_buffers.ts";
import type { Flusher } from "./_flusher.ts";

/** What waits to be sent to one peer. */
export interface Outbound {
  /** Bytes that are queued and that no send has taken yet. */
  readonly queuedBytes: number;
  /** Copies the bytes into the queue. */
  push(bytes: Uint8Array): void;
  /** Encodes the text into the queue. */
  pushText(text: string): void;
  /** Drops what is queued. Buffers that a send may still read are left to it. */
  close(): void;
}

/** What an {@linkcode Outbound} tells its connection. */
export interface OutboundEvents {
  /** A send has taken so many bytes. */
  written(bytes: number): void;
  /** The peer took nothing for too long. */
  stalled(): void;
  /** A send failed. */
  failed(error: unknown): void;
}

/** Options of an {@linkcode Outbound}. */
export interface OutboundOptions {
  readonly clock: Clock;
  readonly buffers: BufferPool;
  readonly flusher: Flusher;
  /** Milliseconds for which one send may take nothing. */
  readonly slowClientMs: number;
}
