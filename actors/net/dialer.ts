/**
 * A TCP connection that is dialled, and dialled again when it is lost, as an actor.
 *
 * @module
 */
import type { FrameDecoder } from "../../protocols/frames.ts";
import type { Behavior } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { Backoff } from "../runtime/supervision.ts";
import type { SocketAddress, TlsClientOptions } from "../world/world.ts";
import type { ConnectionLimits } from "./connection.ts";
import type { CloseReason, SessionFactory } from "./session.ts";

/** The connection stands. */
export interface DialerUp<in M> {
  /** The connection's actor: what is sent to it reaches its session. */
  readonly connection: Ref<M>;
  /** The address that answered, of those that the name has. */
  readonly remoteAddress: SocketAddress;
  readonly localAddress: SocketAddress;
}

/** The connection is lost, or could not be made. */
export interface DialerDown {
  /** `failed` with the error when no address could be reached. */
  readonly reason: CloseReason;
  /** True when there was a connection, false when dialling failed. */
  readonly wasUp: boolean;
  /** Milliseconds until it is dialled again; null when it is not. */
  readonly retryInMs: number | null;
}

/** Options of {@linkcode dialer}. */
export interface DialerOptions<F, M = never> {
  /** A name is resolved at each attempt, and all of its addresses are tried in order. */
  readonly address: SocketAddress;
  /** With it the connection is TLS; the certificate must be for `address.hostname` unless `serverName` says otherwise. */
  readonly tls?: TlsClientOptions;
  /** Makes the decoder of one connection. */
  readonly frames: () => FrameDecoder<F>;
  /** Makes the session of one connection. */
  readonly session: SessionFactory<F, M>;
  readonly limits?: Partial<ConnectionLimits>;
  /** Waiting times between attempts, counted anew after each connection; false dials once and then stops the actor. */
  readonly reconnect: Backoff | false;
  /** Milliseconds that one address may take to answer. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** Called when the connection stands: tell the parent. */
  readonly up?: (up: DialerUp<M>) => void;
  /** Called when the connection is lost or could not be made: tell the parent. */
  readonly down?: (down: DialerDown) => void;
  /** Milliseconds in which a stop lets the connection send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/** What a dialer can be told. */
export type DialerCommand =
  /** Do not wait for the next attempt: dial now. Nothing happens while it is connected or dialling. */
  { readonly type: "redial" };

/** Keeps a connection to one address. */
export function dialer<F, M = never>(_options: DialerOptions<F, M>): Behavior<DialerCommand> {
  throw new Error("Cannot dial: not written yet");
}
