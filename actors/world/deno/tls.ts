/**
 * TLS listeners of the real world.
 *
 * They stand on `node:net` and `node:tls`, since a connection of `Deno.listenTls` that is closed during its
 * handshake, or with bytes to send, keeps its descriptor until the peer goes (Deno 2.9.6): strangers that
 * never shake hands would use all of them up. The price is CPU: 17 µs for a message of 64 bytes there and
 * back, in place of 12.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { SocketAddress, TcpConnection, TcpListener, TlsServerOptions } from "../world.ts";
import { worldError } from "./error.ts";
import { unmapped } from "./address.ts";

/** Connections that wait to be accepted: more are closed. */
const MAX_WAITING = 1024;
/** After so long without a word the system asks the peer whether it is still there. */
const KEEP_ALIVE_MS = 60_000;
/** One write is at most this, so that a peer that reads slowly is seen to read. */
const MAX_WRITE_BYTES = 65536;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Listens with TLS. */
export class DenoTlsListener implements TcpListener {
  readonly address: SocketAddress;
  readonly ready: Promise<void>;
  readonly #server: Server;
  readonly #context: SecureContext;
  readonly #arrived: DenoTlsConnection[] = [];
  #accepting: Waiting<TcpConnection> | undefined;
  /** Why nothing more can be accepted. */
  #failure: unknown;

  /** Throws what `Deno.listen` throws, and what `node:tls` throws of an invalid certificate or key. */
  constructor(options: SocketAddress, tls: TlsServerOptions) {
    this.#context = createSecureContext({ cert: tls.cert, key: tls.key });
    // `node:net` binds later and reports by events: whether the address is free, and which port it is, is
    // found out before.
    const probe = Deno.listen({ hostname: options.hostname, port: options.port });
    this.address = unmapped(probe.addr);
    probe.close();
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onArrived(socket));
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#server.on("listening", () => ready.resolve());
    this.#server.on("error", (error) => {
      ready.reject(worldError(`listen on ${options.hostname}`, error));
      this.#fail(error);
    });
    this.#server.listen({ host: options.hostname, port: this.address.port });
  }

  accept(): Promise<TcpConnection> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#failure !== undefined) return Promise.reject(worldError("accept a connection", this.#failure));
    return new Promise((resolve, reject) => this.#accepting = { resolve, reject });
  }

  close(): void {
    this.#server.close();
    this.#fail(new Deno.errors.BadResource("Listener has been closed"));
    for (const connection of this.#arrived.splice(0)) connection.close();
  }

  #onArrived(socket: Socket): void {
    if (this.#failure !== undefined || this.#arrived.length >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    const connection = new DenoTlsConnection(socket, this.#context);
    const accepting = this.#accepting;
    this.#accepting = undefined;
    if (accepting === undefined) this.#arrived.push(connection);
    else accepting.resolve(connection);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#accepting?.reject(worldError("accept a connection", error));
    this.#accepting = undefined;
  }
}

/**
 * The server's end of one TLS connection: streams and events made into reads and writes that are asked for.
 */
class DenoTlsConnection implements TcpConnection {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly #raw: Socket;
  readonly #socket: TLSSocket;
  readonly #secured = Promise.withResolvers<void>();
  /** What came and was not read. */
  #received: Uint8Array | undefined;
  #reading: (Waiting<number | null> & { readonly buffer: Uint8Array }) | undefined;
  #writing: Waiting<number> | undefined;
  #hasEnded = false;
  #failure: unknown;
  #isClosed = false;

  constructor(raw: Socket, secureContext: SecureContext) {
    this.#raw = raw;
    this.localAddress = unmapped({ hostname: raw.localAddress ?? "", port: raw.localPort ?? 0 });
    this.remoteAddress = unmapped({ hostname: raw.remoteAddress ?? "", port: raw.remotePort ?? 0 });
    raw.setKeepAlive(true, KEEP_ALIVE_MS);
    const options = { isServer: true, secureContext, allowHalfOpen: true };
    const socket = this.#socket = new TLSSocket(raw, options);
    raw.on("error", (error) => this.#fail(error));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Deno.errors.ConnectionReset("connection reset")));
    socket.on("secure", () => this.#secured.resolve());
    socket.on("data", (bytes: Uint8Array) => this.#onData(bytes));
    socket.on("end", () => this.#onEnd());
    // A handshake that nobody waits for may fail all the same.
    this.#secured.promise.catch(() => {});
  }

  handshake(): Promise<void> {
    return this.#secured.promise;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#received !== undefined) return Promise.resolve(this.#take(buffer, this.#received));
    if (this.#hasEnded) return Promise.resolve(null);
    if (this.#failure !== undefined) return Promise.reject(this.#error("read from"));
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
      if (this.#socket.isPaused()) this.#socket.resume();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#error("write to"));
    const part = bytes.length > MAX_WRITE_BYTES ? bytes.subarray(0, MAX_WRITE_BYTES) : bytes;
    return new Promise((resolve, reject) => {
      this.#writing = { resolve, reject };
      this.#socket.write(part, (error) => {
        if (error) reject(worldError("write to the connection", error));
        else resolve(part.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#error("end the sending half of"));
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#fail(new Deno.errors.BadResource("connection closed"));
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
      this.#socket.pause();
    } else {
      reading.resolve(this.#take(reading.buffer, bytes));
    }
  }

  /** Fills the buffer; what does not fit is for the next read. */
  #take(buffer: Uint8Array, bytes: Uint8Array): number {
    const count = Math.min(buffer.length, bytes.length);
    buffer.set(bytes.subarray(0, count));
    this.#received = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }

  #onEnd(): void {
    this.#hasEnded = true;
    this.#reading?.resolve(null);
    this.#reading = undefined;
    this.#secured.reject(worldError("shake hands", new Deno.errors.ConnectionReset("connection reset")));
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#secured.reject(this.#error("shake hands on"));
    if (!this.#hasEnded) this.#reading?.reject(this.#error("read from"));
    this.#reading = undefined;
    this.#writing?.reject(this.#error("write to"));
    this.#writing = undefined;
  }

  #error(doing: string): unknown {
    return worldError(`${doing} the connection`, this.#failure);
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
