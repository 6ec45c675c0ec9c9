/**
 * A UDP socket as an actor, with an actor for each remote address.
 *
 * @module
 */
import { checkFunctions } from "../runtime/check_function.ts";
import type { TokenBucketOptions } from "../../protocols/token_bucket.ts";
import { assertNever, type Behavior, type Context, withPrivateMessages } from "../runtime/behavior.ts";
import type { Receive } from "../runtime/handler.ts";
import type { Counter } from "../runtime/meter.ts";
import type { Ref } from "../runtime/ref.ts";
import type { TraceStart } from "../runtime/tracing.ts";
import { stop } from "../runtime/supervision.ts";
import { type Datagram, errorText, type SocketAddress, type UdpSocket, WorldError } from "../world/world.ts";
import { answerAddress, bindAll, reportListening } from "./_listening.ts";
import { formatAddress } from "./address.ts";
import { AddressRate } from "./address_rate.ts";
import { peerAttributes } from "./_followed_session.ts";
import { type DatagramMeters, datagramMeters } from "./_meters.ts";
import { LogThrottle } from "./log_throttle.ts";
import type { Peer } from "./session.ts";

/** One remote address, as its handler sees it. */
export interface DatagramPeer<M = never> extends Peer<M> {
  /** Sends one datagram back. It may be lost, as datagrams are; the array must not be changed afterwards. */
  send(bytes: Uint8Array): void;
  /** Ends this peer's actor; the next datagram from there starts a new one. */
  end(): void;
}

/**
 * How the datagrams of one remote address are handled. All of it runs inside the peer's actor, one call at a
 * time.
 */
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
  /**
   * Where to bind: an address, or a name, which stands for all of its addresses. Port 0 takes any free one.
   */
  readonly address: SocketAddress;
  /** Makes the handler of one remote address: run in an actor of its own, at its first datagram. */
  readonly peer: (peer: DatagramPeer<M>) => DatagramHandler<M>;
  /** Milliseconds of silence after which a peer's actor is ended. @default 60000 */
  readonly idleMs?: number;
  /** Peers remembered at once: over it, the least recent goes. @default 10000 */
  readonly maxPeers?: number;
  /**
   * Datagrams that may wait for one peer's actor: over it they are dropped, as the network would.
   * @default 1024
   */
  readonly maxQueued?: number;
  /**
   * Datagrams a second of one address (of IPv6, of one /64 network) that are handled; 0 is no limit.
   * @default 0
   */
  readonly maxPerSecond?: number;
  /** Told the real addresses as soon as the sockets are bound, the first one by itself as well. */
  readonly onListening?: (address: SocketAddress, all: readonly SocketAddress[]) => void;
}

/** What a UDP socket actor can be asked. */
export type DatagramsCommand =
  /** Where it is bound: the real port, where 0 was asked for; of several addresses the first. */
  | { readonly type: "get-address"; readonly replyTo: Ref<SocketAddress> }
  /** How many peers it remembers now. */
  | { readonly type: "get-peer-count"; readonly replyTo: Ref<number> };

/** What the receive under way brought. */
class Received {
  readonly socket: UdpSocket;
  readonly outcome: Datagram | WorldError;
  constructor(socket: UdpSocket, outcome: Datagram | WorldError) {
    this.socket = socket;
    this.outcome = outcome;
  }
}

/** A peer's actor is gone. */
class PeerGone {
  readonly key: string;
  readonly actor: Ref<Incoming>;
  constructor(key: string, actor: Ref<Incoming>) {
    this.key = key;
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
 * Binds a UDP socket, on a name one on each of its addresses, and handles each remote address by an actor of
 * its own.
 *
 * The start throws the {@linkcode WorldError} of the socket (`address-in-use`, `permission-denied`, …).
 * Throws `RangeError` on an invalid limit, `TypeError` on what is no function.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { datagrams } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("mirror");
 * const mirror = datagrams({
 *   address: { hostname: "127.0.0.1", port: 0 },
 *   peer: (peer) => ({ datagram: (bytes) => peer.send(bytes) }),
 * });
 * const socket = system.spawn("udp", mirror, { onFailure: escalate() });
 *
 * const { port } = await socket.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * const peer = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
 * await peer.send(new TextEncoder().encode("hello"), { transport: "udp", hostname: "127.0.0.1", port });
 * const [answer] = await peer.receive();
 * peer.close();
 * assertEquals(new TextDecoder().decode(answer), "hello");
 * ```
 */
export function datagrams<M = never>(options: DatagramsOptions<M>): Behavior<DatagramsCommand> {
  const { idleMs = 60_000, maxPeers = 10_000, maxQueued = 1024, maxPerSecond = 0 } = options;
  if (!(idleMs > 0)) throw new RangeError(`Cannot end peers after ${idleMs} ms: it takes a time above 0`);
  if (!(maxPeers >= 1)) throw new RangeError(`Cannot remember ${maxPeers} peers: it takes 1 or more`);
  if (!(maxPerSecond >= 0)) {
    throw new RangeError(`Cannot handle ${maxPerSecond} datagrams a second: it takes 0 or more`);
  }
  const { peer, onListening } = options;
  checkFunctions("Cannot take datagrams", { peer }, { onListening });
  const rate = { perSecond: maxPerSecond, burst: Math.max(1, maxPerSecond) };
  return withPrivateMessages<DatagramsCommand, Received | PeerGone>((self) => {
    const bound = bindAll(
      self.world.net,
      options.address,
      (at) => self.world.net.bindUdp(at),
      (error) =>
        self.log.warn(`${error.message}; listening on the other addresses of ${options.address.hostname}`, {
          event: "address-missing",
        }),
    );
    const serve = (sockets: UdpSocket[]): Receive<SocketMessage> => {
      const server = new DatagramSockets(self, { ...options, idleMs, maxPeers, maxQueued, rate }, sockets);
      return (message) => server.receive(message);
    };
    return bound instanceof Promise ? bound.then(serve) : serve(bound);
  });
}

/** The options with their defaults. */
type SocketOptions<M> = DatagramsOptions<M> & {
  readonly idleMs: number;
  readonly maxPeers: number;
  readonly maxQueued: number;
  readonly rate: TokenBucketOptions;
};

/** How often it is said that an address is too fast: one line a minute each, as long as it is remembered. */
const WARNINGS = { perSecond: 1 / 60, burst: 1 };

class DatagramSockets<M> {
  readonly #self: Context<SocketMessage>;
  readonly #options: SocketOptions<M>;
  readonly #sockets: readonly UdpSocket[];
  readonly #rate: AddressRate;
  readonly #warnings: AddressRate;
  readonly #log: LogThrottle;
  /** The peers' actors by socket and address, the least recent first. */
  readonly #peers = new Map<string, Ref<Incoming>>();
  readonly #meters: DatagramMeters;
  #spawned = 0;

  constructor(self: Context<SocketMessage>, options: SocketOptions<M>, sockets: readonly UdpSocket[]) {
    this.#self = self;
    this.#options = options;
    this.#sockets = sockets;
    this.#rate = new AddressRate(options.rate);
    this.#warnings = new AddressRate(WARNINGS);
    this.#log = new LogThrottle(self);
    this.#meters = datagramMeters(self.meter, self.path);
    self.onStop(() => {
      for (const socket of sockets) socket.close();
    });
    if (self.signal.aborted) return;
    self.supervise("one-for-one", { stopOrder: "together" });
    reportListening(sockets, options.onListening);
    for (const socket of sockets) this.#receiveNext(socket);
  }

  receive(message: SocketMessage): void {
    if (message instanceof Received) return this.#onReceived(message);
    if (message instanceof PeerGone) return this.#onPeerGone(message);
    switch (message.type) {
      case "get-address":
        return answerAddress(this.#sockets, message.replyTo);
      case "get-peer-count":
        return message.replyTo.tell(this.#peers.size);
      default:
        assertNever(message);
    }
  }

  #receiveNext(socket: UdpSocket): void {
    this.#self.pipe(
      socket.receive(),
      (datagram) => new Received(socket, datagram),
      (error) =>
        new Received(socket, error instanceof WorldError ? error : new WorldError("other", errorText(error))),
    );
  }

  #onReceived({ socket, outcome }: Received): void {
    if (!(outcome instanceof WorldError)) this.#handle(socket, outcome);
    // An answer that could not be delivered comes back as a failed receive: the socket is as good as before.
    else if (outcome.kind !== "connection-refused" && outcome.kind !== "unreachable") throw outcome;
    this.#receiveNext(socket);
  }

  #handle(socket: UdpSocket, { from, bytes }: Datagram): void {
    const now = this.#self.coarseNow;
    this.#meters.received.add(bytes.length);
    if (this.#rate.take(from.hostname, now)) {
      return this.#peerAt(socket, from).tell(new Incoming(bytes));
    }
    this.#meters.refused.add(1);
    if (!this.#warnings.take(from.hostname, now)) return;
    const { perSecond } = this.#options.rate;
    this.#log.warn(now, `Not answering ${from.hostname}: over ${perSecond} datagrams a second`);
  }

  /** The peer's actor, which is now the most recent one. */
  #peerAt(socket: UdpSocket, from: SocketAddress): Ref<Incoming> {
    const remote = formatAddress(from);
    const key = this.#sockets.length === 1 ? remote : `${this.#sockets.indexOf(socket)} ${remote}`;
    const known = this.#peers.get(key);
    if (known !== undefined) this.#peers.delete(key);
    const actor = known ?? this.#spawn(socket, key, remote, from);
    this.#peers.set(key, actor);
    return actor;
  }

  #spawn(socket: UdpSocket, key: string, remote: string, from: SocketAddress): Ref<Incoming> {
    if (this.#peers.size >= this.#options.maxPeers) this.#forgetLeastRecent();
    const behavior = peerActor<M>(socket, remote, from, this.#options, this.#meters.sent);
    const actor: Ref<Incoming> = this.#self.spawn(`${++this.#spawned}-${remote}`, behavior, {
      mailbox: { capacity: this.#options.maxQueued, overflow: "drop-newest" },
      onFailure: stop(),
    });
    this.#self.watch(actor, () => new PeerGone(key, actor));
    return actor;
  }

  #forgetLeastRecent(): void {
    const [key] = this.#peers.keys();
    if (key === undefined) return;
    const actor = this.#peers.get(key);
    this.#peers.delete(key);
    if (actor !== undefined) this.#self.stop(actor);
  }

  #onPeerGone({ key, actor }: PeerGone): void {
    if (this.#peers.get(key) === actor) this.#peers.delete(key);
  }
}

/** Handles the datagrams of one address, and stops when none came for a while. */
function peerActor<M>(
  socket: UdpSocket,
  remote: string,
  remoteAddress: SocketAddress,
  options: SocketOptions<M>,
  sent: Counter,
): Behavior<M | Incoming | Idle> {
  return (self) => {
    const peer: DatagramPeer<M> = {
      self: self.self,
      context: self,
      remote,
      remoteAddress,
      localAddress: socket.address,
      send(bytes) {
        sent.add(bytes.length);
        self.tracer?.note("sent", { "network.io.bytes": bytes.length });
        // It may be lost on the way as well: who needs an answer asks again.
        socket.send(bytes, remoteAddress).catch((error) =>
          self.log.debug(`Cannot answer ${remote}: ${errorText(error)}`, { event: "datagram-not-sent" })
        );
      },
      end: () => self.stop(),
    };
    const handler = options.peer(peer);
    self.onStop(() => handler.closed?.());
    self.receiveTimeout(options.idleMs, new Idle());
    const { tracer } = self;
    const describe = (): TraceStart => ({
      name: "datagram",
      attributes: peerAttributes("udp", remoteAddress, socket.address, self.path),
    });
    const receive = (bytes: Uint8Array): void | Promise<void> => {
      const step = tracer?.begin(self.coarseNow, describe);
      return step === undefined || tracer === undefined
        ? handler.datagram(bytes)
        : tracer.follow(step, () => handler.datagram(bytes));
    };
    return (message) => {
      if (message instanceof Incoming) return receive(message.bytes);
      if (message instanceof Idle) return self.stop();
      return handler.message?.(message);
    };
  };
}
