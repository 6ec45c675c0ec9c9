/**
 * One WebSocket, served by a session as any connection is.
 *
 * A WebSocket is no `Transport`: that carries bytes without bounds, and here a message is a frame, of one of
 * two types. It is the frames of a connection that change, and the session with them; what the connection
 * does (reading only as fast as the session takes, one write for all that waits, limits, closing) stays.
 *
 * @module
 */
import {
  CLOSE_CODES,
  encodeClose,
  encodePing,
  encodeWebSocket,
  webSocketHead,
  type WebSocketInput,
  type WebSocketMessage,
} from "../../protocols/web_socket.ts";
import type { Ref } from "../runtime/ref.ts";
import type { Random, SocketAddress } from "../world/world.ts";
import type { RoutedRequest, WebSocketConnection, WebSocketSessionFactory } from "./http_route.ts";
import type { CloseReason, Connection, Session, SessionContext } from "./session.ts";

/** Tells a socket's own actor that it is time for a ping. Told from the session's messages by its class. */
export class PingTime {}

const PING_TIME = new PingTime();
const NO_PAYLOAD = new Uint8Array(0);
/** While this much waits for the peer, nothing is read from it, and its silence means nothing. */
const HIGH_WATER_BYTES = 65_536;
/** A message must be whole before so many more pings. */
const MAX_UNFINISHED_PINGS = 2;

/** Options of {@linkcode ServedWebSocket}. */
export interface ServedWebSocketOptions<M> {
  readonly connection: Connection<M | PingTime>;
  readonly request: RoutedRequest;
  readonly session: WebSocketSessionFactory<M>;
  /** Milliseconds between two pings. */
  readonly pingIntervalMs: number;
  /** The message that the peer has begun and not ended: see `WebSocketFrames`. @default not looked at */
  readonly unfinishedMessage?: () => number | undefined;
  /** Given at the client's end, whose frames are masked. */
  readonly maskedBy?: Random;
}

/** Reads and writes the frames of one WebSocket, and gives the messages to its session. */
export class ServedWebSocket<M> implements WebSocketConnection<M> {
  readonly self: Ref<M>;
  readonly context: SessionContext<M>;
  readonly request: RoutedRequest;
  readonly #connection: Connection<M | PingTime>;
  readonly #maskedBy: Random | undefined;
  readonly #session: Session<WebSocketMessage, M>;
  readonly #unfinishedMessage: () => number | undefined;
  /** The message that was unfinished at the last ping, and at how many pings before that. */
  #unfinished: number | undefined;
  #unfinishedPings = 0;
  #wasHeard = true;
  #isPaused = false;
  /** A close was sent: nothing may follow it. */
  #isClosed = false;

  constructor(options: ServedWebSocketOptions<M>) {
    const { connection, request, session, pingIntervalMs, unfinishedMessage, maskedBy } = options;
    this.#connection = connection;
    this.self = connection.self;
    this.context = connection.context;
    this.request = request;
    this.#maskedBy = maskedBy;
    this.#unfinishedMessage = unfinishedMessage ?? (() => undefined);
    this.#session = session(this);
    connection.context.every(pingIntervalMs, PING_TIME);
  }

  get remoteAddress(): SocketAddress {
    return this.#connection.remoteAddress;
  }

  get localAddress(): SocketAddress {
    return this.#connection.localAddress;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  send(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#maskedBy !== undefined) return this.#connection.send(encodeWebSocket(bytes, this.#mask()));
    this.#connection.send(webSocketHead("binary", bytes.length));
    this.#connection.send(bytes);
  }

  sendText(text: string): void {
    if (!this.#isClosed) this.#connection.send(encodeWebSocket(text, this.#mask()));
  }

  get silentMs(): number {
    return this.#connection.silentMs;
  }

  awaitLogin(): void {
    this.#connection.awaitLogin();
  }

  loggedIn(): void {
    this.#connection.loggedIn();
  }

  makeRoom(): boolean {
    return this.#connection.makeRoom();
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  allowOutbound(extraBytes: number): void {
    this.#connection.allowOutbound(extraBytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#connection.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#wasHeard = true;
    this.#connection.resume();
  }

  close(code: number, reason: string): void {
    this.#sendClose(code, reason);
    this.#connection.end();
  }

  end(reason?: CloseReason): void {
    this.#sendClose(CLOSE_CODES.normal, "");
    this.#connection.end(reason);
  }

  /**
   * A WebSocket has no half that could be ended alone: the peer answers the close, and the connection is
   * closed then.
   */
  endSending(): void {
    this.#sendClose(CLOSE_CODES.normal, "");
  }

  abort(error: unknown): void {
    this.#connection.abort(error);
  }

  // From the connection's actor.

  /** A frame came. */
  frame(input: WebSocketInput): void | Promise<void> {
    this.#wasHeard = true;
    switch (input.type) {
      case "message":
        return this.#session.frame(input.message);
      case "ping":
        if (!this.#isClosed) this.#connection.send(encodePing("pong", input.payload, this.#mask()));
        return;
      case "pong":
        return;
      case "close":
        return this.#onClose(input.code);
      case "bad":
        this.#sendClose(input.code, input.reason);
        return this.#connection.end({ type: "bad-frame", message: input.reason });
    }
  }

  /** A message came from another actor. */
  message(message: M | PingTime): void | Promise<void> {
    if (message instanceof PingTime) return this.#onPingTime();
    return this.#session.message?.(message);
  }

  /** The peer has ended its stream without a close. */
  ended(): void {
    this.#connection.end({ type: "ended" });
  }

  /** The connection is closed after this, and the peer is to know why. */
  farewell(reason: string): void {
    this.#sendClose(CLOSE_CODES.tryLater, reason);
  }

  draining(): void {
    try {
      this.#session.draining?.();
    } finally {
      this.#sendClose(CLOSE_CODES.goingAway, "the server stops");
    }
  }

  closed(reason: CloseReason): void {
    this.#session.closed?.(reason);
  }

  #onPingTime(): void {
    if (this.#isClosed) return;
    const isKeptWaiting = this.#isPaused || this.#connection.queuedBytes >= HIGH_WATER_BYTES;
    if (!this.#wasHeard && !isKeptWaiting) return this.#connection.end({ type: "idle" });
    if (!isKeptWaiting && this.#isDripping()) {
      return this.close(CLOSE_CODES.policy, "a message was not finished in time");
    }
    this.#wasHeard = false;
    this.#connection.send(encodePing("ping", NO_PAYLOAD, this.#mask()));
  }

  /** Whether the peer has been sending one message for long, a little at a time. */
  #isDripping(): boolean {
    const unfinished = this.#unfinishedMessage();
    const isSame = unfinished !== undefined && unfinished === this.#unfinished;
    this.#unfinishedPings = isSame ? this.#unfinishedPings + 1 : 0;
    this.#unfinished = unfinished;
    return this.#unfinishedPings >= MAX_UNFINISHED_PINGS;
  }

  async #onClose(code: number): Promise<void> {
    try {
      await this.#session.ended?.();
    } finally {
      this.#sendClose(code === CLOSE_CODES.noCode ? CLOSE_CODES.normal : code, "");
      this.#connection.end({ type: "ended" });
    }
  }

  #sendClose(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.send(encodeClose(code, reason, this.#mask()));
  }

  #mask(): { readonly mask?: Uint8Array } {
    return this.#maskedBy === undefined ? {} : { mask: this.#maskedBy.bytes(4) };
  }
}
