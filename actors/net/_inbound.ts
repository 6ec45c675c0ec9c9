/**
 * What comes from the peer of one connection: bytes, frames, silence, the end.
 *
 * @module
 */
import {
  FOREIGN_PROTOCOLS,
  ForeignGreeting,
  type ForeignProtocol,
} from "../../protocols/foreign_greeting.ts";
import { type FrameDecoder, FrameError } from "../../protocols/frames.ts";
import type { World } from "../world/world.ts";
import { LARGE_BUFFER_BYTES, SMALL_BUFFER_BYTES, TINY_BUFFER_BYTES } from "./_buffers.ts";
import type { Reader } from "./_read_turns.ts";
import type { ConnectionTools } from "./_sending.ts";
import { StreamPause } from "./_stream_pause.ts";
import type { Transport } from "./transport.ts";

/** What an {@linkcode Inbound} posts to its connection's actor, to be told of in a turn of that actor. */
export type InboundEvent =
  /** A receive has an outcome. */
  | "received"
  /** A receive has failed. */
  | "lost"
  /** The peer was silent for as long as makes an unfinished line a message. */
  | "paused-chunk"
  /** What held frames back is over. */
  | "go-on";

/** The connection, as its {@linkcode Inbound} sees it. */
export interface InboundOwner<F> {
  /** Frames are taken, and the peer may send more. */
  readonly isOpen: boolean;
  /** So much waits for the peer that nothing more is taken from it. */
  readonly isCongested: boolean;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Has the actor call the method that belongs to the event. */
  post(event: InboundEvent): void;
  readonly world: World;
  /** All that came so far is handled. */
  heard(): void;
  /** A frame came. */
  frame(frame: F): void | Promise<void>;
  /** The peer broke the rules of the frames. */
  badFrame(message: string): void;
  /** The stream is of another protocol. */
  foreign(protocol: ForeignProtocol): void;
  /** The peer has ended its sending half, and all that came before is handled. Called once. */
  ended(): void | Promise<void>;
  /** Something came that nobody takes any more, or the peer has closed, or the connection `isLost`. */
  discarded(isLost: boolean): void;
}

/** What the connections of a server share. */
type InboundTools = Pick<ConnectionTools, "meters" | "buffers" | "turns">;

/** In place of one that was given back. */
const NO_BUFFER = new Uint8Array(0);

/** So many small reads in a row, and a large buffer is given back. */
const SMALL_READS = 32;

/** Receives from one transport, one receive at a time, and only while the session takes what came. */
export class Inbound<F> implements Reader {
  turn: Reader["turn"] = "none";
  readonly #transport: Transport;
  readonly #frameDecoder: () => FrameDecoder<F>;
  #decoder: FrameDecoder<F> | undefined;
  readonly #owner: InboundOwner<F>;
  readonly #tools: InboundTools;
  /** Looks at the beginning of the stream. */
  #greeting: ForeignGreeting | undefined;
  readonly #ownGreetings: readonly ForeignProtocol[];
  #buffer: Uint8Array<ArrayBuffer>;
  #bufferBytes = TINY_BUFFER_BYTES;
  #smallReads = 0;
  #isReceiving = false;
  /** Outcome of the last receive. */
  #received: number | Uint8Array | null = 0;
  #error: unknown;
  /** Frames that wait for the session, from `#next` on. */
  readonly #frames: F[] = [];
  #next = 0;
  #isPaused = false;
  /** Nothing is taken from the peer because too much waits for it. */
  #isHeld = false;
  #hasEnded = false;
  #isEndTold = false;
  #badFrame: FrameError | undefined;
  /** Made with the first chunk of a stream whose pauses mean something. */
  #streamPause: StreamPause | undefined;

  /** `greetings` are those of other protocols that the service takes for its own. */
  constructor(
    transport: Transport,
    frameDecoder: () => FrameDecoder<F>,
    owner: InboundOwner<F>,
    tools: InboundTools,
    greetings: readonly ForeignProtocol[],
  ) {
    this.#tools = tools;
    this.#transport = transport;
    this.#frameDecoder = frameDecoder;
    this.#owner = owner;
    this.#ownGreetings = greetings;
    const takesAll = FOREIGN_PROTOCOLS.every((each) => greetings.includes(each));
    this.#greeting = takesAll ? undefined : new ForeignGreeting();
    this.#buffer = tools.buffers.take(TINY_BUFFER_BYTES);
    tools.turns.enter();
  }

  /** Makes the decoder: just before the session is made. */
  begin(): void {
    this.#decoder = this.#frameDecoder();
  }

  /** The peer has ended its sending half. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The session takes nothing now. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Nothing has come that was not received: a close resets nothing that the peer has yet to read. */
  get isQuiet(): boolean {
    return this.#received === null || (this.#isReceiving && this.#badFrame === undefined);
  }

  /** The end of the stream was received. */
  get isAtEnd(): boolean {
    return this.#received === null;
  }

  /** Why the connection was lost. */
  get error(): unknown {
    return this.#error;
  }

  /** Takes nothing more, until {@linkcode Inbound.resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Takes from the peer again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#owner.post("go-on");
  }

  /** Less waits for the peer than did. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#owner.post("go-on");
  }

  /** Begins the next receive, in its turn, if there is nothing in the way. */
  receive(): void {
    const { turns } = this.#tools;
    if (!turns.isCrowded) this.read();
    else if (!this.#isReceiving) turns.add(this);
  }

  /** It is this connection's turn. */
  read(): void {
    const owner = this.#owner;
    if (this.#isReceiving || this.#isPaused || this.#hasEnded || !owner.isOpen) return;
    if (owner.isCongested) {
      this.#isHeld = true;
      return;
    }
    if (this.#bufferBytes !== this.#buffer.length) {
      this.#tools.buffers.give(this.#buffer);
      this.#buffer = this.#tools.buffers.take(this.#bufferBytes);
    }
    this.#isReceiving = true;
    this.#transport.receive(this.#buffer).then(this.#onReceived, this.#onFailed);
  }

  /** Throws away what still comes, until the peer closes. */
  discard(): void {
    if (this.#isReceiving) return;
    this.#isReceiving = true;
    this.#transport.receive(this.#buffer).then(this.#onReceived, this.#onFailed);
  }

  /**
   * Lets go of the timer, and at the end of the stream of the buffer: before, a receive may still write into
   * it, or the session be busy with what is in it.
   */
  close(): void {
    this.#streamPause?.close();
    this.#tools.turns.leave(this);
    if (!this.isAtEnd || this.#isReceiving) return;
    this.#tools.buffers.give(this.#buffer);
    this.#buffer = NO_BUFFER;
  }

  readonly #onReceived = (received: number | Uint8Array | null): void => {
    this.#isReceiving = false;
    this.#received = received;
    if (this.#owner.isOpen) {
      this.#tools.turns.ended();
      this.#owner.post("received");
    } else {
      this.#owner.discarded(false);
    }
  };

  readonly #onFailed = (error: unknown): void => {
    this.#isReceiving = false;
    this.#error = error;
    if (this.#owner.isOpen) this.#owner.post("lost");
    else this.#owner.discarded(true);
  };

  // In turns of the actor.

  /** Handles the outcome of a receive. */
  onReceived(): void | Promise<void> {
    const received = this.#received;
    try {
      if (received === null) {
        this.#hasEnded = true;
        this.#decoder?.end(this.#frames);
      } else {
        const isFull = typeof received === "number";
        if (isFull) this.#fitBuffer(received);
        const chunk = isFull ? this.#buffer.subarray(0, received) : received;
        this.#tools.meters.received.add(chunk.length);
        if (this.#greeting !== undefined && this.#isForeign(chunk, this.#greeting)) return;
        this.#decoder?.push(chunk, this.#frames);
      }
    } catch (error) {
      this.#onFrameError(error);
    }
    return this.deliver();
  }

  #isForeign(chunk: Uint8Array, greeting: ForeignGreeting): boolean {
    const protocol = greeting.look(chunk);
    const isForeign = protocol !== undefined && !this.#ownGreetings.includes(protocol);
    if (isForeign) this.#owner.foreign(protocol);
    else if (greeting.isDecided || protocol !== undefined) this.#greeting = undefined;
    return isForeign;
  }

  #onFrameError(error: unknown): void {
    if (!(error instanceof FrameError)) throw error;
    this.#badFrame = error;
  }

  /** Says how large the buffer of the next receive is to be: large only while the peer fills it. */
  #fitBuffer(received: number): void {
    const { length } = this.#buffer;
    if (received === length) {
      this.#smallReads = 0;
      const most = this.#decoder?.maxReadBytes ?? LARGE_BUFFER_BYTES;
      this.#bufferBytes = Math.min(Math.max(4 * length, SMALL_BUFFER_BYTES), most);
    } else if (length > SMALL_BUFFER_BYTES && received < SMALL_BUFFER_BYTES) {
      if (++this.#smallReads === SMALL_READS) this.#bufferBytes = SMALL_BUFFER_BYTES;
    } else {
      this.#smallReads = 0;
    }
  }

  /** Gives the session what came, as far as it takes it. */
  deliver(): void | Promise<void> {
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
    const owner = this.#owner;
    while (this.#next < frames.length) {
      if (this.#isPaused || !owner.isOpen) return;
      if (owner.isCongested) {
        this.#isHeld = true;
        return;
      }
      const frame = frames[this.#next++];
      const result = frame === undefined ? undefined : owner.frame(frame);
      if (result instanceof Promise) return result;
    }
    // A length that is set to 0 throws the array's room away, and takes fifty times as long.
    if (frames.length === 1) frames.pop();
    else frames.length = 0;
    this.#next = 0;
    return this.#onDelivered();
  }

  /** All that came is handled. */
  #onDelivered(): void | Promise<void> {
    if (!this.#owner.isOpen) return;
    if (this.#badFrame !== undefined) {
      this.#tools.meters.badFrames.add(1);
      return this.#owner.badFrame(this.#badFrame.message);
    }
    if (this.#hasEnded) {
      if (this.#isEndTold) return;
      this.#isEndTold = true;
      return this.#owner.ended();
    }
    this.#owner.heard();
    this.receive();
    const idleFlushMs = this.#decoder?.idleFlushMs ?? 0;
    if (idleFlushMs > 0) this.#awaitPause(idleFlushMs);
  }

  #awaitPause(idleFlushMs: number): void {
    this.#streamPause ??= new StreamPause(this.#owner.world, () => {
      if (this.#owner.isOpen) this.#owner.post("paused-chunk");
    });
    this.#streamPause.begin(this.#owner.now, idleFlushMs);
  }

  /** The time in which an unfinished line becomes a message may be over. */
  onPausedChunk(): void | Promise<void> {
    this.#streamPause?.came();
    const idleFlushMs = this.#decoder?.idleFlushMs ?? 0;
    // Without a receive under way nobody listens: it begins when what came has been handled, and the pause
    // with it.
    if (idleFlushMs === 0 || !(this.#isReceiving || this.turn === "waiting")) return;
    if (this.#streamPause?.isOver(this.#owner.now, idleFlushMs) === false) return;
    try {
      this.#decoder?.idle(this.#frames);
    } catch (error) {
      this.#onFrameError(error);
    }
    return this.deliver();
  }
}
