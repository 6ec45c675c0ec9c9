/**
 * What a web door answers: routes to functions, to files, and to WebSockets.
 *
 * @module
 */
import { checkFunctions } from "../runtime/check_function.ts";
import type { HttpRequest, HttpResponse } from "../../protocols/http.ts";
import type { WebSocketMessage } from "../../protocols/web_socket.ts";
import type { SocketAddress } from "../world/world.ts";
import type { Connection, Session } from "./session.ts";

/** A request with what its route found in the path, and who sent it. */
export interface RoutedRequest extends HttpRequest {
  /** The parts of the path that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The client. */
  readonly remoteAddress: SocketAddress;
  /** Aborted when the server begins to stop. */
  readonly signal: AbortSignal;
}

/** A route that answers requests. */
export interface HttpRoute {
  /** `GET` answers `HEAD` too. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /**
   * A path such as `/files`, `/torrents/:name` (one part of the path, which is in `params`) or `/assets/*`
   * (all that follows, in `params["*"]`). Among the routes that fit, the first counts.
   */
  readonly path: string;
  /** Bytes that the body of a request may have; more is answered with 413. @default 0 */
  readonly maxBodyBytes?: number;
  /**
   * Answers. What it throws is logged and answered with 500. Until it has settled, the connection takes no
   * other request.
   */
  readonly handle: (request: RoutedRequest) => HttpResponse | Promise<HttpResponse>;
}

/**
 * One WebSocket, as its session sees it: a connection whose `send` is a binary message and whose `sendText`
 * is a text.
 */
export interface WebSocketConnection<M = never> extends Connection<M> {
  /** The request that opened it. */
  readonly request: RoutedRequest;
  /** Sends what is queued, then closes with this code (RFC 6455, section 7.4) and reason. */
  close(code: number, reason: string): void;
}

/** Makes the session of one WebSocket: run inside the connection's actor, as that of any connection. */
export type WebSocketSessionFactory<M = never> = (
  connection: WebSocketConnection<M>,
) => Session<WebSocketMessage, M>;

/** A route that opens WebSockets. */
export interface WebSocketRoute<M = never> {
  /** As {@linkcode HttpRoute.path}. */
  readonly path: string;
  /** Says whether the client is let in; an answer refuses it. @default everybody is */
  readonly admit?: (request: RoutedRequest) => HttpResponse | undefined;
  /** Makes the session. */
  readonly webSocket: WebSocketSessionFactory<M>;
  /** Bytes of one message; a longer one closes the connection with 1009. @default 1048576 */
  readonly maxMessageBytes?: number;
}

/** Any route. */
export type Route<M = never> = HttpRoute | WebSocketRoute<M>;

/** A route for a path, with what its pattern found there. */
export interface RouteMatch<R> {
  readonly route: R;
  readonly params: Readonly<Record<string, string>>;
}

/** The routes of one server, looked up by path. */
export class RouteTable<M> {
  readonly #routes: readonly { readonly pattern: Pattern; readonly route: Route<M> }[];

  /** Throws `SyntaxError` on a path that is no pattern. */
  constructor(routes: readonly Route<M>[]) {
    for (const route of routes) checkAnswers(route);
    this.#routes = routes.map((route) => ({ pattern: new Pattern(route.path), route }));
  }

  /** All that stands under a path, in order. */
  at(path: string): RouteMatch<Route<M>>[] {
    const found: RouteMatch<Route<M>>[] = [];
    for (const { pattern, route } of this.#routes) {
      const params = pattern.match(path);
      if (params !== undefined) found.push({ route, params });
    }
    return found;
  }

  /** Bytes that the body of a request may have. */
  maxBodyBytes(method: string, path: string): number {
    for (const { route } of this.at(path)) {
      if ("handle" in route && route.method === method) return route.maxBodyBytes ?? 0;
    }
    return 0;
  }
}

/** Throws `TypeError` on a route whose functions are none. */
function checkAnswers<M>(route: Route<M>): void {
  const cannot = `Cannot route ${JSON.stringify(route.path)}`;
  if ("handle" in route) checkFunctions(cannot, { handle: route.handle });
  else checkFunctions(cannot, { webSocket: route.webSocket }, { admit: route.admit });
}

/** Whether a route answers a method. */
export function answers(route: HttpRoute, method: string): boolean {
  return route.method === method || (route.method === "GET" && method === "HEAD");
}

class Pattern {
  readonly #parts: readonly string[];
  readonly #takesRest: boolean;

  constructor(path: string) {
    if (!path.startsWith("/")) {
      throw new SyntaxError(`Cannot route ${JSON.stringify(path)}: it does not begin with /`);
    }
    const parts = path.slice(1).split("/");
    this.#takesRest = parts.at(-1) === "*";
    this.#parts = this.#takesRest ? parts.slice(0, -1) : parts;
  }

  match(path: string): Record<string, string> | undefined {
    const parts = path.slice(1).split("/");
    if (this.#takesRest ? parts.length <= this.#parts.length : parts.length !== this.#parts.length) {
      return undefined;
    }
    const params: Record<string, string> = {};
    for (const [index, pattern] of this.#parts.entries()) {
      const part = parts[index] ?? "";
      if (pattern.startsWith(":")) {
        const value = decodePart(part);
        if (value === undefined || value === "") return undefined;
        params[pattern.slice(1)] = value;
      } else if (pattern !== part) return undefined;
    }
    if (this.#takesRest) {
      const rest = decodePart(parts.slice(this.#parts.length).join("/"));
      if (rest === undefined) return undefined;
      params["*"] = rest;
    }
    return params;
  }
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
