/**
 * A listening TCP socket as an actor, with an actor for each connection.
 *
 * @module
 */
import { checkFunctions } from "../runtime/check_function.ts";
import type { ForeignProtocol } from "../../protocols/foreign_greeting.ts";
import type { FrameDecoder } from "../../protocols/frames.ts";
import {
  assertNever,
  type Behavior,
  type ChildEvent,
  type Context,
  withPrivateMessages,
} from "../runtime/behavior.ts";
import type { Receive } from "../runtime/handler.ts";
import type { Counter } from "../runtime/meter.ts";
import type { Ref } from "../runtime/ref.ts";
import { stop } from "../runtime/supervision.ts";
import {
  type SocketAddress,
  type TcpConnection,
  type TcpListener,
  type TlsServerOptions,
  WorldError,
} from "../world/world.ts";
import { BufferPool } from "./_buffers.ts";
import { Clients } from "./_clients.ts";
import { cutAfterMs } from "./_closing.ts";
import { Flusher } from "./_flusher.ts";
import { answerAddress, bindAll, reportListening } from "./_listening.ts";
import { connectionMeters, refusedCounter } from "./_meters.ts";
import { LogThrottle } from "./log_throttle.ts";
import { ReadTurns } from "./_read_turns.ts";
import { Refusals } from "./_refusals.ts";
import { SharedTimers } from "./_shared_timers.ts";
import { formatAddress } from "./address.ts";
import { ConnectionNotice } from "./_connection_events.ts";
import type { ConnectionOptions } from "./_connection_options.ts";
import { connectionActor } from "./connection.ts";
import { type TcpLimits, tcpLimits } from "./limits.ts";
import type { SessionFactory } from "./session.ts";
import { tcpTransport, type Transport } from "./transport.ts";

/** Options of {@linkcode tcpServer}. */
export interface TcpServerOptions<F, M = never> {
  /**
   * Where to listen: an address, or a name, which stands for all of its addresses. Port 0 takes any free one.
   */
  readonly address: SocketAddress;
  /** With it the server speaks TLS. */
  readonly tls?: TlsServerOptions;
  /** Makes the decoder of one connection. */
  readonly frames: () => FrameDecoder<F>;
  /** Makes the session of one connection. */
  readonly session: SessionFactory<F, M>;
  /** Limits of the server and of each connection. */
  readonly limits?: Partial<TcpLimits>;
  /**
   * The session asks who the peer is first and calls `connection.loggedIn()`; before, `loginTimeoutMs` runs.
   * @default false
   */
  readonly login?: boolean;
  /**
   * The greetings of other protocols that this service takes for its own. @default none: such a connection is
   * closed
   */
  readonly greetings?: readonly ForeignProtocol[];
  /**
   * Reads from a peer also while much waits for it. For a proxy, where what is sent to a peer answers nothing
   * that it said: its session pauses the one whose bytes cannot be sent on. @default false
   */
  readonly readsWhileCongested?: boolean;
  /**
   * Puts what a client is told that there is no room for into the words of the protocol. @default as it is
   */
  readonly refusal?: (text: string) => string;
  /** Told the real addresses as soon as the sockets listen, the first one by itself as well. */
  readonly onListening?: (address: SocketAddress, all: readonly SocketAddress[]) => void;
  /** Milliseconds in which a stop lets the connections send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/** What a TCP server can be asked. */
export type TcpServerCommand =
  /** Where it listens: the real port, where 0 was asked for; of several addresses the first. */
  | { readonly type: "get-address"; readonly replyTo: Ref<SocketAddress> }
  /** How many connections it serves now. */
  | { readonly type: "get-client-count"; readonly replyTo: Ref<number> };

/** The wait after an accept that failed for a reason that may last, as the want of file descriptors does. */
const ACCEPT_RETRY_MS = 100;
/**
 * So many are accepted ahead of being served: the system keeps some hundred at most, and makes those who come
 * then wait for a second.
 */
const MAX_ARRIVED = 256;
const FULL_TEXT = "Server is full. Please try again later.\n";
const ADDRESS_FULL_TEXT = "Error: too many connections from your address. Please try again later.\n";

/** What an accept brought. Told from commands by its class. */
class Accepted {
  readonly listener: TcpListener;
  readonly outcome: TcpConnection | WorldError;
  constructor(listener: TcpListener, outcome: TcpConnection | WorldError) {
    this.listener = listener;
    this.outcome = outcome;
  }
}

/** The time to accept again. */
class AcceptAgain {
  readonly listener: TcpListener;
  constructor(listener: TcpListener) {
    this.listener = listener;
  }
}

type PrivateMessage = Accepted | AcceptAgain | ChildEvent | ConnectionNotice;
type ServerMessage = TcpServerCommand | PrivateMessage;

/**
 * Listens, on a name on all of its addresses, and serves each connection by an actor of its own: supervised
 * one for one, never restarted.
 *
 * The start fails with the {@linkcode WorldError} of the listener (`address-in-use`, `permission-denied`,
 * `name-not-found`, …). Throws `RangeError` on an invalid limit, `TypeError` on what is no function.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { tcpServer } from "@troupe/actors/net";
 * import { lineFrames } from "@troupe/actors/protocols/frames";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("shout");
 * const shouting = tcpServer({
 *   address: { hostname: "127.0.0.1", port: 0 },
 *   frames: () => lineFrames(),
 *   session: (connection) => ({
 *     frame: (line: string) => connection.sendText(`${line.toUpperCase()}\n`),
 *   }),
 * });
 * const server = system.spawn("server", shouting, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * using client = await Deno.connect({ port });
 * await client.write(new TextEncoder().encode("hello\n"));
 * const answer = new Uint8Array(64);
 * const length = await client.read(answer) ?? 0;
 * assertEquals(new TextDecoder().decode(answer.subarray(0, length)), "HELLO\n");
 * ```
 */
export function tcpServer<F, M = never>(options: TcpServerOptions<F, M>): Behavior<TcpServerCommand> {
  const limits = tcpLimits(options.limits);
  const { frames, session, refusal, onListening } = options;
  checkFunctions("Cannot serve", { frames, session }, { refusal, onListening });
  return withPrivateMessages<TcpServerCommand, PrivateMessage>((self) => {
    const { address, tls } = options;
    const bound = bindAll(
      self.world.net,
      address,
      (at) => self.world.net.listenTcp({ ...at, ...(tls && { tls }) }),
      (error) =>
        self.log.warn(`${error.message}; listening on the other addresses of ${address.hostname}`, {
          event: "address-missing",
        }),
    );
    const serve = (listeners: TcpListener[]): Receive<ServerMessage> => {
      const server = new TcpServer(self, options, limits, listeners);
      return (message) => server.receive(message);
    };
    return bound instanceof Promise ? bound.then(serve) : serve(bound);
  });
}

class TcpServer<F, M> {
  readonly #self: Context<ServerMessage>;
  readonly #options: TcpServerOptions<F, M>;
  readonly #limits: TcpLimits;
  readonly #drainMs: number;
  readonly #listeners: readonly TcpListener[];
  /** What all connections are served with. */
  readonly #served: ConnectionOptions<F, M>;
  readonly #refused: Counter;
  readonly #clients: Clients;
  readonly #refusals: Refusals;
  readonly #warnings: LogThrottle;
  /** Accepted, and not yet looked at. */
  readonly #arrived = new Set<TcpConnection>();
  /** Those that accept nobody while so many have arrived. */
  readonly #resting = new Set<TcpListener>();
  #connections = 0;
  /** The last accept failed for a reason that may last, and that has been said. */
  #isRetrying = false;

  constructor(
    self: Context<ServerMessage>,
    options: TcpServerOptions<F, M>,
    limits: TcpLimits,
    listeners: readonly TcpListener[],
  ) {
    const { loop, clock } = self.world;
    this.#self = self;
    this.#options = options;
    this.#limits = limits;
    this.#drainMs = options.drainMs ?? 5000;
    this.#listeners = listeners;
    const { meter, path } = self;
    const { frames, session, login = false, greetings = [], readsWhileCongested = false } = options;
    this.#served = {
      frames,
      session,
      limits,
      drainMs: cutAfterMs(this.#drainMs),
      tools: {
        buffers: new BufferPool(),
        flusher: new Flusher(loop),
        turns: new ReadTurns(self.world),
        timers: new SharedTimers(clock),
        meters: connectionMeters(meter, path),
        warnings: new LogThrottle(self),
      },
      login,
      greetings,
      readsWhileCongested,
      owner: self.self,
    };
    this.#refused = refusedCounter(meter, path);
    this.#clients = new Clients(limits, listeners.find(({ places }) => places !== undefined)?.places);
    this.#refusals = new Refusals(clock);
    this.#warnings = new LogThrottle(self);
    self.onStop(() => this.#closeRest());
    // At the beginning of the stop, not at its end: who comes while the others are seen off is not let in.
    if (self.signal.aborted) return;
    self.signal.addEventListener("abort", () => this.#closeListeners(), { once: true });
    self.supervise("one-for-one", { stopOrder: "together" });
    // Once for all: a watch for each is memory for each.
    self.watchChildren((event) => event);
    reportListening(listeners, options.onListening);
    for (const listener of listeners) this.#accept(listener);
  }

  receive(message: ServerMessage): void {
    if (message instanceof Accepted) return this.#onAccepted(message);
    if (message instanceof AcceptAgain) return this.#accept(message.listener);
    if (message instanceof ConnectionNotice) return this.#onNotice(message);
    switch (message.type) {
      case "stopped":
        return this.#clients.remove(message.child);
      case "started":
      case "restarted":
        return;
      case "get-address":
        return answerAddress(this.#listeners, message.replyTo);
      case "get-client-count":
        return message.replyTo.tell(this.#clients.size);
      default:
        assertNever(message);
    }
  }

  #accept(listener: TcpListener): void {
    this.#self.pipe(
      listener.accept(),
      (connection) => {
        // What is accepted while the server stops is never taken up.
        if (this.#self.signal.aborted) connection.close();
        else this.#arrive(listener, connection);
        return new Accepted(listener, connection);
      },
      (error) => new Accepted(listener, asWorldError(error)),
    );
  }

  #arrive(listener: TcpListener, connection: TcpConnection): void {
    this.#arrived.add(connection);
    if (this.#arrived.size < MAX_ARRIVED) this.#accept(listener);
    else this.#resting.add(listener);
  }

  #onAccepted({ listener, outcome }: Accepted): void {
    if (outcome instanceof WorldError) return this.#onAcceptFailed(listener, outcome);
    this.#isRetrying = false;
    this.#arrived.delete(outcome);
    this.#admit(tcpTransport(outcome, { isTls: this.#options.tls !== undefined }));
    if (this.#resting.delete(listener)) this.#accept(listener);
  }

  #onAcceptFailed(listener: TcpListener, error: WorldError): void {
    // A client that is gone before it was accepted: the next one, please.
    if (error.kind === "connection-reset" || error.kind === "invalid-data") return this.#accept(listener);
    if (error.kind === "closed") throw error;
    // No descriptor or no memory is left, a firewall says no, the client's network is down: of accept(2)'s
    // errors none is of the listener, and none is worth the clients that are there.
    if (!this.#isRetrying) this.#self.log.warn(`${error.message}; trying again`, { event: "accept-failed" });
    this.#isRetrying = true;
    this.#self.after(ACCEPT_RETRY_MS, new AcceptAgain(listener));
  }

  #admit(transport: Transport): void {
    const { hostname } = transport.remoteAddress;
    const admission = this.#clients.admit(hostname);
    if (admission === "admitted") return this.#serve(transport);
    this.#refused.add(1);
    const remote = formatAddress(transport.remoteAddress);
    const isFull = admission === "server-full";
    const why = isFull ? "Server full" : `Too many connections from ${hostname}`;
    this.#warnings.warn(this.#self.coarseNow, `${why}. Rejected connection from ${remote}`, {
      client: remote,
    });
    const text = isFull ? FULL_TEXT : ADDRESS_FULL_TEXT;
    this.#refusals.refuse(transport, this.#options.refusal?.(text) ?? text);
  }

  #serve(transport: Transport): void {
    const name = `${++this.#connections}-${formatAddress(transport.remoteAddress)}`;
    const connection = this.#self.spawn(name, connectionActor(transport, this.#served), {
      onFailure: stop(),
      shutdownMs: this.#drainMs,
      // Its peer ends it, whoever tells it something meanwhile.
      deadLetterLevel: "debug",
    });
    this.#clients.add(connection, transport);
  }

  #onNotice({ connection, type }: ConnectionNotice): void {
    if (type === "over") this.#clients.remove(connection);
    else if (type === "silent") this.#clients.silent(connection);
    else this.#clients.heard(connection);
  }

  #closeListeners(): void {
    for (const listener of this.#listeners) listener.close();
  }

  #closeRest(): void {
    this.#closeListeners();
    for (const connection of this.#arrived) connection.close();
    this.#refusals.close();
    this.#clients.close();
  }
}

function asWorldError(error: unknown): WorldError {
  return error instanceof WorldError ? error : new WorldError("other", "Cannot accept", { cause: error });
}
