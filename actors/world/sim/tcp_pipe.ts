/**
 * One direction of a simulated TCP connection.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import type { Network, Stalled } from "./network.ts";
import type { Stack } from "./stack.ts";

/** What a pipe knows of either end. */
export interface PipeEnd {
  readonly stack: Stack;
  /** False when nobody is there: data that arrives is answered with a reset. */
  readonly takesData: boolean;
  /** Bytes that it can still take in. */
  readonly room: number;
  receive(bytes: Uint8Array): void;
  receiveEnd(): void;
  /** Room for more was made at the sending end. */
  acknowledged(): void;
  /** The connection is broken. */
  broken(kind: "connection-reset" | "timed-out"): void;
}

interface Segment {
  readonly readyAtMs: number;
  /** Undefined: the end of the stream. */
  readonly bytes: Uint8Array | undefined;
  /** The end is a reset. */
  readonly isReset: boolean;
}

/** After so long without an acknowledgement the sender gives up (Linux: about a quarter of an hour). */
const GIVE_UP_MS = 15 * 60_000;
/** A sender tries again within this time after the network has mended. */
const MAX_RETRANSMISSION_MS = 1000;
/** What arrives within this time may arrive as one. */
const JOIN_MS = 0.5;

/**
 * Carries bytes from one end to the other, in order, late, in pieces, and not at all while the way is cut.
 */
export class Pipe implements Stalled {
  readonly #network: Network;
  readonly #from: PipeEnd;
  readonly #to: PipeEnd;
  readonly #lane: number;
  #queue: Segment[] = [];
  #held = 0;
  #unacknowledged = 0;
  #lastReadyAtMs = 0;
  #wireFreeAtMs = 0;
  #planned = false;
  #waitsForRoom = false;
  #givesUp: Cancellable | undefined;

  constructor(network: Network, from: PipeEnd, to: PipeEnd) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    this.#lane = network.newLane();
  }

  /** Bytes that were given to it and are not known to have arrived. */
  get held(): number {
    return this.#held;
  }

  /** Takes bytes, which must not change any more. */
  send(bytes: Uint8Array): void {
    this.#held += bytes.length;
    const { random, conditions } = this.#network;
    if (bytes.length > 1 && random.chance(conditions.splits)) {
      const at = random.integer(1, bytes.length - 1);
      this.#push(bytes.subarray(0, at));
      this.#push(bytes.subarray(at));
    } else {
      this.#push(bytes);
    }
  }

  /**
   * The sender has closed with bytes unread: what is under way arrives, or the beginning of it, and then a
   * reset.
   */
  sendReset(): void {
    const { random } = this.#network;
    // Only what was on the wire: what waits for room at the receiver is gone.
    const isOpen = this.#network.isOpen(this.#from.stack, this.#to.stack);
    if (!isOpen) return this.drop();
    if (this.#waitsForRoom) this.#queue = [];
    else if (random.chance(0.2)) this.#queue = this.#queue.slice(0, random.integer(0, this.#queue.length));
    this.#queue = this.#queue.filter((segment) => segment.bytes !== undefined);
    this.#waitsForRoom = false;
    this.#push(undefined, true);
  }

  /** Nothing comes after this. */
  sendEnd(): void {
    this.#push(undefined);
  }

  /** The sender's machine has gone: only what is well under way still arrives. */
  senderLost(): void {
    this.#queue = this.#queue.slice(0, this.#network.random.integer(0, this.#queue.length));
    this.#queue = this.#queue.filter((segment) => segment.bytes !== undefined);
  }

  /** Nothing of it arrives any more. */
  drop(): void {
    this.#queue = [];
    this.#unacknowledged = 0;
    this.#resume();
    this.#network.unstall(this);
  }

  /** The receiver has made room. */
  roomMade(): void {
    if (!this.#waitsForRoom) return;
    this.#waitsForRoom = false;
    this.#plan(this.#network.latencyMs(this.#from.stack, this.#to.stack));
  }

  retry(): void {
    this.#resume();
    if (this.#unacknowledged > 0 && this.#isAcknowledging()) {
      const count = this.#unacknowledged;
      this.#unacknowledged = 0;
      this.#acknowledge(count);
    }
    if (this.#unacknowledged > 0) this.#stall();
    this.#plan(this.#network.random.between(0, MAX_RETRANSMISSION_MS));
  }

  #push(bytes: Uint8Array | undefined, isReset = false): void {
    const { simulation, conditions } = this.#network;
    const now = simulation.now;
    this.#wireFreeAtMs = Math.max(this.#wireFreeAtMs, now) +
      (bytes?.length ?? 0) * 1000 / conditions.bytesPerSecond;
    const readyAtMs = Math.max(
      this.#lastReadyAtMs,
      this.#wireFreeAtMs + this.#network.latencyMs(this.#from.stack, this.#to.stack),
    );
    this.#lastReadyAtMs = readyAtMs;
    this.#queue.push({ readyAtMs, bytes, isReset });
    this.#planNext();
  }

  #planNext(): void {
    const head = this.#queue[0];
    if (head !== undefined) this.#plan(head.readyAtMs - this.#network.simulation.now);
  }

  #plan(delayMs: number): void {
    if (this.#planned || this.#waitsForRoom || this.#queue.length === 0) return;
    this.#planned = true;
    this.#network.simulation.schedule(delayMs, this.#lane, () => {
      this.#planned = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const head = this.#queue[0];
    if (head === undefined) return;
    const from = this.#from.stack;
    const to = this.#to.stack;
    if (!to.isOn || !this.#network.isOpen(from, to)) {
      // A reset is sent once, and nobody answers it.
      if (head.isReset) this.drop();
      else this.#stall();
      return;
    }
    if (!this.#to.takesData) return this.#refuse(head);
    if (head.bytes === undefined) {
      this.#queue.shift();
      if (head.isReset) this.#to.broken("connection-reset");
      else this.#to.receiveEnd();
      return;
    }
    if (this.#to.room <= 0) {
      this.#waitsForRoom = true;
      return;
    }
    const count = this.#arrive();
    if (this.#isAcknowledging()) {
      this.#acknowledge(count);
    } else {
      this.#unacknowledged += count;
      this.#stall();
    }
    this.#planNext();
  }

  /** Gives the receiver the next segment, and perhaps some that come close behind it. */
  #arrive(): number {
    const { random, simulation } = this.#network;
    let count = 0;
    do {
      const bytes = this.#queue.shift()?.bytes;
      if (bytes === undefined) break;
      count += bytes.length;
      this.#to.receive(bytes);
      const next = this.#queue[0];
      if (next?.bytes === undefined || next.readyAtMs > simulation.now + JOIN_MS) break;
    } while (this.#to.room > 0 && random.chance(0.5));
    return count;
  }

  /** Nobody is there. */
  #refuse(head: Segment): void {
    if (!this.#isAcknowledging()) return this.#stall();
    const sender = this.#from;
    if (head.bytes === undefined) {
      this.drop();
      return;
    }
    this.drop();
    const delayMs = this.#network.latencyMs(this.#to.stack, this.#from.stack);
    this.#network.simulation.schedule(delayMs, this.#lane, () => sender.broken("connection-reset"));
  }

  #isAcknowledging(): boolean {
    return this.#network.isOpen(this.#to.stack, this.#from.stack);
  }

  #acknowledge(count: number): void {
    this.#held -= count;
    this.#from.acknowledged();
  }

  #stall(): void {
    this.#network.stall(this);
    this.#givesUp ??= this.#network.simulation.schedule(GIVE_UP_MS, this.#lane, () => {
      this.drop();
      this.#from.broken("timed-out");
    });
  }

  #resume(): void {
    this.#givesUp?.cancel();
    this.#givesUp = undefined;
  }
}
