/**
 * A transport in memory: two ends in one process, for tests and for services that are wired to each other.
 *
 * @module
 */
import { type SocketAddress, WorldError } from "../world/world.ts";
import type { Transport } from "./transport.ts";

/** Options of {@linkcode pipe}. */
export interface PipeOptions {
  /** Bytes that one direction holds before `send` waits. @default 65536 */
  readonly capacityBytes?: number;
  /** Addresses that the two ends claim to have. @default `127.0.0.1`, ports 1 and 2 */
  readonly addresses?: readonly [SocketAddress, SocketAddress];
}

const ADDRESSES = [{ hostname: "127.0.0.1", port: 1 }, { hostname: "127.0.0.1", port: 2 }] as const;

/**
 * Makes both ends of a connection in memory: what one sends the other receives, in order, with the
 * backpressure, the half close and the failures of a socket.
 *
 * Throws `RangeError` on a capacity below 1.
 *
 * @example
 * ```ts
 * import { pipe } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = pipe();
 * await near.send(Uint8Array.of(1, 2, 3));
 * const buffer = new Uint8Array(16);
 * assertEquals(await far.receive(buffer), 3);
 * assertEquals(buffer.subarray(0, 3), Uint8Array.of(1, 2, 3));
 * ```
 */
export function pipe(options: PipeOptions = {}): [Transport, Transport] {
  const { capacityBytes = 65536, addresses: [nearAddress, farAddress] = ADDRESSES } = options;
  if (!(capacityBytes >= 1)) {
    throw new RangeError(`Cannot make a pipe of ${capacityBytes} bytes: it takes 1 or more`);
  }
  const there = new Direction(capacityBytes);
  const back = new Direction(capacityBytes);
  return [
    new PipeEnd(nearAddress, farAddress, there, back),
    new PipeEnd(farAddress, nearAddress, back, there),
  ];
}

/** Something that waits for the other end. */
interface Waiting<T> {
  readonly bytes: Uint8Array;
  readonly resolve: (value: T) => void;
  readonly reject: (error: WorldError) => void;
}

/** What travels one way. */
class Direction {
  readonly #held: Uint8Array;
  #length = 0;
  #isEnded = false;
  #sender: Waiting<number> | undefined;
  #receiver: Waiting<number | null> | undefined;
  /** Nobody receives any more. */
  #isBroken = false;

  constructor(capacityBytes: number) {
    this.#held = new Uint8Array(capacityBytes);
  }

  send(bytes: Uint8Array): Promise<number> {
    if (this.#isEnded) {
      return Promise.reject(new WorldError("broken-pipe", "Cannot send: the sending half is closed"));
    }
    if (this.#isBroken) {
      return Promise.reject(new WorldError("connection-reset", "Cannot send: the peer has closed"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#sender = { bytes, resolve, reject };
    this.#move();
    return promise;
  }

  receive(buffer: Uint8Array): Promise<number | null> {
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    this.#receiver = { bytes: buffer, resolve, reject };
    this.#move();
    return promise;
  }

  /** No more will be sent. */
  end(): void {
    this.#isEnded = true;
    this.#move();
  }

  /** The receiving end is closed: what is held is lost, and a send fails. */
  breakOff(): void {
    this.#isBroken = true;
    this.#length = 0;
    this.#sender?.reject(new WorldError("connection-reset", "Cannot send: the peer has closed"));
    this.#sender = undefined;
  }

  /** This end closes: what waits on it is told. */
  rejectOwn(half: "sender" | "receiver"): void {
    const error = new WorldError("closed", "Cannot go on: the pipe is closed");
    if (half === "sender") {
      this.#sender?.reject(error);
      this.#sender = undefined;
    } else {
      this.#receiver?.reject(error);
      this.#receiver = undefined;
    }
  }

  #move(): void {
    const sender = this.#sender;
    if (sender !== undefined && this.#length < this.#held.length) {
      const count = Math.min(sender.bytes.length, this.#held.length - this.#length);
      this.#held.set(sender.bytes.subarray(0, count), this.#length);
      this.#length += count;
      this.#sender = undefined;
      sender.resolve(count);
    }
    const receiver = this.#receiver;
    if (receiver === undefined || (this.#length === 0 && !this.#isEnded)) return;
    this.#receiver = undefined;
    if (this.#length === 0) return receiver.resolve(null);
    const count = Math.min(receiver.bytes.length, this.#length);
    receiver.bytes.set(this.#held.subarray(0, count));
    this.#held.copyWithin(0, count, this.#length);
    this.#length -= count;
    receiver.resolve(count);
    if (this.#sender !== undefined) this.#move();
  }
}

class PipeEnd implements Transport {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly #out: Direction;
  readonly #in: Direction;
  #isClosed = false;

  constructor(
    localAddress: SocketAddress,
    remoteAddress: SocketAddress,
    out: Direction,
    incoming: Direction,
  ) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    this.#out = out;
    this.#in = incoming;
  }

  receive(buffer: Uint8Array): Promise<number | null> {
    return this.#isClosed ? this.#refuse() : this.#in.receive(buffer);
  }

  send(bytes: Uint8Array): Promise<number> {
    return this.#isClosed ? this.#refuse() : this.#out.send(bytes);
  }

  closeWrite(): Promise<void> {
    if (this.#isClosed) return this.#refuse();
    this.#out.end();
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#out.rejectOwn("sender");
    this.#in.rejectOwn("receiver");
    this.#out.end();
    this.#in.breakOff();
  }

  #refuse(): Promise<never> {
    return Promise.reject(new WorldError("closed", "Cannot go on: the pipe is closed"));
  }
}
