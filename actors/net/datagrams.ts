/**
 * A UDP socket as an actor, with an actor for each remote address.
 *
 * @module
 */
import type { Behavior } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { SocketAddress } from "../world/world.ts";
import type { SessionContext } from "./session.ts";

/** One remote address, as its handler sees it. */
export interface DatagramPeer<M = never> {
  /** The peer's actor, for others to send to. */
  readonly self: Ref<M>;
  readonly context: SessionContext<M>;
  readonly remoteAddress: SocketAddress;
  readonly localAddress: SocketAddress;
  /** `127.0.0.1:40412`, `[::1]:40752`. */
  readonly remote: string;
  /** Sends one datagram back. It may be lost, as datagrams are; the array must not be changed afterwards. */
  send(bytes: Uint8Array): void;
  /** Ends this peer's actor; the next datagram from there starts a new one. */
  end(): void;
}

/** How the datagrams of one remote address are handled. All of it runs inside the peer's actor, one call at a time. */
export interface DatagramHandler<in M = never> {
  /** A datagram came, whole, in bytes of its own. */
  datagram(bytes: Uint8Array): void | Promise<void>;
  /** A message came from another actor. */
  message?(message: M): void | Promise<void>;
  /** The peer was idle, pushed out by newer ones, ended, or the socket closes. Called once, last. */
  closed?(): void;
}

/** Options of {@linkcode datagrams}. */
export interface DatagramsOptions<M = never> {
  readonly address: SocketAddress;
  /** Makes the handler of one remote address: run in an actor of its own, at its first datagram. */
  readonly peer: (peer: DatagramPeer<M>) => DatagramHandler<M>;
  /** Milliseconds of silence after which a peer's actor is ended. @default 60000 */
  readonly idleMs?: number;
  /** Peers remembered at once: over it, the least recent goes. @default 10000 */
  readonly maxPeers?: number;
  /** Datagrams that may wait for one peer's actor: over it they are dropped, as the network would. @default 1024 */
  readonly maxQueued?: number;
  /** Told the real address as soon as the socket is bound. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** What a UDP socket actor can be asked. */
export type DatagramsCommand =
  /** Where it is bound: the real port, where 0 was asked for. */
  | { readonly type: "get-address"; readonly replyTo: Ref<SocketAddress> }
  /** How many peers it remembers now. */
  | { readonly type: "get-peer-count"; readonly replyTo: Ref<number> };

/** Binds a UDP socket, and handles each remote address by an actor of its own. */
export function datagrams<M = never>(_options: DatagramsOptions<M>): Behavior<DatagramsCommand> {
  throw new Error("Cannot bind: not written yet");
}
