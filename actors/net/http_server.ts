/**
 * The web door: HTTP/1.1 and WebSocket, with an actor for the server and one for each connection.
 *
 * It stands on {@linkcode tcpServer}, so that it has the same limits, the same TLS and the same ending as
 * every other server, and runs in every world.
 *
 * @module
 */
import { checkFunctions } from "../runtime/check_function.ts";
import { encodeResponseHead } from "../../protocols/http.ts";
import type { Behavior } from "../runtime/behavior.ts";
import type { SocketAddress, TlsServerOptions } from "../world/world.ts";
import { type Door, type DoorEvent, DoorFrames, type DoorInput, HttpSession } from "./_http_session.ts";
import { HttpMeters } from "./_http_meters.ts";
import { isStrongToken, TokenGate } from "./_token_gate.ts";
import { HttpGuard } from "./http_guard.ts";
import { type Route, RouteTable } from "./http_route.ts";
import type { TcpLimits } from "./limits.ts";
import { LogThrottle } from "./log_throttle.ts";
import { tcpServer, type TcpServerCommand } from "./tcp_server.ts";

/** Limits of a web door, beside those of every TCP server. */
export interface HttpLimits extends TcpLimits {
  /** Milliseconds in which the next request must be whole, the first and those after it. @default 10000 */
  readonly requestTimeoutMs: number;
  /** Bytes of a request's first line and header fields together. @default 65536 */
  readonly maxHeadBytes: number;
  /** Milliseconds between two pings of a WebSocket; who was not heard between two is gone. @default 15000 */
  readonly pingIntervalMs: number;
}

/** A line for the log: which token of which door is weak. */
function weakToken(name: string, door: string): string {
  return `The ${name} of ${door} can be guessed: take a random one, such as \`openssl rand -hex 16\` makes`;
}

/** Options of {@linkcode httpServer}. */
export interface HttpServerOptions<M = never> {
  /** Where to listen; port 0 takes any free one. */
  readonly address: SocketAddress;
  /** With it the server speaks HTTPS and WSS. */
  readonly tls?: TlsServerOptions;
  /** What is answered. `/healthz` and `/readyz` are the server's own. */
  readonly routes: readonly Route<M>[];
  /**
   * Names under which browsers may reach it, beside `localhost` and its own addresses (DNS rebinding).
   * @default none
   */
  readonly hosts?: readonly string[];
  /** Other sites whose pages may write and open WebSockets, as `https://example.org`. @default none */
  readonly origins?: readonly string[];
  /**
   * The tokens that its routes take, by what the log calls them (`read-token`): who shows one is served while
   * others of its address guess.
   * @default none
   */
  readonly tokens?: Readonly<Record<string, string | undefined>>;
  /** Limits of the server and of each connection. */
  readonly limits?: Partial<HttpLimits>;
  /**
   * Whether `/readyz` says that it is ready; while it stops, or its process was asked to end, it never is.
   * @default () => true
   */
  readonly isReady?: () => boolean;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
  /** Milliseconds in which a stop lets the connections send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/**
 * Serves HTTP/1.1 and WebSockets. An address whose tokens (`tokenOf`) were answered with 401 more than five
 * times a second is answered with 429 until it pauses. Who has the right one (`tokens`) is served meanwhile
 * on connections that have shown it before, and everywhere if it is strong: 16 characters or more, ten of
 * them different. A weak one is warned of at the start. What chance made is meant: that a long one is a name
 * and a year the server cannot see.
 *
 * The start throws the `WorldError` of the listener (`address-in-use`, `permission-denied`, …).
 * Throws `RangeError` on an invalid limit and `SyntaxError` on a route that is no pattern.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { httpServer, textResponse } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("web");
 * const { promise: listening, resolve } = Promise.withResolvers<number>();
 * const server = httpServer({
 *   address: { hostname: "127.0.0.1", port: 0 },
 *   routes: [
 *     {
 *       method: "GET",
 *       path: "/hello/:name",
 *       handle: ({ params }) => textResponse(200, `Hello, ${params["name"]}!`),
 *     },
 *     {
 *       path: "/echo",
 *       webSocket: (socket) => ({
 *         frame: (message) => typeof message === "string" ? socket.sendText(message) : socket.send(message),
 *       }),
 *     },
 *   ],
 *   onListening: ({ port }) => resolve(port),
 * });
 * system.spawn("server", server, { onFailure: escalate() });
 *
 * const response = await fetch(`http://127.0.0.1:${await listening}/hello/you`);
 * assertEquals(await response.text(), "Hello, you!");
 * ```
 */
export function httpServer<M = never>(options: HttpServerOptions<M>): Behavior<TcpServerCommand> {
  const { limits = {}, tls, hosts = [], origins = [], isReady = () => true } = options;
  const { requestTimeoutMs = 10_000, maxHeadBytes = 65_536, pingIntervalMs = 15_000 } = limits;
  for (const [name, value] of Object.entries({ requestTimeoutMs, maxHeadBytes, pingIntervalMs })) {
    if (!(value > 0)) throw new RangeError(`Cannot serve with ${name} ${value}: it takes a number above 0`);
  }
  checkFunctions("Cannot serve", { isReady }, { onListening: options.onListening });
  const shared = {
    routes: new RouteTable(options.routes),
    guard: new HttpGuard({ hosts, origins, isTls: tls !== undefined }),
    isTls: tls !== undefined,
    requestTimeoutMs,
    pingIntervalMs,
    maxHeadBytes,
    isReady,
    meters: new HttpMeters(),
  };
  return (self) => {
    const named = Object.entries(options.tokens ?? {})
      .flatMap(([name, token]) => token === undefined ? [] : [{ name, token }]);
    for (const { name, token } of named) {
      if (!isStrongToken(token)) {
        self.log.warn(weakToken(name, self.path), { event: "weak-token", token: name });
      }
    }
    const gate = new TokenGate(named.map(({ token }) => token));
    return served(options, { ...shared, warnings: new LogThrottle(self), gate })(self);
  };
}

function served<M>(options: HttpServerOptions<M>, door: Door<M>): Behavior<TcpServerCommand> {
  const { limits = {}, tls } = options;
  // The frames of a connection are made just before its session.
  let frames = new DoorFrames(door);
  return tcpServer<DoorInput, M | DoorEvent>({
    address: options.address,
    ...(tls === undefined ? {} : { tls }),
    frames: () => frames = new DoorFrames(door),
    session: (connection) => new HttpSession(connection, door, frames),
    limits,
    greetings: ["HTTP"],
    refusal: unavailable,
    ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
    ...(options.onListening === undefined ? {} : { onListening: options.onListening }),
  });
}

/** What a client is told that there is no room for. */
function unavailable(text: string): string {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(text.length),
    connection: "close",
  };
  return encodeResponseHead({ status: 503, headers }) + text;
}
