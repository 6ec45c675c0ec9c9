import type { FrameDecoder } from "../../protocols/frames.ts";
import { encodeResponseHead, HttpError, type HttpRequest, type HttpResponse } from "../../protocols/http.ts";
import { type HttpInput, type HttpRequestDecoder, httpRequests } from "../../protocols/http_decoder.ts";
import { type WebSocketFrames, webSocketFrames, type WebSocketInput } from "../../protocols/web_socket.ts";
import { type Cancellable, errorText } from "../world/world.ts";
import type { HttpMeters } from "./_http_meters.ts";
import { asksForWebSocket, handshakeHeaders } from "./_web_socket_handshake.ts";
import type { TokenGate, TokenVerdict } from "./_token_gate.ts";
import type { HttpGuard } from "./http_guard.ts";
import { textResponse, writeResponse } from "./http_response.ts";
import { answers, type RoutedRequest, type RouteTable, type WebSocketRoute } from "./http_route.ts";
import { tokenOf } from "./http_token.ts";
import type { LogThrottle } from "./log_throttle.ts";
import type { CloseReason, Connection, Session } from "./session.ts";
import { PingTime, ServedWebSocket } from "./web_socket.ts";

/** What the sessions of one server have in common. */
export interface Door<M> {
  readonly routes: RouteTable<M>;
  readonly guard: HttpGuard;
  readonly isTls: boolean;
  readonly requestTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly maxHeadBytes: number;
  readonly isReady: () => boolean;
  readonly meters: HttpMeters;
  /** About what strangers do. */
  readonly warnings: LogThrottle;
  readonly gate: TokenGate;
}

/** What comes from the client: first of HTTP, after an upgrade of WebSocket. */
export type DoorInput = HttpInput | WebSocketInput;

/** What each server answers by itself. */
const HEALTH_PATH = "/healthz";
const READINESS_PATH = "/readyz";
const OWN_PATHS: ReadonlySet<string> = new Set([HEALTH_PATH, READINESS_PATH]);

/** The time for a request is over. Told from others' messages by its class. */
class Overdue {}

const OVERDUE = new Overdue();

/** What a door's connection tells itself. */
export type DoorEvent = Overdue | PingTime;

/** The frames of one connection, which change with its protocol. */
export class DoorFrames<M> implements FrameDecoder<DoorInput> {
  readonly #requests: HttpRequestDecoder;
  #current: FrameDecoder<DoorInput>;
  #webSocket: WebSocketFrames | undefined;

  constructor(door: Door<M>) {
    const { routes, maxHeadBytes } = door;
    this.#requests = httpRequests({
      maxHeadBytes,
      maxBodyBytes: (method, path) => routes.maxBodyBytes(method, path),
    });
    this.#current = this.#requests;
  }

  get idleFlushMs(): number {
    return this.#current.idleFlushMs;
  }

  get isMidRequest(): boolean {
    return this.#requests.isMidRequest;
  }

  upgrade(maxMessageBytes: number | undefined): void {
    this.#current = this.#webSocket = webSocketFrames({
      from: "client",
      ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
    });
  }

  /** The message of a WebSocket that has begun and not ended. */
  get unfinishedMessage(): number | undefined {
    return this.#webSocket?.unfinishedMessage;
  }

  push(chunk: Uint8Array, inputs: DoorInput[]): void {
    this.#current.push(chunk, inputs);
  }

  idle(inputs: DoorInput[]): void {
    this.#current.idle(inputs);
  }

  end(inputs: DoorInput[]): void {
    this.#current.end(inputs);
  }
}

/** One connection to a web door: requests one after the other, and perhaps a WebSocket in the end. */
export class HttpSession<M> implements Session<DoorInput, M | DoorEvent> {
  readonly #connection: Connection<M | DoorEvent>;
  readonly #door: Door<M>;
  readonly #frames: DoorFrames<M>;
  #deadline: Cancellable | undefined;
  #socket: ServedWebSocket<M> | undefined;
  /** What was made of the last token that it has shown. */
  #verdict: TokenVerdict | undefined;

  constructor(connection: Connection<M | DoorEvent>, door: Door<M>, frames: DoorFrames<M>) {
    this.#connection = connection;
    this.#door = door;
    this.#frames = frames;
    this.#awaitRequest();
  }

  frame(input: DoorInput): void | Promise<void> {
    switch (input.type) {
      case "request":
        return this.#onRequest(input.request);
      case "expects-continue":
        return this.#connection.sendText(encodeResponseHead({ status: 100, headers: {} }));
      case "bad-request":
        return this.#refuse(input.status, input.message);
      default:
        return this.#socket?.frame(input);
    }
  }

  message(message: M | DoorEvent): void | Promise<void> {
    if (message instanceof Overdue) return this.#onOverdue();
    return this.#socket?.message(message);
  }

  ended(): void | Promise<void> {
    if (this.#socket !== undefined) return this.#socket.ended();
    this.#connection.end({ type: "ended" });
  }

  farewell(reason: string): void {
    if (this.#socket !== undefined) this.#socket.farewell(reason);
    else void this.#write(textResponse(503, `${reason}\n`), { method: "GET", keepAlive: false });
  }

  draining(): void {
    this.#socket?.draining();
  }

  closed(reason: CloseReason): void {
    this.#socket?.closed(reason);
  }

  /**
   * One deadline from the end of a request to the end of the next: an idle client and one that drips bytes
   * are the same.
   */
  #awaitRequest(): void {
    this.#deadline = this.#connection.context.after(this.#door.requestTimeoutMs, OVERDUE);
  }

  #onOverdue(): void {
    if (this.#frames.isMidRequest) this.#refuse(408, "the request took too long");
    else this.#connection.end({ type: "idle" });
  }

  #refuse(status: number, message: string): void {
    this.#deadline?.cancel();
    void this.#write(textResponse(status, `${message}\n`), { method: "GET", keepAlive: false });
    this.#connection.end({ type: "bad-frame", message });
  }

  #onRequest(request: HttpRequest): void | Promise<void> {
    this.#deadline?.cancel();
    const refusal = this.#door.guard.refusal(request, this.#connection.localAddress);
    if (refusal !== undefined) {
      this.#warn(`Refused a request from ${this.#connection.remote}: ${refusal}`);
      this.#measure(request, 403, 0);
      return this.#refuse(403, refusal);
    }
    if (!this.#admits(request)) {
      const response = textResponse(429, "Too many wrong tokens.\n", { "retry-after": "1" });
      this.#measure(request, 429, 0);
      return this.#respond(request, response);
    }
    const { clock } = this.#connection.context.world;
    const begunAt = clock.monotonic();
    const response = asksForWebSocket(request) ? this.#upgrade(request) : this.#answer(request);
    const respond = (settled: HttpResponse | undefined): void | Promise<void> => {
      this.#measure(request, settled?.status ?? 101, clock.monotonic() - begunAt);
      return settled && this.#respond(request, settled);
    };
    return response instanceof Promise ? response.then(respond) : respond(response);
  }

  /** Gives whether its token, if it shows one, is looked at. */
  #admits(request: HttpRequest): boolean {
    const token = tokenOf(request);
    if (token === undefined) return true;
    this.#verdict = this.#door.gate.judge(token, ...this.#here(), this.#verdict === "right");
    return this.#verdict !== "refused";
  }

  #measure(request: HttpRequest, status: number, durationMs: number): void {
    const { meters, isTls } = this.#door;
    const answered = { method: request.method, route: this.#routeOf(request), isTls, status };
    meters.answered(this.#connection.context.meter, answered, durationMs);
  }

  /** The pattern of the route that answers, as it was written: never a path that a peer has sent. */
  #routeOf(request: HttpRequest): string | undefined {
    const { method, path } = request;
    if (OWN_PATHS.has(path)) return path;
    const matches = this.#door.routes.at(path);
    const isUpgrade = asksForWebSocket(request);
    const answering = matches.find(({ route }) => "handle" in route ? answers(route, method) : isUpgrade);
    return (answering ?? matches[0])?.route.path;
  }

  #answer(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    const { method, path } = request;
    if (path === HEALTH_PATH) return textResponse(200, "ok\n");
    if (path === READINESS_PATH) {
      return this.#isReady() ? textResponse(200, "ready\n") : textResponse(503, "not ready\n");
    }
    const matches = this.#door.routes.at(path);
    const allowed: string[] = [];
    for (const { route, params } of matches) {
      if (!("handle" in route)) allowed.push("GET");
      else if (answers(route, method)) return this.#handle(() => route.handle(this.#routed(request, params)));
      else allowed.push(route.method);
    }
    if (allowed.length === 0) return textResponse(404, "There is nothing here.\n");
    const isUpgradeOnly = matches.every(({ route }) => !("handle" in route));
    return isUpgradeOnly && method === "GET"
      ? textResponse(426, "This is a WebSocket.\n", { upgrade: "websocket" })
      : textResponse(405, `${method} is not for this.\n`, { allow: [...new Set(allowed)].join(", ") });
  }

  #handle(handler: () => HttpResponse | Promise<HttpResponse>): HttpResponse | Promise<HttpResponse> {
    try {
      const response = handler();
      return response instanceof Promise ? response.catch((error) => this.#failed(error)) : response;
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): HttpResponse {
    if (error instanceof HttpError) return textResponse(error.status, `${error.message}\n`);
    const why = errorText(error);
    this.#connection.context.log.error(`Cannot answer a request: ${why}`, { event: "request-failed", error });
    return textResponse(500, "The request could not be answered.\n");
  }

  #routed(request: HttpRequest, params: Readonly<Record<string, string>>): RoutedRequest {
    const { remoteAddress, context: { signal } } = this.#connection;
    return { ...request, params, remoteAddress, signal };
  }

  #isReady(): boolean {
    const { signal, world } = this.#connection.context;
    return !signal.aborted && world.process?.isEnding !== true && this.#door.isReady();
  }

  /** Whose rate it is that counts, now. */
  #here(): [hostname: string, nowMs: number] {
    const { remoteAddress, context } = this.#connection;
    return [remoteAddress.hostname, context.coarseNow];
  }

  #warn(text: string): void {
    const { context, remote } = this.#connection;
    this.#door.warnings.warn(context.coarseNow, text, { event: "request-refused", client: remote });
  }

  #respond(request: HttpRequest, response: HttpResponse): void | Promise<void> {
    const { method } = request;
    if (response.status === 401 && tokenOf(request) !== undefined) {
      if (this.#verdict === "unknown") this.#door.gate.wrong(...this.#here());
      this.#warn(`A wrong token came from ${this.#connection.remote}`);
    }
    const keepAlive = request.keepAlive && !this.#connection.context.signal.aborted &&
      !request.headers.has("upgrade");
    const written = this.#write(response, { method, keepAlive, request });
    const next = (): void => keepAlive ? this.#awaitRequest() : this.#connection.end();
    return written instanceof Promise ? written.then(next) : next();
  }

  #write(
    response: HttpResponse,
    options: { readonly method: string; readonly keepAlive: boolean; readonly request?: HttpRequest },
  ): void | Promise<void> {
    const date = new Date(this.#connection.context.world.clock.now()).toUTCString();
    return writeResponse(this.#connection, response, {
      method: options.method,
      keepAlive: options.keepAlive,
      headers: { date, ...this.#securityHeaders(options.request?.headers.get("host")) },
    });
  }

  /** What keeps a page from loading, sending or being shown anything but with this server. */
  #securityHeaders(host: string | undefined): Record<string, string> {
    const socket = host === undefined ? "" : ` ${this.#door.isTls ? "wss" : "ws"}://${host}`;
    return {
      "content-security-policy": `default-src 'self'; connect-src 'self'${socket}; object-src 'none'; ` +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
    };
  }

  /** Opens a WebSocket, or gives back why not. */
  #upgrade(request: HttpRequest): HttpResponse | undefined {
    for (const { route, params } of this.#door.routes.at(request.path)) {
      if ("webSocket" in route) return this.#open(this.#routed(request, params), route);
    }
    return textResponse(404, "There is no WebSocket here.\n");
  }

  #open(request: RoutedRequest, route: WebSocketRoute<M>): HttpResponse | undefined {
    let headers: Record<string, string>;
    try {
      headers = handshakeHeaders(request, this.#connection.context.world.hash);
    } catch (error) {
      const refused = this.#failed(error);
      const version: Record<string, string> = refused.status === 426 ? { "sec-websocket-version": "13" } : {};
      return { ...refused, headers: { ...refused.headers, ...version } };
    }
    const refused = route.admit?.(request);
    if (refused !== undefined) return refused;
    this.#connection.sendText(encodeResponseHead({ status: 101, headers }));
    this.#frames.upgrade(route.maxMessageBytes);
    const { pingIntervalMs } = this.#door;
    this.#socket = new ServedWebSocket<M>({
      connection: this.#connection,
      request,
      session: route.webSocket,
      pingIntervalMs,
      unfinishedMessage: () => this.#frames.unfinishedMessage,
    });
    return undefined;
  }
}
