/**
 * Connections of `node:net` and `node:tls`: streams and events made into reads and writes that are asked for.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { WorldErrorKind } from "../error.ts";
import { failure } from "../failure.ts";
import type { SocketAddress } from "../address.ts";
import type { TcpConnection } from "../net.ts";
import { unmapped } from "../real/address.ts";
import { worldError } from "../real/error.ts";

/** After so long without a word the system asks the peer whether it is still there. */
const KEEP_ALIVE_MS = 60_000;
/** One write is at most this, so that a peer that reads slowly is seen to read. */
const MAX_WRITE_BYTES = 65536;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Why nothing works any more: the platform's error, or what to call it. */
export type Failure = { readonly error: unknown } | { readonly kind: WorldErrorKind };

/** One connection. */
export class NodeConnection implements TcpConnection {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly #raw: Socket;
  readonly #socket: Socket;
  /** What came and was not read. */
  #received: Uint8Array | undefined;
  #reading: (Waiting<number | null> & { readonly buffer: Uint8Array }) | undefined;
  #writing: Waiting<number> | undefined;
  #hasEnded = false;
  #isWriteEnded = false;
  #failure: Failure | undefined;
  #isFailureTold = false;
  #isClosed = false;

  /** @param secured speaks TLS over `raw`, which is connected */
  constructor(raw: Socket, secured?: TLSSocket) {
    this.#raw = raw;
    this.localAddress = unmapped({ hostname: raw.localAddress ?? "", port: raw.localPort ?? 0 });
    this.remoteAddress = unmapped({ hostname: raw.remoteAddress ?? "", port: raw.remotePort ?? 0 });
    raw.setKeepAlive(true, KEEP_ALIVE_MS);
    const socket = this.#socket = secured ?? raw;
    raw.on("error", (error) => this.fail({ error }));
    if (secured !== undefined) secured.on("error", (error) => this.fail({ error }));
    socket.on("close", () => this.fail({ kind: "connection-reset" }));
    socket.on("data", (bytes: Uint8Array) => this.#onData(bytes));
    socket.on("end", () => this.onEnd());
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#received !== undefined && !this.#isClosed) {
      return Promise.resolve(this.#take(buffer, this.#received));
    }
    if (this.#hasEnded && !this.#isClosed) return Promise.resolve(null);
    if (this.#failure !== undefined) return this.#afterFailure();
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
      if (this.#socket.isPaused()) this.#resume();
    });
  }

  /** A failure of the connection is told once; from then on the stream has ended, as the system has it. */
  #afterFailure(): Promise<null> {
    if (this.#isFailureTold && !this.#isClosed) return Promise.resolve(null);
    this.#isFailureTold = true;
    return Promise.reject(this.error("read from"));
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.error("write to"));
    if (this.#isWriteEnded) return Promise.reject(failure("broken-pipe", "write to the connection"));
    const part = bytes.length > MAX_WRITE_BYTES ? bytes.subarray(0, MAX_WRITE_BYTES) : bytes;
    return new Promise((resolve, reject) => {
      this.#writing = { resolve, reject };
      this.#socket.write(part, (error) => {
        if (!error) resolve(part.length);
        else if (this.#failure !== undefined) reject(this.error("write to"));
        else reject(worldError("write to the connection", error));
      });
    });
  }

  closeWrite(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.error("end the sending half of"));
    this.#isWriteEnded = true;
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.fail({ kind: "closed" });
    // What was received and is not read resets the connection, as it does when it is still the system's.
    if (this.#received !== undefined && this.#socket === this.#raw) this.#raw.resetAndDestroy();
    this.#received = undefined;
    this.#socket.destroy();
    // The descriptor is this one's: without it, it would wait for the handshake or for what is to be sent.
    this.#raw.destroy();
  }

  setNoDelay(noDelay: boolean): void {
    if (!this.#isClosed) this.#raw.setNoDelay(noDelay);
  }

  #onData(bytes: Uint8Array): void {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading === undefined) {
      this.#received = this.#received === undefined ? bytes : joined(this.#received, bytes);
      this.#pause();
    } else {
      reading.resolve(this.#take(reading.buffer, bytes));
    }
  }

  /** While nobody reads, the kernel keeps what comes, and the peer waits. */
  #pause(): void {
    this.#socket.pause();
    if (this.#socket !== this.#raw) callHandle(this.#raw, "readStop");
  }

  #resume(): void {
    if (this.#socket !== this.#raw) callHandle(this.#raw, "readStart");
    this.#socket.resume();
  }

  /** Fills the buffer; what does not fit is for the next read. */
  #take(buffer: Uint8Array, bytes: Uint8Array): number {
    const count = Math.min(buffer.length, bytes.length);
    buffer.set(bytes.subarray(0, count));
    this.#received = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }

  /** The peer sends nothing more. */
  protected onEnd(): void {
    this.#hasEnded = true;
    this.#reading?.resolve(null);
    this.#reading = undefined;
  }

  /** From now on nothing works any more. Only the first reason counts. */
  protected fail(reason: Failure): void {
    if (this.#failure !== undefined) {
      // To be closed here outweighs what the peer did before.
      if (!("kind" in reason && reason.kind === "closed")) return;
    }
    this.#failure = reason;
    if (this.#reading !== undefined) {
      this.#isFailureTold = true;
      this.#reading.reject(this.error("read from"));
    }
    this.#reading = undefined;
    this.#writing?.reject(this.error("write to"));
    this.#writing = undefined;
  }

  protected error(doing: string): unknown {
    const what = `${doing} the connection`;
    const reason = this.#failure ?? { kind: "other" as const };
    return "kind" in reason ? failure(reason.kind, what) : worldError(what, reason.error);
  }
}

/**
 * Deno's `TLSSocket` reads on when it is paused, and keeps all of it (2.9.6: 1.6 GB in 3 s from one peer).
 * What it reads from has to be stopped by itself.
 */
function callHandle(raw: Socket, name: "readStop" | "readStart"): void {
  const handle: unknown = Reflect.get(raw, "_handle");
  if (typeof handle !== "object" || handle === null) return;
  const call: unknown = Reflect.get(handle, name);
  if (typeof call === "function") call.call(handle);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
