/**
 * One end of a simulated TCP connection.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type { SocketAddress, TcpConnection } from "../world.ts";
import { type Life, never } from "./life.ts";
import type { Network } from "./network.ts";
import type { Socket, Stack } from "./stack.ts";
import { Pipe, type PipeEnd } from "./tcp_pipe.ts";

/** What a sender's machine holds for it. */
const SEND_BUFFER_BYTES = 64 * 1024;
/** What a receiver's machine holds for it. */
const RECEIVE_BUFFER_BYTES = 64 * 1024;

interface PendingRead {
  readonly buffer: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

/** The end of the sending half, which waits for a write. */
type PendingEnd = PromiseWithResolvers<void>;

/** One end of a connection. */
export class Endpoint implements TcpConnection, PipeEnd, Socket {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly stack: Stack;
  readonly #life: Life;
  readonly #network: Network;
  /** From where to where what is received goes, as the trace has it. */
  readonly #way: string;
  #out: Pipe | undefined;
  #in: Pipe | undefined;
  #peer: Endpoint | undefined;
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #receivedEnd = false;
  #sentEnd = false;
  #state: "open" | "closed" | "connection-reset" | "timed-out" | "lost" = "open";
  /** The process was told that the connection is broken: reads find the end of the stream from then on. */
  #isFailureTold = false;
  #read: PendingRead | undefined;
  #write: PendingWrite | undefined;
  #ending: PendingEnd | undefined;

  private constructor(
    network: Network,
    life: Life,
    stack: Stack,
    local: SocketAddress,
    remote: SocketAddress,
  ) {
    this.#network = network;
    this.#life = life;
    this.stack = stack;
    this.localAddress = local;
    this.remoteAddress = remote;
    this.#way = `${formatAddress(local)} <- ${formatAddress(remote)}`;
  }

  /** Both ends of a new connection: the dialling one first. */
  static pair(
    network: Network,
    client: { readonly life: Life; readonly stack: Stack; readonly address: SocketAddress },
    server: { readonly life: Life; readonly stack: Stack; readonly address: SocketAddress },
  ): [Endpoint, Endpoint] {
    const near = new Endpoint(network, client.life, client.stack, client.address, server.address);
    const far = new Endpoint(network, server.life, server.stack, server.address, client.address);
    near.#join(far, new Pipe(network, near, far), new Pipe(network, far, near));
    return [near, far];
  }

  #join(peer: Endpoint, out: Pipe, back: Pipe): void {
    this.#peer = peer;
    peer.#peer = this;
    this.#out = peer.#in = out;
    this.#in = peer.#out = back;
    this.stack.connections.add(this);
    peer.stack.connections.add(peer);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (!this.#life.alive) return never();
    if (this.#state === "closed") return Promise.reject(failure("closed", "read from the connection"));
    if (this.#read !== undefined) {
      return Promise.reject(failure("other", "read from the connection while another read waits"));
    }
    if (buffer.length === 0) return Promise.resolve(0);
    // What came before a reset is still there to be read.
    if (this.#receivedBytes > 0) return Promise.resolve(this.#take(buffer));
    if (this.#receivedEnd) return Promise.resolve(null);
    const kind = this.#kindOfFailure();
    if (kind !== undefined) return this.#tellFailure(kind);
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    this.#read = { buffer, resolve, reject };
    return promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (!this.#life.alive) return never();
    const kind = this.#kindOfFailure();
    if (kind !== undefined || this.#sentEnd || this.#ending !== undefined) {
      return Promise.reject(failure(kind === "closed" ? kind : "broken-pipe", "write to the connection"));
    }
    if (this.#write !== undefined) {
      return Promise.reject(failure("other", "write to the connection while another write waits"));
    }
    if (bytes.length === 0) return Promise.resolve(0);
    const count = this.#give(bytes);
    if (count > 0) return Promise.resolve(count);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#write = { bytes, resolve, reject };
    return promise;
  }

  closeWrite(): Promise<void> {
    if (!this.#life.alive) return never();
    const kind = this.#kindOfFailure();
    if (kind === "closed" || (kind !== undefined && this.#network.random.chance(0.5))) {
      return Promise.reject(failure(kind, "end the connection's sending half"));
    }
    if (kind === undefined && this.#write !== undefined) {
      this.#ending ??= Promise.withResolvers();
      return this.#ending.promise;
    }
    if (kind === undefined) this.#end();
    return Promise.resolve();
  }

  close(): void {
    if (!this.#life.alive || this.#state === "closed") return;
    this.stack.given.delete(this);
    this.#rejectPending("closed");
    this.#letGo();
  }

  setNoDelay(_noDelay: boolean): void {}

  /** Once, as the kernel does; from then on there is the end of the stream. */
  #tellFailure(kind: "closed" | "connection-reset" | "timed-out"): Promise<number | null> {
    const isTold = this.#isFailureTold;
    this.#isFailureTold = true;
    return isTold ? Promise.resolve(null) : Promise.reject(failure(kind, "read from the connection"));
  }

  /** What a middlebox does that has forgotten the connection: both ends are told that it is reset. */
  reset(): void {
    this.#network.trace(
      this.stack.name,
      `reset ${formatAddress(this.localAddress)} ${formatAddress(this.remoteAddress)}`,
    );
    this.#out?.drop();
    this.#in?.drop();
    this.broken("connection-reset");
    this.#peer?.broken("connection-reset");
  }

  get takesData(): boolean {
    return this.#state === "open";
  }

  get room(): number {
    return RECEIVE_BUFFER_BYTES - this.#receivedBytes;
  }

  receive(bytes: Uint8Array): void {
    this.#network.trace(
      this.stack.name,
      `${this.#way} ${bytes.length} bytes`,
      bytes,
    );
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#read !== undefined) this.#life.deliver(() => this.#answerRead());
  }

  /** The process gets what has come, if it waits for it. */
  #answerRead(): void {
    const read = this.#read;
    if (read === undefined || (this.#receivedBytes === 0 && !this.#receivedEnd)) return;
    this.#read = undefined;
    read.resolve(this.#receivedBytes === 0 ? null : this.#take(read.buffer));
  }

  receiveEnd(): void {
    this.#network.trace(this.stack.name, `${this.#way} end`);
    this.#receivedEnd = true;
    if (this.#read !== undefined) this.#life.deliver(() => this.#answerRead());
  }

  acknowledged(): void {
    if (this.#write !== undefined) this.#life.deliver(() => this.#continueWrite());
  }

  #continueWrite(): void {
    const write = this.#write;
    if (write === undefined || this.#state !== "open") return;
    const count = this.#give(write.bytes);
    if (count === 0) return;
    this.#write = undefined;
    write.resolve(count);
    const ending = this.#ending;
    if (ending === undefined) return;
    this.#ending = undefined;
    this.#end();
    ending.resolve();
  }

  broken(kind: "connection-reset" | "timed-out"): void {
    if (this.#state !== "open") return;
    this.#state = kind;
    this.#out?.drop();
    this.stack.connections.delete(this);
    this.#network.trace(this.stack.name, `${formatAddress(this.localAddress)} broken: ${kind}`);
    this.#network.simulation.tally.count(`net: ${kind}`);
    this.#life.deliver(() => this.#rejectPending(kind));
  }

  orphaned(): void {
    this.#forgetCalls();
    this.#letGo();
  }

  lost(): void {
    this.#forgetCalls();
    this.#state = "lost";
    this.#out?.senderLost();
  }

  /**
   * Closes as the machine does it: the end of the stream after what was written, a reset when something was
   * not read.
   */
  #letGo(): void {
    if (this.#state === "open") {
      if (this.#receivedBytes > 0) this.#sendReset();
      else this.#end();
    }
    this.#state = "closed";
    this.#received = [];
    this.#receivedBytes = 0;
    this.stack.connections.delete(this);
    this.#in?.roomMade();
  }

  /** What was sent before arrives before the reset does, as it went the same way. */
  #sendReset(): void {
    this.#in?.drop();
    this.#out?.sendReset();
  }

  #end(): void {
    if (this.#sentEnd) return;
    this.#sentEnd = true;
    this.#out?.sendEnd();
  }

  #kindOfFailure(): "closed" | "connection-reset" | "timed-out" | undefined {
    return this.#state === "open" || this.#state === "lost" ? undefined : this.#state;
  }

  #rejectPending(kind: "closed" | "connection-reset" | "timed-out"): void {
    const { read, write, ending } = this.#forgetCalls();
    if (!this.#life.alive) return;
    if (read !== undefined) {
      if (kind === "closed") read.reject(failure(kind, "read from the connection"));
      else this.#tellFailure(kind).then(read.resolve, read.reject);
    }
    write?.reject(failure(kind, "write to the connection"));
    if (kind === "closed") ending?.reject(failure(kind, "end the connection's sending half"));
    else if (ending !== undefined) this.closeWrite().then(ending.resolve, ending.reject);
  }

  /** Nothing waits any more: gives what did. */
  #forgetCalls(): {
    read: PendingRead | undefined;
    write: PendingWrite | undefined;
    ending: PendingEnd | undefined;
  } {
    const [read, write, ending] = [this.#read, this.#write, this.#ending];
    this.#read = undefined;
    this.#write = undefined;
    this.#ending = undefined;
    return { read, write, ending };
  }

  /** Moves received bytes into the buffer; sometimes fewer than there are. */
  #take(buffer: Uint8Array): number {
    const { random, conditions } = this.#network;
    let wanted = Math.min(this.#receivedBytes, buffer.length);
    if (wanted > 1 && random.chance(conditions.splits)) wanted = random.integer(1, wanted);
    let count = 0;
    while (count < wanted) {
      const chunk = this.#received[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(0, wanted - count);
      buffer.set(part, count);
      count += part.length;
      if (part.length === chunk.length) this.#received.shift();
      else this.#received[0] = chunk.subarray(part.length);
    }
    this.#receivedBytes -= count;
    if (this.room > 0) this.#in?.roomMade();
    return count;
  }

  /** Gives bytes to the machine, as many as it has room for; sometimes fewer. */
  #give(bytes: Uint8Array): number {
    const out = this.#out;
    if (out === undefined) return 0;
    const { random, conditions } = this.#network;
    let count = Math.min(bytes.length, SEND_BUFFER_BYTES - out.held);
    if (count <= 0) return 0;
    if (count > 1 && random.chance(conditions.shortWrites)) count = random.integer(1, count);
    out.send(this.#network.copies.copy(bytes, count));
    return count;
  }
}
