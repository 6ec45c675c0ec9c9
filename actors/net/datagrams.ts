/**
 * A UDP socket as an actor, with an actor for each remote address.
 *
 * @module
 */
import { assertNever, type Behavior, type Context, withPrivateMessages } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import { stop } from "../runtime/supervision.ts";
import { type Datagram, errorText, type SocketAddress, type UdpSocket, WorldError } from "../world/world.ts";
import { formatAddress } from "./address.ts";
import type { SessionContext } from "./session.ts";

/** One remote address, as its handler sees it. */
export interface DatagramPeer<M = never> {
  /** The peer's actor, for others to send to. */
  readonly self: Ref<M>;
  /** The actor's own tools: timers, watches, log, world. */
  readonly context: SessionContext<M>;
  /** The peer. */
  readonly remoteAddress: SocketAddress;
  /** This side. */
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
  /** Where to bind; port 0 takes any free one. */
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

/** What the receive under way brought. */
class Received {
  readonly outcome: Datagram | WorldError;
  constructor(outcome: Datagram | WorldError) {
    this.outcome = outcome;
  }
}

/** A peer's actor is gone. */
class PeerGone {
  readonly remote: string;
  readonly actor: Ref<Incoming>;
  constructor(remote: string, actor: Ref<Incoming>) {
    this.remote = remote;
    this.actor = actor;
  }
}

/** A datagram for a peer's actor, told from its handler's messages by its class. */
class Incoming {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Nothing came from the peer for a while. */
class Idle {}

type SocketMessage = DatagramsCommand | Received | PeerGone;

/**
 * Binds a UDP socket, and handles each remote address by an actor of its own.
 *
 * The start throws the {@linkcode WorldError} of the socket (`address-in-use`, `permission-denied`, …).
 * Throws `RangeError` on a limit that is none.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { datagrams } from "@troupe/actors/net";
 *
 * await using system = new ActorSystem("mirror");
 * const mirror = datagrams({
 *   address: { hostname: "127.0.0.1", port: 0 },
 *   peer: (peer) => ({ datagram: (bytes) => peer.send(bytes) }),
 * });
 * system.spawn("udp", mirror, { onFailure: escalate() });
 * ```
 */
export function datagrams<M = never>(options: DatagramsOptions<M>): Behavior<DatagramsCommand> {
  const { idleMs = 60_000, maxPeers = 10_000, maxQueued = 1024 } = options;
  if (!(idleMs > 0)) throw new RangeError(`Cannot end peers after ${idleMs} ms: it takes a time above 0`);
  if (!(maxPeers >= 1)) throw new RangeError(`Cannot remember ${maxPeers} peers: it takes 1 or more`);
  return withPrivateMessages<DatagramsCommand, Received | PeerGone>((self) => {
    const socket = new DatagramSocket(self, { ...options, idleMs, maxPeers, maxQueued });
    return (message) => socket.receive(message);
  });
}

/** The options with their defaults. */
type SocketOptions<M> = DatagramsOptions<M> & {
  readonly idleMs: number;
  readonly maxPeers: number;
  readonly maxQueued: number;
};

class DatagramSocket<M> {
  readonly #self: Context<SocketMessage>;
  readonly #options: SocketOptions<M>;
  readonly #socket: UdpSocket;
  /** The peers' actors by address, the least recent first. */
  readonly #peers = new Map<string, Ref<Incoming>>();
  #spawned = 0;

  constructor(self: Context<SocketMessage>, options: SocketOptions<M>) {
    this.#self = self;
    this.#options = options;
    this.#socket = self.world.net.bindUdp(options.address);
    self.onStop(() => this.#socket.close());
    self.supervise("one-for-one", { stopOrder: "together" });
    options.onListening?.(this.#socket.address);
    this.#receiveNext();
  }

  receive(message: SocketMessage): void {
    if (message instanceof Received) return this.#onReceived(message.outcome);
    if (message instanceof PeerGone) return this.#onPeerGone(message);
    switch (message.type) {
      case "get-address":
        return message.replyTo.tell(this.#socket.address);
      case "get-peer-count":
        return message.replyTo.tell(this.#peers.size);
      default:
        assertNever(message);
    }
  }

  #receiveNext(): void {
    this.#self.pipe(
      this.#socket.receive(),
      (datagram) => new Received(datagram),
      (error) =>
        new Received(error instanceof WorldError ? error : new WorldError("other", errorText(error))),
    );
  }

  #onReceived(outcome: Datagram | WorldError): void {
    if (!(outcome instanceof WorldError)) this.#peerAt(outcome.from).tell(new Incoming(outcome.bytes));
    // An answer that could not be delivered comes back as a failed receive: the socket is as good as before.
    else if (outcome.kind !== "connection-refused" && outcome.kind !== "unreachable") throw outcome;
    this.#receiveNext();
  }

  /** The peer's actor, which is now the most recent one. */
  #peerAt(from: SocketAddress): Ref<Incoming> {
    const remote = formatAddress(from);
    const known = this.#peers.get(remote);
    if (known !== undefined) this.#peers.delete(remote);
    const actor = known ?? this.#spawn(remote, from);
    this.#peers.set(remote, actor);
    return actor;
  }

  #spawn(remote: string, from: SocketAddress): Ref<Incoming> {
    if (this.#peers.size >= this.#options.maxPeers) this.#forgetLeastRecent();
    const behavior = peerActor<M>(this.#socket, remote, from, this.#options);
    const actor: Ref<Incoming> = this.#self.spawn(`${++this.#spawned}-${remote}`, behavior, {
      mailbox: { capacity: this.#options.maxQueued, overflow: "drop-newest" },
      onFailure: stop(),
    });
    this.#self.watch(actor, () => new PeerGone(remote, actor));
    return actor;
  }

  #forgetLeastRecent(): void {
    const [remote] = this.#peers.keys();
    if (remote === undefined) return;
    const actor = this.#peers.get(remote);
    this.#peers.delete(remote);
    if (actor !== undefined) this.#self.stop(actor);
  }

  #onPeerGone({ remote, actor }: PeerGone): void {
    if (this.#peers.get(remote) === actor) this.#peers.delete(remote);
  }
}

/** Handles the datagrams of one address, and stops when none came for a while. */
function peerActor<M>(
  socket: UdpSocket,
  remote: string,
  remoteAddress: SocketAddress,
  options: SocketOptions<M>,
): Behavior<M | Incoming | Idle> {
  return (self) => {
    const peer: DatagramPeer<M> = {
      self: self.self,
      context: self,
      remote,
      remoteAddress,
      localAddress: socket.address,
      send(bytes) {
        // It may be lost on the way as well: who needs an answer asks again.
        socket.send(bytes, remoteAddress).catch((error) =>
          self.log.debug(`Cannot answer ${remote}: ${errorText(error)}`)
        );
      },
      end: () => self.stop(),
    };
    const handler = options.peer(peer);
    self.onStop(() => handler.closed?.());
    self.receiveTimeout(options.idleMs, new Idle());
    return (message) => {
      if (message instanceof Incoming) return handler.datagram(message.bytes);
      if (message instanceof Idle) return self.stop();
      return handler.message?.(message);
    };
  };
}
