/**
 * A TCP connection that is dialled, and dialled again when it is lost, as an actor.
 *
 * @module
 */
import { checkFunctions } from "../runtime/check_function.ts";
import { FOREIGN_PROTOCOLS } from "../../protocols/foreign_greeting.ts";
import type { FrameDecoder } from "../../protocols/frames.ts";
import { type Behavior, type Context, withPrivateMessages } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import { type Backoff, backoffDelay, checkBackoff, stop } from "../runtime/supervision.ts";
import {
  type Cancellable,
  type SocketAddress,
  type TcpConnection,
  type TlsClientOptions,
  WorldError,
} from "../world/world.ts";
import { BufferPool } from "./_buffers.ts";
import { Flusher } from "./_flusher.ts";
import { ReadTurns } from "./_read_turns.ts";
import { SharedTimers } from "./_shared_timers.ts";
import { cutAfterMs } from "./_closing.ts";
import { formatAddress } from "./address.ts";
import { ConnectionNotice } from "./_connection_events.ts";
import { connectionMeters } from "./_meters.ts";
import type { ConnectionTools } from "./_sending.ts";
import { connectionActor } from "./connection.ts";
import { type ConnectionLimits, dialledLimits } from "./limits.ts";
import { LogThrottle } from "./log_throttle.ts";
import type { CloseReason, SessionFactory } from "./session.ts";
import { tcpTransport } from "./transport.ts";

/** The connection stands. */
export interface DialerUp<in M> {
  /** The connection's actor: what is sent to it reaches its session. */
  readonly connection: Ref<M>;
  /** The address that answered, of those that the name has. */
  readonly remoteAddress: SocketAddress;
  /** This side. */
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
  /**
   * With it the connection is TLS; the certificate must be for `address.hostname` unless `serverName` says
   * otherwise.
   */
  readonly tls?: TlsClientOptions;
  /** Makes the decoder of one connection. */
  readonly frames: () => FrameDecoder<F>;
  /** Makes the session of one connection. */
  readonly session: SessionFactory<F, M>;
  /** Limits of the connection. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Reads also while much waits to be sent, as a proxy must: see `TcpServerOptions`. @default false */
  readonly readsWhileCongested?: boolean;
  /**
   * Waiting times between attempts, counted anew after each connection; false dials once and then stops the
   * actor.
   */
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

/** The outcome of dialling all addresses of the name. */
class Dialled {
  readonly outcome: TcpConnection | { readonly error: unknown };
  constructor(outcome: Dialled["outcome"]) {
    this.outcome = outcome;
  }
}

/** The time to dial again. */
class DialAgain {}

/** The connection's actor is gone. */
class Gone {
  readonly connection: Ref<never>;
  readonly error: unknown;
  constructor(connection: Ref<never>, error: unknown) {
    this.connection = connection;
    this.error = error;
  }
}

type PrivateMessage = Dialled | DialAgain | Gone | ConnectionNotice;

/**
 * Keeps a connection to one address: dials, serves the connection by an actor of its own, and dials again
 * when it is lost, after a wait that grows with each attempt that fails.
 *
 * Throws `RangeError` on an invalid limit or backoff, `TypeError` on what is no function.
 *
 * @example
 * ```ts
 * import { ActorSystem } from "@troupe/actors";
 * import { dialer } from "@troupe/actors/net";
 * import { lineFrames } from "@troupe/actors/protocols/frames";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * await using system = new ActorSystem("caller");
 * const call = dialer({
 *   address: { hostname: "127.0.0.1", port: listener.addr.port },
 *   frames: () => lineFrames(),
 *   session: (connection) => {
 *     connection.sendText("hello\n");
 *     return { frame: (line: string) => connection.context.log.info(line) };
 *   },
 *   reconnect: { minMs: 100, maxMs: 10_000, jitter: 0.2 },
 * });
 * system.spawn("call", call);
 *
 * using accepted = await listener.accept();
 * const said = new Uint8Array(6);
 * await accepted.read(said);
 * assertEquals(new TextDecoder().decode(said), "hello\n");
 * ```
 */
export function dialer<F, M = never>(options: DialerOptions<F, M>): Behavior<DialerCommand> {
  const limits = dialledLimits(options.limits);
  if (options.reconnect !== false) checkBackoff(options.reconnect);
  const { frames, session, up, down } = options;
  checkFunctions("Cannot dial", { frames, session }, { up, down });
  return withPrivateMessages<DialerCommand, PrivateMessage>((self) => {
    const dialling = new Dialler(self, options, limits);
    return (message) => dialling.receive(message);
  });
}

class Dialler<F, M> {
  readonly #self: Context<DialerCommand | PrivateMessage>;
  readonly #options: DialerOptions<F, M>;
  readonly #limits: ConnectionLimits;
  readonly #tools: ConnectionTools;
  #connections = 0;
  /** Attempts in a row that failed. */
  #failures = 0;
  /** Waits to dial again. */
  #waiting: Cancellable | undefined;
  /** Connected: closed with this actor, whoever had it then. */
  #dialled: TcpConnection | undefined;
  #connection: Ref<never> | undefined;

  constructor(
    self: Context<DialerCommand | PrivateMessage>,
    options: DialerOptions<F, M>,
    limits: ConnectionLimits,
  ) {
    this.#self = self;
    this.#tools = {
      buffers: new BufferPool(),
      flusher: new Flusher(self.world.loop),
      turns: new ReadTurns(self.world),
      timers: new SharedTimers(self.world.clock),
      meters: connectionMeters(self.meter, "dialled"),
      warnings: new LogThrottle(self),
    };
    this.#options = options;
    this.#limits = limits;
    self.onStop(() => this.#dialled?.close());
    this.#dial();
  }

  receive(message: DialerCommand | PrivateMessage): void {
    if (message instanceof Dialled) return this.#onDialled(message.outcome);
    if (message instanceof ConnectionNotice) {
      if (message.type === "over") this.#onOver(message.connection, message.reason);
      return;
    }
    if (message instanceof Gone) {
      return this.#onOver(message.connection, { type: "failed", error: message.error });
    }
    // A wait that is over, or that somebody cuts short; while there is none there is nothing to do.
    if (this.#waiting !== undefined) this.#dial();
  }

  #dial(): void {
    this.#waiting?.cancel();
    this.#waiting = undefined;
    this.#self.pipe(
      this.#connect(),
      (connection) => {
        // What is connected while the dialer stops is never taken up: it is closed with the rest.
        if (this.#self.signal.aborted) connection.close();
        else this.#dialled = connection;
        return new Dialled(connection);
      },
      (error) => new Dialled({ error }),
    );
  }

  /** Connects to the first address that answers. Rejects with the failure of the last. */
  async #connect(): Promise<TcpConnection> {
    const { hostname } = this.#options.address;
    const addresses = await this.#self.world.net.resolve(hostname);
    let failure: unknown = new WorldError(
      "name-not-found",
      `Cannot connect to ${hostname}: it has no address`,
    );
    for (const address of addresses) {
      if (this.#self.signal.aborted) break;
      try {
        return await this.#connectTo(address);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #connectTo(hostname: string): Promise<TcpConnection> {
    const { clock, net } = this.#self.world;
    const { address, tls, connectTimeoutMs = 10_000 } = this.#options;
    const timedOut = new AbortController();
    const where = formatAddress({ hostname, port: address.port });
    const timer = clock.timer(
      connectTimeoutMs,
      () =>
        timedOut.abort(
          new WorldError("timed-out", `Cannot connect to ${where}: no answer in ${connectTimeoutMs} ms`),
        ),
    );
    try {
      return await net.connectTcp({
        hostname,
        port: address.port,
        signal: AbortSignal.any([timedOut.signal, this.#self.signal]),
        ...(tls && { tls: { serverName: address.hostname, ...tls } }),
      });
    } finally {
      timer.cancel();
    }
  }

  #onDialled(outcome: Dialled["outcome"]): void {
    if ("error" in outcome) return this.#onDown({ type: "failed", error: outcome.error }, false);
    this.#failures = 0;
    const { frames, session, drainMs = 5000, tls } = this.#options;
    const { remoteAddress, localAddress } = outcome;
    const behavior = connectionActor(tcpTransport(outcome, { isTls: tls !== undefined }), {
      frames,
      session,
      limits: this.#limits,
      drainMs: cutAfterMs(drainMs),
      tools: this.#tools,
      login: false,
      greetings: FOREIGN_PROTOCOLS,
      readsWhileCongested: this.#options.readsWhileCongested ?? false,
      owner: this.#self.self,
    });
    const name = `${++this.#connections}-${formatAddress(remoteAddress)}`;
    const connection = this.#self.spawn(name, behavior, {
      onFailure: stop(),
      shutdownMs: drainMs,
      // Its peer ends it, whoever tells it something meanwhile.
      deadLetterLevel: "debug",
    });
    this.#connection = connection;
    this.#self.watch(
      connection,
      (reason) => new Gone(connection, reason.type === "failed" ? reason.error : undefined),
    );
    this.#options.up?.({ connection, remoteAddress, localAddress });
  }

  /** Heard twice of each connection at most: of its end, and of the end of its actor. */
  #onOver(connection: Ref<never>, reason: CloseReason = { type: "closed" }): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#dialled?.close();
    this.#dialled = undefined;
    this.#onDown(reason, true);
  }

  #onDown(reason: CloseReason, wasUp: boolean): void {
    const { reconnect, down } = this.#options;
    if (reconnect === false) {
      down?.({ reason, wasUp, retryInMs: null });
      return this.#self.stop();
    }
    const retryInMs = backoffDelay(reconnect, this.#failures++, this.#self.world.random.next());
    this.#waiting = this.#self.after(retryInMs, new DialAgain());
    down?.({ reason, wasUp, retryInMs });
  }
}
