/**
 * A WebSocket that is dialled, and dialled again when it is lost, as an actor.
 *
 * @module
 */
import type { FrameDecoder } from "../../protocols/frames.ts";
import { encodeRequest, HttpError } from "../../protocols/http.ts";
import { type HttpReply, httpReply, type HttpReplyDecoder } from "../../protocols/http_decoder.ts";
import { webSocketFrames, type WebSocketInput } from "../../protocols/web_socket.ts";
import type { Behavior } from "../runtime/behavior.ts";
import type { Cancellable, TlsClientOptions } from "../world/world.ts";
import { base64, handshakeFault } from "./_web_socket_handshake.ts";
import { dialer, type DialerCommand, type DialerOptions } from "./dialer.ts";
import type { RoutedRequest, WebSocketSessionFactory } from "./http_route.ts";
import type { CloseReason, Connection, Session } from "./session.ts";
import { PingTime, ServedWebSocket } from "./web_socket.ts";

/** Options of {@linkcode webSocketDialer}. */
export interface WebSocketDialerOptions<M = never>
  extends Pick<DialerOptions<never, M>, "reconnect" | "drainMs" | "limits" | "down"> {
  /** `ws://HOST:PORT/PATH`, or `wss://`. */
  readonly url: string;
  /** Header fields of the request, `origin` for instance. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How to trust a server of `wss://`. */
  readonly tls?: TlsClientOptions;
  /** Makes the session of one WebSocket, once it is open. */
  readonly session: WebSocketSessionFactory<M>;
  /** Bytes of one message. @default 67108864 */
  readonly maxMessageBytes?: number;
  /** Milliseconds that the server has to answer the handshake. @default 10000 */
  readonly handshakeTimeoutMs?: number;
  /** Milliseconds between two pings. @default 15000 */
  readonly pingIntervalMs?: number;
}

/**
 * Keeps a WebSocket to one address, as {@linkcode dialer} keeps a connection.
 *
 * Throws `TypeError` on an invalid address, and as `dialer` does.
 *
 * @example
 * ```ts no-assert
 * import { ActorSystem } from "@troupe/actors";
 * import { webSocketDialer } from "@troupe/actors/net";
 *
 * await using system = new ActorSystem("caller");
 * system.spawn("feed", webSocketDialer({
 *   url: "ws://127.0.0.1:8089/events",
 *   session: (socket) => ({ frame: (message) => socket.context.log.info(`${message}`) }),
 *   reconnect: { minMs: 100, maxMs: 10_000, jitter: 0.2 },
 * }));
 * ```
 */
export function webSocketDialer<M = never>(options: WebSocketDialerOptions<M>): Behavior<DialerCommand> {
  const url = new URL(options.url);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new TypeError(`Cannot open a WebSocket to ${options.url}: it takes ws:// or wss://`);
  }
  const isTls = url.protocol === "wss:";
  const { reconnect, drainMs, limits, down, tls } = options;
  return dialer<ClientInput, M | ClientEvent>({
    address: {
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    },
    ...(isTls ? { tls: tls ?? {} } : {}),
    frames: () => new ClientFrames(options),
    session: (connection) => new ClientSession(connection, url, options),
    reconnect,
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(limits === undefined ? {} : { limits }),
    ...(down === undefined ? {} : { down }),
  });
}

type ClientInput = WebSocketInput | { readonly type: "reply"; readonly reply: HttpReply } | {
  readonly type: "no-reply";
  readonly error: unknown;
};

/** The server has not answered the handshake in time. Told from others' messages by its class. */
class NoAnswer {}

const NO_ANSWER = new NoAnswer();

type ClientEvent = NoAnswer | PingTime;

/** The frames of one connection: a reply of HTTP, then those of WebSocket. */
class ClientFrames<M> implements FrameDecoder<ClientInput> {
  readonly idleFlushMs = 0;
  readonly #decoder: HttpReplyDecoder = httpReply();
  readonly #frames: FrameDecoder<ClientInput>;
  #state: "handshake" | "open" | "over" = "handshake";

  constructor({ maxMessageBytes = 1 << 26 }: WebSocketDialerOptions<M>) {
    this.#frames = webSocketFrames({ from: "server", maxMessageBytes });
  }

  push(chunk: Uint8Array, inputs: ClientInput[]): void {
    if (this.#state === "open") return this.#frames.push(chunk, inputs);
    if (this.#state === "over") return;
    try {
      const used = this.#decoder.push(chunk);
      const { reply } = this.#decoder;
      if (reply === undefined) return;
      inputs.push({ type: "reply", reply });
      this.#state = reply.status === 101 ? "open" : "over";
      this.push(chunk.subarray(used), inputs);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#state = "over";
      inputs.push({ type: "no-reply", error });
    }
  }

  idle(): void {}

  end(inputs: ClientInput[]): void {
    this.#frames.end(inputs);
  }
}

class ClientSession<M> implements Session<ClientInput, M | ClientEvent> {
  readonly #connection: Connection<M | ClientEvent>;
  readonly #options: WebSocketDialerOptions<M>;
  readonly #url: URL;
  readonly #key: string;
  readonly #deadline: Cancellable;
  #socket: ServedWebSocket<M> | undefined;

  constructor(
    connection: Connection<M | ClientEvent>,
    url: URL,
    options: WebSocketDialerOptions<M>,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#url = url;
    const { random } = connection.context.world;
    this.#key = base64(random.bytes(16));
    this.#deadline = connection.context.after(options.handshakeTimeoutMs ?? 10_000, NO_ANSWER);
    connection.send(encodeRequest({
      target: url.pathname + url.search,
      headers: {
        host: url.host,
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-key": this.#key,
        "sec-websocket-version": "13",
        ...options.headers,
      },
    }));
  }

  frame(input: ClientInput): void | Promise<void> {
    if (input.type === "reply") return this.#onReply(input.reply);
    if (input.type === "no-reply") return this.#connection.abort(input.error);
    return this.#socket?.frame(input);
  }

  message(message: M | ClientEvent): void | Promise<void> {
    if (message instanceof NoAnswer) return this.#fail("it did not answer in time");
    return this.#socket?.message(message);
  }

  ended(): void {
    if (this.#socket === undefined) this.#fail("it closed the connection");
    else this.#socket.ended();
  }

  farewell(reason: string): void {
    this.#socket?.farewell(reason);
  }

  draining(): void {
    this.#socket?.draining();
  }

  closed(reason: CloseReason): void {
    this.#socket?.closed(reason);
  }

  #onReply({ status, headers }: HttpReply): void {
    this.#deadline.cancel();
    const { world } = this.#connection.context;
    const fault = handshakeFault(status, headers, this.#key, world.hash);
    if (fault !== undefined) return this.#fail(fault);
    this.#socket = new ServedWebSocket<M>({
      connection: this.#connection,
      request: this.#request(),
      session: this.#options.session,
      pingIntervalMs: this.#options.pingIntervalMs ?? 15_000,
      maskedBy: world.random,
    });
  }

  #fail(fault: string): void {
    this.#connection.abort(new Error(`Cannot open a WebSocket to ${this.#url.href}: ${fault}`));
  }

  /** The request that was sent, for the session. */
  #request(): RoutedRequest {
    const { remoteAddress, context: { signal } } = this.#connection;
    return {
      method: "GET",
      path: this.#url.pathname,
      query: this.#url.search.slice(1),
      headers: new Map(Object.entries(this.#options.headers ?? {})),
      body: new Uint8Array(0),
      keepAlive: true,
      params: {},
      remoteAddress,
      signal,
    };
  }
}
