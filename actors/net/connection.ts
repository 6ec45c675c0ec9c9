/**
 * One connection as an actor, over whatever transport: the same for those accepted and those dialled.
 *
 * It is put together of what comes ({@linkcode Inbound}), what goes ({@linkcode Sending}), the peer's time
 * ({@linkcode Silence}) and the way to the end ({@linkcode Closing}).
 *
 * @module
 */
import type { ForeignProtocol } from "../../protocols/foreign_greeting.ts";
import { assertNever, type Behavior, type Context } from "../runtime/behavior.ts";
import type { Receive } from "../runtime/handler.ts";
import type { Ref } from "../runtime/ref.ts";
import type { SocketAddress, World } from "../world/world.ts";
import { CLOSED_HERE, Closing, ENDED, IDLE, LATE_HANDSHAKE, LATE_LOGIN, SLOW, VANISHED } from "./_closing.ts";
import { ConnectionEvent, ConnectionNotice, EVENTS } from "./_connection_events.ts";
import { followedSession } from "./_followed_session.ts";
import { Inbound, type InboundEvent, type InboundOwner } from "./_inbound.ts";
import type { ConnectionOptions } from "./_connection_options.ts";
import { Sending, type SendingOwner } from "./_sending.ts";
import { Silence } from "./_silence.ts";
import { formatAddress } from "./address.ts";
import type { CloseReason, Connection, Session, SessionContext } from "./session.ts";
import type { Transport } from "./transport.ts";

/** A connection is closed once the peer has closed it too, or after this time. */
const LINGER_MS = 500;

/**
 * Serves one connection by a session, and stops when the connection is over. Whatever fails, the transport is
 * closed.
 */
export function connectionActor<F, M>(
  transport: Transport,
  options: ConnectionOptions<F, M>,
): Behavior<M | ConnectionEvent> {
  return (self) => {
    const served = new ServedConnection(self, transport, options);
    served.start();
    return served.receive;
  };
}

class ServedConnection<F, M> implements Connection<M>, InboundOwner<F>, SendingOwner {
  readonly context: SessionContext<M>;
  readonly self: Ref<M>;
  readonly remote: string;
  readonly #own: Context<M | ConnectionEvent>;
  readonly #ownRef: Ref<M | ConnectionEvent>;
  readonly #options: ConnectionOptions<F, M>;
  readonly #transport: Transport;
  readonly #inbound: Inbound<F>;
  readonly #sending: Sending;
  readonly #silence: Silence;
  readonly #closing: Closing;
  #session: Session<F, M> | undefined;
  #isOpen = false;
  #whenClosed: (() => void) | undefined;
  #isStopHeard = false;

  constructor(own: Context<M | ConnectionEvent>, transport: Transport, options: ConnectionOptions<F, M>) {
    const { limits, tools, greetings } = options;
    this.#own = own;
    this.#ownRef = this.self = own.self;
    this.context = own;
    this.#options = options;
    this.#transport = transport;
    this.remote = formatAddress(transport.remoteAddress);
    this.#closing = new Closing(own.world.clock, () => this.#abort(CLOSED_HERE));
    this.#silence = new Silence(tools.timers, limits, () => this.#post("time"));
    this.#sending = new Sending(transport, this.remote, limits, tools, this);
    this.#inbound = new Inbound(transport, options.frames, this, tools, greetings);
    own.onStop(() => this.#stop());
  }

  /** Opens the transport, if that takes anything, and then serves. */
  start(): void {
    if (this.#transport.open === undefined) return this.#serve();
    this.#silence.beginHandshake();
    this.#transport.open().then(() => this.#post("opened"), (error) => {
      this.#own.log.debug(`Closed the connection of ${this.remote}: ${error}`, {
        event: "connection-closed",
      });
      this.#abort({ type: "failed", error });
    });
  }

  /** Makes the session and begins to receive. */
  #serve(): void {
    if (!this.#closing.step("opened")) return;
    this.#isOpen = true;
    if (this.#options.login) this.awaitLogin();
    else this.#silence.serve();
    try {
      this.#inbound.begin();
      this.#session = followedSession(this.#options.session(this), this);
    } catch (error) {
      this.#abort({ type: "failed", error });
      throw error;
    }
    this.#inbound.receive();
  }

  // What the session sees.

  get remoteAddress(): SocketAddress {
    return this.#transport.remoteAddress;
  }

  get localAddress(): SocketAddress {
    return this.#transport.localAddress;
  }

  get queuedBytes(): number {
    return this.#sending.queuedBytes;
  }

  get silentMs(): number {
    return Math.max(0, this.#own.coarseNow - this.#silence.heardAt);
  }

  send(bytes: Uint8Array): void {
    if (this.#isOpen) this.#sending.send(bytes);
  }

  sendText(text: string): void {
    if (this.#isOpen) this.#sending.sendText(text);
  }

  drained(): Promise<void> {
    return this.#sending.drained();
  }

  allowOutbound(extraBytes: number): void {
    this.#sending.allow(extraBytes);
  }

  pause(): void {
    this.#inbound.pause();
  }

  resume(): void {
    this.#inbound.resume();
  }

  awaitLogin(): void {
    this.#silence.beginLogin();
  }

  loggedIn(): void {
    if (this.#silence.isLoggingIn) this.#silence.serve();
  }

  makeRoom(): boolean {
    const { vanishedMs } = this.#options.limits;
    if (!this.#isOpen || !this.#silence.isSilent) return false;
    this.#dismiss(VANISHED, `nothing was heard from you for over ${vanishedMs} ms, and your place is needed`);
    return true;
  }

  end(reason: CloseReason = CLOSED_HERE): void {
    const { phase } = this.#closing;
    if (!this.#closing.step("end")) return;
    this.#closing.because(reason);
    this.#isOpen = false;
    if (phase === "opening") this.#release();
    else if (this.#sending.queuedBytes === 0) this.#flushed();
  }

  endSending(): void {
    if (this.#isOpen) this.#sending.end();
  }

  abort(error: unknown): void {
    this.#abort({ type: "failed", error });
  }

  // From the mailbox.

  readonly receive: Receive<M | ConnectionEvent> = (message): void | Promise<void> => {
    try {
      const result = message instanceof ConnectionEvent
        ? this.#onEvent(message)
        : this.#session?.message?.(message);
      if (result instanceof Promise) return this.#mind(result);
    } catch (error) {
      this.#onFailure(error);
    }
  };

  /** Waits for the session, but no longer than the stop of the actor allows. */
  async #mind(result: Promise<void>): Promise<void> {
    if (!this.#isStopHeard) {
      this.#isStopHeard = true;
      const limit = () => this.#closing.limit(this.#options.drainMs);
      this.#own.signal.addEventListener("abort", limit, { once: true });
    }
    try {
      await result;
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** The session failed: so does the actor. */
  #onFailure(error: unknown): void {
    if (this.#sending.isOwnRejection(error)) return;
    this.#abort({ type: "failed", error });
    throw error;
  }

  #post(type: ConnectionEvent["type"]): void {
    if (this.#closing.phase === "open" || this.#closing.phase === "opening") this.#ownRef.tell(EVENTS[type]);
  }

  #onEvent({ type }: ConnectionEvent): void | Promise<void> {
    if (type === "opened") return this.#serve();
    if (type === "time") return this.#onTime();
    if (!this.#isOpen) return;
    switch (type) {
      case "received":
        return this.#inbound.onReceived();
      case "go-on":
        return this.#inbound.deliver();
      case "paused-chunk":
        return this.#inbound.onPausedChunk();
      case "lost":
        return this.#abort({ type: "failed", error: this.#inbound.error });
      case "make-room":
        return void this.makeRoom();
      default:
        assertNever(type);
    }
  }

  /** Some time that the peer was given may be over. */
  #onTime(): void {
    const { phase } = this.#closing;
    if (phase !== "open" && phase !== "opening") return;
    const isKeptWaiting = this.#sending.queuedBytes > 0 || this.#inbound.isPaused;
    const event = this.#silence.check(isKeptWaiting, this.#inbound.hasEnded);
    switch (event) {
      case undefined:
        return;
      case "handshake-late":
        return this.#abort(LATE_HANDSHAKE);
      case "login-late":
        return this.#dismiss(LATE_LOGIN, "you did not log in in time");
      case "idle":
        return this.end(IDLE);
      case "silent":
        return this.#tellOwner("silent");
      default:
        assertNever(event);
    }
  }

  /** Closes the connection, and lets the session tell the peer why. */
  #dismiss(reason: CloseReason, message: string): void {
    if (this.#session?.farewell === undefined) this.sendText(`Error: ${message}\n`);
    else this.#session.farewell(message);
    this.end(reason);
  }

  #tellOwner(type: ConnectionNotice["type"], reason?: CloseReason): void {
    this.#options.owner.tell(new ConnectionNotice(this.self, type, reason));
  }

  // What comes.

  get isOpen(): boolean {
    return this.#isOpen;
  }
  get isCongested(): boolean {
    return !this.#options.readsWhileCongested && this.#sending.isCongested;
  }

  get now(): number {
    return this.#own.coarseNow;
  }

  get world(): World {
    return this.#own.world;
  }

  post(event: InboundEvent): void {
    if (this.#isOpen) this.#ownRef.tell(EVENTS[event]);
  }

  heard(): void {
    const silence = this.#silence;
    silence.heardAt = this.#own.coarseNow;
    if (!silence.isSilent) return;
    silence.heard();
    this.#tellOwner("heard");
  }

  frame(frame: F): void | Promise<void> {
    if (this.#silence.isLoggingIn) this.#silence.loginMessage();
    return this.#session?.frame(frame);
  }

  badFrame(message: string): void {
    this.#dismiss({ type: "bad-frame", message }, message);
  }

  foreign(protocol: ForeignProtocol): void {
    const text = `Closed the connection of ${this.remote}: it speaks ${protocol}, which is not served here`;
    this.#options.tools.warnings.warn(this.now, text, { client: this.remote, reason: "foreign" });
    this.#abort({ type: "foreign", protocol });
  }

  ended(): void | Promise<void> {
    if (this.#session?.ended === undefined) return this.end(ENDED);
    return this.#session.ended();
  }

  discarded(isLost: boolean): void {
    const isLingering = this.#closing.phase === "lingering";
    if (isLost || (isLingering && this.#inbound.isAtEnd)) this.#close();
    else if (isLingering) this.#inbound.discard();
  }

  // What goes.

  slow(): void {
    this.#abort(SLOW);
  }

  relieved(): void {
    this.#inbound.release();
  }

  waits(): void {
    this.#silence.waitsSince = this.#own.coarseNow;
  }

  sentAll(): void {
    this.#silence.sentAll(this.#own.coarseNow);
    if (!this.#isOpen && this.#closing.phase === "flushing") this.#flushed();
  }

  // The end.

  /** All is sent. */
  #flushed(): void {
    if (!this.#closing.step("flushed")) return;
    const inbound = this.#inbound;
    if (inbound.isQuiet && this.#transport.needsCloseWrite !== true) return this.#close();
    this.#closing.limit(LINGER_MS);
    this.#transport.closeWrite().then(() => {
      if (inbound.isAtEnd) this.#close();
    }, () => this.#close());
    if (!inbound.isAtEnd) inbound.discard();
  }

  /** The peer has closed, or need not be waited for. */
  #close(): void {
    if (this.#closing.step("peer-closed") || this.#closing.step("cut")) this.#release();
  }

  /** Closes now, whatever is queued. */
  #abort(reason: CloseReason): void {
    const { phase } = this.#closing;
    if (phase === "closed") return;
    // Who was sent all that it was owed has lost nothing.
    if (phase !== "lingering") this.#closing.because(reason);
    this.#close();
  }

  #release(): void {
    this.#isOpen = false;
    this.#transport.close();
    this.#sending.close();
    this.#inbound.close();
    this.#silence.close();
    this.#whenClosed?.();
    this.#own.stop();
  }

  /** The actor stops: because the connection is over, or for another reason, and then the connection is. */
  #stop(): void | Promise<void> {
    try {
      if (this.#isOpen) this.#session?.draining?.();
    } finally {
      this.end();
    }
    if (this.#closing.phase === "closed") return this.#notifyClosed();
    this.#closing.limit(this.#options.drainMs);
    return new Promise<void>((resolve) => this.#whenClosed = resolve).then(() => this.#notifyClosed());
  }

  #notifyClosed(): void {
    const { reason } = this.#closing;
    try {
      this.#session?.closed?.(reason);
    } finally {
      this.#tellOwner("over", reason);
    }
  }
}
