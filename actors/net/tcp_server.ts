/**
 * A listening TCP socket as an actor, with an actor for each connection.
 *
 * @module
 */
import { type FrameDecoder, rawFrames } from "../../protocols/frames.ts";
import { assertNever, type Behavior, type Context, withPrivateMessages } from "../runtime/behavior.ts";
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
import { Flusher } from "./_flusher.ts";
import { formatAddress } from "./address.ts";
import { connectionActor, type ConnectionLimits, connectionLimits } from "./connection.ts";
import type { Connection, Session, SessionFactory } from "./session.ts";
import { tcpTransport } from "./transport.ts";

/** Limits of a TCP server. */
export interface TcpLimits extends ConnectionLimits {
  /** Connections served at once. @default 1000 */
  readonly maxClients: number;
}

/** Options of {@linkcode tcpServer}. */
export interface TcpServerOptions<F, M = never> {
  /** Where to listen; port 0 takes any free one. */
  readonly address: SocketAddress;
  /** With it the server speaks TLS. */
  readonly tls?: TlsServerOptions;
  /** Makes the decoder of one connection. */
  readonly frames: () => FrameDecoder<F>;
  /** Makes the session of one connection. */
  readonly session: SessionFactory<F, M>;
  /** Limits of the server and of each connection. */
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

/** The most refused clients that are told so at once; further ones are just closed. */
const MAX_REFUSED = 64;
/** The wait after an accept that failed for a reason that may last, as the want of file descriptors does. */
const ACCEPT_RETRY_MS = 100;
const FULL_TEXT = "Server is full. Please try again later.\n";

/** What the accept under way brought. Told from commands by its class. */
class Accepted {
  readonly outcome: TcpConnection | WorldError;
  constructor(outcome: TcpConnection | WorldError) {
    this.outcome = outcome;
  }
}

/** The time to accept again. */
class AcceptAgain {}

type ServerMessage = TcpServerCommand | Accepted | AcceptAgain;

/**
 * Listens, and serves each connection by an actor of its own: supervised one for one, never restarted.
 *
 * The start throws the {@linkcode WorldError} of the listener (`address-in-use`, `permission-denied`, …).
 * Throws `RangeError` on a limit that is none.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { tcpServer } from "@troupe/actors/net";
 * import { lineFrames } from "@troupe/actors/protocols/frames";
 *
 * await using system = new ActorSystem("shout");
 * const server = tcpServer({
 *   address: { hostname: "127.0.0.1", port: 0 },
 *   frames: () => lineFrames(),
 *   session: (connection) => ({
 *     frame: (line: string) => connection.sendText(`${line.toUpperCase()}\n`),
 *   }),
 * });
 * system.spawn("server", server, { onFailure: escalate() });
 * ```
 */
export function tcpServer<F, M = never>(options: TcpServerOptions<F, M>): Behavior<TcpServerCommand> {
  const limits = connectionLimits(options.limits);
  const { maxClients = 1000 } = options.limits ?? {};
  if (!(maxClients >= 1)) throw new RangeError(`Cannot serve ${maxClients} clients: it takes 1 or more`);
  return withPrivateMessages<TcpServerCommand, Accepted | AcceptAgain>((self) => {
    const server = new TcpServer(self, options, limits, maxClients);
    return (message) => server.receive(message);
  });
}

class TcpServer<F, M> {
  readonly #self: Context<ServerMessage>;
  readonly #options: TcpServerOptions<F, M>;
  readonly #limits: ConnectionLimits;
  readonly #maxClients: number;
  readonly #drainMs: number;
  readonly #listener: TcpListener;
  readonly #buffers = new BufferPool();
  readonly #flusher: Flusher;
  /** Accepted, and not yet taken up by an actor. */
  readonly #accepted = new Set<TcpConnection>();
  #connections = 0;
  #clients = 0;
  #refused = 0;
  /** The last accept failed for a reason that may last, and that has been said. */
  #isRetrying = false;

  constructor(
    self: Context<ServerMessage>,
    options: TcpServerOptions<F, M>,
    limits: ConnectionLimits,
    maxClients: number,
  ) {
    this.#self = self;
    this.#flusher = new Flusher(self.world.loop);
    this.#options = options;
    this.#limits = limits;
    this.#maxClients = maxClients;
    this.#drainMs = options.drainMs ?? 5000;
    const { address, tls } = options;
    this.#listener = self.world.net.listenTcp({ ...address, ...(tls && { tls }) });
    // At the beginning of the stop, not at its end: who comes while the others are seen off is not let in.
    self.signal.addEventListener("abort", () => this.#listener.close(), { once: true });
    self.onStop(() => {
      for (const connection of this.#accepted) connection.close();
    });
    self.supervise("one-for-one", { stopOrder: "together" });
    options.onListening?.(this.#listener.address);
    this.#accept();
  }

  receive(message: ServerMessage): void {
    if (message instanceof Accepted) return this.#onAccepted(message.outcome);
    if (message instanceof AcceptAgain) return this.#accept();
    switch (message.type) {
      case "get-address":
        return message.replyTo.tell(this.#listener.address);
      case "get-client-count":
        return message.replyTo.tell(this.#clients);
      default:
        assertNever(message);
    }
  }

  #accept(): void {
    this.#self.pipe(
      this.#listener.accept(),
      (connection) => {
        // What is accepted while the server stops is never taken up: it is closed with the rest.
        if (this.#self.signal.aborted) connection.close();
        else this.#accepted.add(connection);
        return new Accepted(connection);
      },
      (error) => new Accepted(asWorldError(error)),
    );
  }

  #onAccepted(outcome: TcpConnection | WorldError): void {
    if (outcome instanceof WorldError) return this.#onAcceptFailed(outcome);
    this.#isRetrying = false;
    if (this.#clients < this.#maxClients) this.#serve(outcome);
    else this.#refuse(outcome);
    this.#accept();
  }

  #onAcceptFailed(error: WorldError): void {
    // A client that is gone before it was accepted, a handshake that failed: the next one, please.
    if (error.kind === "connection-reset" || error.kind === "invalid-data") return this.#accept();
    if (error.kind === "closed") throw error;
    // No descriptor or no memory is left, a firewall says no, the client's network is down: of accept(2)'s errors none is
    // of the listener, and none is worth the clients that are there.
    if (!this.#isRetrying) this.#self.log.warn(`${error.message}; trying again`);
    this.#isRetrying = true;
    this.#self.after(ACCEPT_RETRY_MS, new AcceptAgain());
  }

  #serve(connection: TcpConnection): void {
    this.#clients++;
    this.#spawn(connection, this.#options.frames, this.#options.session, () => this.#clients--);
  }

  #refuse(connection: TcpConnection): void {
    const remote = formatAddress(connection.remoteAddress);
    this.#options.onFull?.(remote);
    if (this.#refused >= MAX_REFUSED) {
      this.#accepted.delete(connection);
      return connection.close();
    }
    this.#refused++;
    this.#spawn<Uint8Array, never>(connection, rawFrames, sayFull, () => this.#refused--);
  }

  #spawn<G, N>(
    connection: TcpConnection,
    frames: () => FrameDecoder<G>,
    session: SessionFactory<G, N>,
    over: () => void,
  ): void {
    const name = `${++this.#connections}-${formatAddress(connection.remoteAddress)}`;
    const serve = connectionActor({
      transport: tcpTransport(connection),
      frames,
      session,
      limits: this.#limits,
      drainMs: this.#drainMs,
      buffers: this.#buffers,
      flusher: this.#flusher,
      isTls: this.#options.tls !== undefined,
      over,
    });
    const behavior: typeof serve = (own) => {
      this.#accepted.delete(connection);
      return serve(own);
    };
    this.#self.spawn(name, behavior, { onFailure: stop(), shutdownMs: this.#drainMs });
  }
}

/** The session of a client that there is no room for. */
function sayFull(connection: Connection): Session<Uint8Array> {
  connection.sendText(FULL_TEXT);
  connection.end();
  return { frame() {} };
}

function asWorldError(error: unknown): WorldError {
  return error instanceof WorldError ? error : new WorldError("other", "Cannot accept", { cause: error });
}
