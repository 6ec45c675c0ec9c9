/**
 * A listening TCP socket as an actor, with an actor for each connection.
 *
 * @module
 */
import type { FrameDecoder } from "../../protocols/frames.ts";
import type { Behavior } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { SocketAddress, TlsServerOptions } from "../world/world.ts";
import type { ConnectionLimits } from "./connection.ts";
import type { SessionFactory } from "./session.ts";

/** Limits of a TCP server. */
export interface TcpLimits extends ConnectionLimits {
  /** Connections served at once. @default 1000 */
  readonly maxClients: number;
}

/** Options of {@linkcode tcpServer}. */
export interface TcpServerOptions<F, M = never> {
  readonly address: SocketAddress;
  /** With it the server speaks TLS. */
  readonly tls?: TlsServerOptions;
  /** Makes the decoder of one connection. */
  readonly frames: () => FrameDecoder<F>;
  /** Makes the session of one connection. */
  readonly session: SessionFactory<F, M>;
  readonly limits?: Partial<TcpLimits>;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
  /** Told of each client that was refused because the server is full. */
  readonly onFull?: (remote: string) => void;
  /** Milliseconds in which a stop lets the connections send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/** What a TCP server can be asked. */
export type TcpServerCommand =
  /** Where it listens: the real port, where 0 was asked for. */
  | { readonly type: "get-address"; readonly replyTo: Ref<SocketAddress> }
  /** How many connections it serves now. */
  | { readonly type: "get-client-count"; readonly replyTo: Ref<number> };

/** Listens, and serves each connection by an actor of its own. */
export function tcpServer<F, M = never>(_options: TcpServerOptions<F, M>): Behavior<TcpServerCommand> {
  throw new Error("Cannot listen: not written yet");
}
