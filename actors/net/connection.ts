/**
 * One TCP connection as an actor: the same for connections that were accepted and those that were dialled.
 *
 * @module
 */
import { type FrameDecoder, FrameError } from "../../protocols/frames.ts";
import { assertNever, type Behavior, type Context, type Receive } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import { type Cancellable, type SocketAddress, WorldError } from "../world/world.ts";
import { type BufferPool, LARGE_BUFFER_BYTES, SMALL_BUFFER_BYTES } from "./_buffers.ts";
import type { Flusher } from "./_flusher.ts";
import { Outbound, type OutboundEvents } from "./_outbound.ts";
import { formatAddress } from "./address.ts";
import type { CloseReason, Connection, Session, SessionContext, SessionFactory } from "./session.ts";
import type { Transport } from "./transport.ts";

/** Limits of one connection. */
export interface ConnectionLimits {
  /** Milliseconds in which nothing comes from the peer and nothing waits for it, after which it is closed; 0 is no limit. @default 0 */
  readonly idleTimeoutMs: number;
  /** Milliseconds for which the peer may take none of what waits for it. @default 10000 */
  readonly slowClientMs: number;
  /** Bytes that may wait for the peer. @default 1048576 */
  readonly maxOutboundBytes: number;
}

/** Completes the limits. Throws `RangeError` on one that is none. */
export function connectionLimits(limits: Partial<ConnectionLimits> = {}): ConnectionLimits {
  const { idleTimeoutMs = 0, slowClientMs = 10_000, maxOutboundBytes = 1 << 20 } = limits;
  if (!(idleTimeoutMs >= 0)) {
    throw new RangeError(`Cannot set an idle timeout of ${idleTimeoutMs} ms: it takes 0 or more`);
  }
  if (!(slowClientMs > 0)) {
    throw new RangeError(`Cannot give a slow client ${slowClientMs} ms: it takes a time above 0`);
  }
  if (!(maxOutboundBytes >= 1)) {
    throw new RangeError(`Cannot queue ${maxOutboundBytes} bytes: it takes 1 or more`);
  }
  return { idleTimeoutMs, slowClientMs, maxOutboundBytes };
}

/** Options of {@linkcode connectionActor}. */
export interface ConnectionOptions<F, M> {
  readonly transport: Transport;
  readonly frames: () => FrameDecoder<F>;
  readonly session: SessionFactory<F, M>;
  readonly limits: ConnectionLimits;
  /** Milliseconds in which a stop lets it send what is queued. */
  readonly drainMs: number;
  readonly buffers: BufferPool;
  readonly flusher: Flusher;
  /** A TLS connection is ended by a message of its own before it is closed. */
  readonly isTls: boolean;
  /** Called once, last, when the connection is over. */
  readonly over?: (reason: CloseReason) => void;
}

/** While this much waits for the peer, no more is read from it. */
const HIGH_WATER_BYTES = 65536;
/** A connection is closed once the peer has closed it too, or after this time: see {@linkcode ServedConnection.end}. */
const LINGER_MS = 500;
/** So many small reads in a row, and a large buffer is given back. */
const SMALL_READS = 32;
/** The part of the drain time that is spent on sending; the rest is for closing. */
const DRAIN_SHARE = 0.8;

// What a connection does, in this order; steps may be left out.
const OPEN = 0;
/** Sends what is queued. Nothing is taken from the peer or the session any more. */
const FLUSHING = 1;
/** All is sent; waits for the peer to close, so that what it still sends does not reset the connection. */
const LINGERING = 2;
const CLOSED = 3;
type State = typeof OPEN | typeof FLUSHING | typeof LINGERING | typeof CLOSED;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const ENDED: CloseReason = Object.freeze({ type: "ended" });
const CLOSED_HERE: CloseReason = Object.freeze({ type: "closed" });
const IDLE: CloseReason = Object.freeze({ type: "idle" });
const SLOW: CloseReason = Object.freeze({ type: "slow" });

/** A message of a connection to its own actor, told from the session's messages by its class. */
export class ConnectionEvent {
  readonly type: "read" | "go-on" | "silent" | "idle" | "lost";
  constructor(type: ConnectionEvent["type"]) {
    this.type = type;
  }
}

const READ = new ConnectionEvent("read");
const GO_ON = new ConnectionEvent("go-on");
const SILENT = new ConnectionEvent("silent");
const IDLE_TIME_OVER = new ConnectionEvent("idle");
const LOST = new ConnectionEvent("lost");

/** Serves one connection by a session, and stops when the connection is over. */
export function connectionActor<F, M>(options: ConnectionOptions<F, M>): Behavior<M | ConnectionEvent> {
  return (self) => {
    const served = new ServedConnection(self, options);
    served.start();
    return served.receive;
  };
}

class ServedConnection<F, M> implements Connection<M>, OutboundEvents {
  readonly context: SessionContext<M>;
  readonly self: Ref<M>;
  readonly remote: string;
  readonly #own: Context<M | ConnectionEvent>;
  readonly #ownRef: Ref<M | ConnectionEvent>;
  readonly #options: ConnectionOptions<F, M>;
  readonly #transport: Transport;
  readonly #outbound: Outbound;
  readonly #decoder: FrameDecoder<F>;
  #session: Session<F, M> | undefined;
  #state: State = OPEN;
  #reason: CloseReason = CLOSED_HERE;
  #whenClosed: (() => void) | undefined;

  #buffer = new Uint8Array(SMALL_BUFFER_BYTES);
  #bufferBytes = SMALL_BUFFER_BYTES;
  #smallReads = 0;
  #isReading = false;
  /** Outcome of the last read. */
  #received: number | Uint8Array | null = 0;
  #readError: unknown;
  /** Frames that wait for the session, from `#next` on. */
  readonly #frames: F[] = [];
  #next = 0;
  #isPaused = false;
  /** Nothing is taken from the peer because too much waits for it. */
  #isHeld = false;
  #hasEnded = false;
  #isEndTold = false;
  /** The session will send nothing more. */
  #hasSaidAll = false;
  #frameError: FrameError | undefined;

  readonly #maxOutboundBytes: number;
  /** Bytes that may be queued beyond the limit. */
  #allowance = 0;
  #waiters: Waiter[] = [];
  /** What waiters were told when the connection closed: coming back from the session it is no failure of it. */
  #gone: WorldError | undefined;
  #heardAt = 0;
  #chunkAt = 0;
  #idleTimer: Cancellable | undefined;
  #silenceTimer: Cancellable | undefined;
  #lingerTimer: Cancellable | undefined;
  #drainTimer: Cancellable | undefined;
  #isStopHeard = false;

  constructor(own: Context<M | ConnectionEvent>, options: ConnectionOptions<F, M>) {
    const { transport, limits } = options;
    this.#own = own;
    this.#ownRef = own.self;
    this.context = own;
    this.self = own.self;
    this.#options = options;
    this.#transport = transport;
    this.#maxOutboundBytes = limits.maxOutboundBytes;
    this.remote = formatAddress(transport.remoteAddress);
    const { world: { clock } } = own;
    const out = {
      clock,
      buffers: options.buffers,
      flusher: options.flusher,
      slowClientMs: limits.slowClientMs,
    };
    this.#outbound = new Outbound(transport, out, this);
    this.#decoder = options.frames();
    own.onStop(() => this.#stop());
  }

  /** Makes the session and begins to read. */
  start(): void {
    try {
      this.#session = this.#options.session(this);
    } catch (error) {
      this.#cut({ type: "failed", error });
      throw error;
    }
    const { idleTimeoutMs } = this.#options.limits;
    if (idleTimeoutMs > 0 && this.#state === OPEN) {
      this.#heardAt = this.#own.coarseNow;
      this.#armIdle(idleTimeoutMs);
    }
    this.#read();
  }

  get remoteAddress(): SocketAddress {
    return this.#transport.remoteAddress;
  }

  get localAddress(): SocketAddress {
    return this.#transport.localAddress;
  }

  get queuedBytes(): number {
    return this.#outbound.queuedBytes;
  }

  send(bytes: Uint8Array): void {
    if (this.#state !== OPEN || this.#hasSaidAll) return;
    if (this.#outbound.queuedBytes + bytes.length > this.#maxOutboundBytes + this.#allowance) this.#cut(SLOW);
    else this.#outbound.push(bytes);
  }

  sendText(text: string): void {
    if (this.#state !== OPEN || this.#hasSaidAll) return;
    this.#outbound.pushText(text);
    if (this.#outbound.queuedBytes > this.#maxOutboundBytes + this.#allowance) this.#cut(SLOW);
  }

  drained(): Promise<void> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#outbound.queuedBytes < HIGH_WATER_BYTES) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  allowOutbound(extraBytes: number): void {
    this.#allowance += extraBytes;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#state === OPEN) this.#ownRef.tell(GO_ON);
  }

  end(reason: CloseReason = CLOSED_HERE): void {
    if (this.#state !== OPEN) return;
    this.#state = FLUSHING;
    this.#reason = reason;
    if (this.#outbound.queuedBytes === 0) this.#flushed();
  }

  endSending(): void {
    if (this.#state !== OPEN || this.#hasSaidAll) return;
    this.#hasSaidAll = true;
    if (this.#outbound.queuedBytes === 0) this.#endSending();
  }

  #endSending(): void {
    this.#transport.closeWrite().catch((error: unknown) => this.#cut({ type: "failed", error }));
  }

  abort(error: unknown): void {
    this.#cut({ type: "failed", error });
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
      this.#own.signal.addEventListener("abort", () => this.#limitDrain(), { once: true });
    }
    try {
      await result;
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** The session failed: so does the actor. */
  #onFailure(error: unknown): void {
    if (error === this.#gone) return;
    this.#cut({ type: "failed", error });
    throw error;
  }

  #onEvent(event: ConnectionEvent): void | Promise<void> {
    if (this.#state !== OPEN) return;
    switch (event.type) {
      case "read":
        return this.#onRead();
      case "go-on":
        return this.#deliver();
      case "silent":
        return this.#onSilent();
      case "idle":
        return this.#onIdle();
      case "lost":
        return this.#cut({ type: "failed", error: this.#readError });
      default:
        assertNever(event.type);
    }
  }

  // In.

  #read(): void {
    if (this.#isReading || this.#isPaused || this.#hasEnded || this.#state !== OPEN) return;
    if (this.#outbound.queuedBytes >= HIGH_WATER_BYTES) {
      this.#isHeld = true;
      return;
    }
    if (this.#bufferBytes !== this.#buffer.length) this.#buffer = new Uint8Array(this.#bufferBytes);
    this.#isReading = true;
    this.#transport.receive(this.#buffer).then(this.#onReceived, this.#onReadFailed);
  }

  readonly #onReceived = (received: number | Uint8Array | null): void => {
    this.#isReading = false;
    this.#received = received;
    if (this.#state === OPEN) this.#ownRef.tell(READ);
    else if (this.#state === LINGERING) this.#discard();
  };

  readonly #onReadFailed = (error: unknown): void => {
    this.#isReading = false;
    if (this.#state === OPEN) {
      this.#readError = error;
      this.#ownRef.tell(LOST);
    } else if (this.#state !== CLOSED) {
      this.#shut();
    }
  };

  #onRead(): void | Promise<void> {
    const received = this.#received;
    try {
      if (received === null) {
        this.#hasEnded = true;
        this.#decoder.end(this.#frames);
      } else if (typeof received !== "number") {
        this.#decoder.push(received, this.#frames);
      } else {
        this.#fitBuffer(received);
        this.#decoder.push(this.#buffer.subarray(0, received), this.#frames);
      }
    } catch (error) {
      this.#onFrameError(error);
    }
    return this.#deliver();
  }

  #onFrameError(error: unknown): void {
    if (!(error instanceof FrameError)) throw error;
    this.#frameError = error;
  }

  /** Says how large the buffer of the next read is to be: large only while the peer fills it. */
  #fitBuffer(received: number): void {
    const { length } = this.#buffer;
    if (received === length) {
      this.#smallReads = 0;
      this.#bufferBytes = Math.min(4 * length, LARGE_BUFFER_BYTES);
    } else if (length > SMALL_BUFFER_BYTES && received < SMALL_BUFFER_BYTES) {
      if (++this.#smallReads === SMALL_READS) this.#bufferBytes = SMALL_BUFFER_BYTES;
    } else {
      this.#smallReads = 0;
    }
  }

  #deliver(): void | Promise<void> {
    const result = this.#deliverUntilPromise();
    return result instanceof Promise ? this.#deliverAfter(result) : undefined;
  }

  async #deliverAfter(result: Promise<void>): Promise<void> {
    for (let next: void | Promise<void> = result; next instanceof Promise;) {
      await next;
      next = this.#deliverUntilPromise();
    }
  }

  /** Gives the session its frames, up to the first that it needs time for. */
  #deliverUntilPromise(): void | Promise<void> {
    const frames = this.#frames;
    while (this.#next < frames.length) {
      if (this.#isPaused || this.#state !== OPEN) return;
      if (this.#outbound.queuedBytes >= HIGH_WATER_BYTES) {
        this.#isHeld = true;
        return;
      }
      const frame = frames[this.#next++];
      const result = frame === undefined ? undefined : this.#session?.frame(frame);
      if (result instanceof Promise) return result;
    }
    frames.length = 0;
    this.#next = 0;
    return this.#onDelivered();
  }

  /** All that came is handled. */
  #onDelivered(): void | Promise<void> {
    if (this.#state !== OPEN) return;
    if (this.#frameError !== undefined) {
      const { message } = this.#frameError;
      if (this.#session?.badFrame === undefined) this.sendText(`Error: ${message}\n`);
      else this.#session.badFrame(message);
      return this.end({ type: "bad-frame", message });
    }
    if (this.#hasEnded) return this.#tellEnd();
    if (this.#options.limits.idleTimeoutMs > 0) this.#heardAt = this.#own.coarseNow;
    this.#read();
    if (this.#decoder.idleFlushMs > 0) this.#awaitSilence();
  }

  #tellEnd(): void | Promise<void> {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    const session = this.#session;
    if (session?.ended === undefined) return this.end(ENDED);
    return session.ended();
  }

  // Silence: of the peer whose chunk may be a message, and of the peer that may be gone.

  #awaitSilence(): void {
    this.#chunkAt = this.#own.coarseNow;
    if (this.#silenceTimer === undefined) this.#armSilence(this.#decoder.idleFlushMs);
  }

  #armSilence(delayMs: number): void {
    const { clock, loop } = this.#own.world;
    // A late timer comes before what the sockets have: they are looked at first.
    const look = () => {
      if (this.#state === OPEN) this.#ownRef.tell(SILENT);
    };
    this.#silenceTimer = clock.timer(delayMs, () => loop.afterPoll(look));
  }

  #onSilent(): void | Promise<void> {
    this.#silenceTimer = undefined;
    const { idleFlushMs } = this.#decoder;
    // Without a read under way nobody listens: it begins when what came has been handled, and the silence with it.
    if (idleFlushMs === 0 || !this.#isReading) return;
    const left = this.#chunkAt + idleFlushMs - this.#own.coarseNow;
    if (left >= 1) return this.#armSilence(left);
    try {
      this.#decoder.idle(this.#frames);
    } catch (error) {
      this.#onFrameError(error);
    }
    return this.#deliver();
  }

  #armIdle(delayMs: number): void {
    this.#idleTimer = this.#own.world.clock.timer(delayMs, () => this.#ownRef.tell(IDLE_TIME_OVER));
  }

  #onIdle(): void {
    const { idleTimeoutMs } = this.#options.limits;
    // A peer that is kept waiting is not idle.
    if (this.#outbound.queuedBytes > 0 || this.#isPaused || this.#hasEnded) {
      return this.#armIdle(idleTimeoutMs);
    }
    const left = this.#heardAt + idleTimeoutMs - this.#own.coarseNow;
    if (left < 1) this.end(IDLE);
    else this.#armIdle(left);
  }

  // Out.

  written(bytes: number): void {
    if (this.#allowance > 0) this.#allowance = Math.max(0, this.#allowance - bytes);
    const { queuedBytes } = this.#outbound;
    if (queuedBytes >= HIGH_WATER_BYTES) return;
    if (this.#isHeld) {
      this.#isHeld = false;
      if (this.#state === OPEN) this.#ownRef.tell(GO_ON);
    }
    if (this.#waiters.length > 0) {
      for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    }
    if (queuedBytes === 0 && this.#state === FLUSHING) this.#flushed();
    else if (queuedBytes === 0 && this.#hasSaidAll && this.#state === OPEN) this.#endSending();
  }

  stalled(): void {
    this.#cut(SLOW);
  }

  failed(error: unknown): void {
    this.#cut({ type: "failed", error });
  }

  // The end.

  /** All is sent. */
  #flushed(): void {
    const { isTls } = this.#options;
    const peerHasEnded = this.#received === null;
    // With a read under way nothing has come that was not read: closing now resets nothing that the peer has yet to read.
    const isQuiet = peerHasEnded || (this.#isReading && this.#reason.type !== "bad-frame");
    if (isQuiet && !isTls) return this.#shut();
    this.#state = LINGERING;
    this.#lingerTimer = this.#own.world.clock.timer(LINGER_MS, () => this.#shut());
    this.#transport.closeWrite().then(() => {
      if (peerHasEnded) this.#shut();
    }, () => this.#shut());
    if (!peerHasEnded && !this.#isReading) this.#readToDiscard();
  }

  #readToDiscard(): void {
    this.#isReading = true;
    this.#transport.receive(this.#buffer).then(this.#onReceived, this.#onReadFailed);
  }

  #discard(): void {
    if (this.#received === null) this.#shut();
    else this.#readToDiscard();
  }

  /** Closes now, whatever is queued. */
  #cut(reason: CloseReason): void {
    if (this.#state === CLOSED) return;
    const isOwed = this.#state === OPEN || this.#state === FLUSHING;
    if (isOwed && this.#reason.type !== "bad-frame") this.#reason = reason;
    this.#shut();
  }

  #shut(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#transport.close();
    this.#outbound.close();
    this.#idleTimer?.cancel();
    this.#silenceTimer?.cancel();
    this.#lingerTimer?.cancel();
    this.#drainTimer?.cancel();
    this.#gone = new WorldError("closed", `Cannot wait for ${this.remote} to read: the connection is closed`);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#gone);
    this.#whenClosed?.();
    this.#own.stop();
  }

  /** The actor stops: because the connection is over, or for another reason, and then the connection is. */
  #stop(): void | Promise<void> {
    try {
      if (this.#state === OPEN) this.#session?.draining?.();
    } finally {
      this.end();
    }
    if (this.#state === CLOSED) return this.#over();
    this.#limitDrain();
    return new Promise<void>((resolve) => this.#whenClosed = resolve).then(() => this.#over());
  }

  #limitDrain(): void {
    if (this.#drainTimer !== undefined || this.#state === CLOSED) return;
    const limitMs = this.#options.drainMs * DRAIN_SHARE;
    this.#drainTimer = this.#own.world.clock.timer(limitMs, () => this.#cut(CLOSED_HERE));
  }

  #over(): void {
    try {
      this.#session?.closed?.(this.#reason);
    } finally {
      this.#options.over?.(this.#reason);
    }
  }
}
