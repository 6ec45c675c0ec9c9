/**
 * The connection under the client of NATS. The client's own takes every listener off its socket at times: an
 * error that comes then (a server that refuses, and resets) ends the process.
 *
 * @module
 */
import type { ConnectionOptions, Server, ServerInfo, Transport } from "@nats-io/nats-core/internal";
import { checkOptions } from "@nats-io/nats-core/internal";
import { connect as dial, type Socket } from "node:net";
import { connect as dialTls } from "node:tls";
import { joinBytes } from "../../../protocols/_join_bytes.ts";
import { failure } from "../../world/failure.ts";

/** What a server says of itself first is a line of at most so many bytes. */
const MAX_INFO_BYTES = 65_536;
const LF = 10;

/** One connection to one server, as the client wants it: an iteration over what comes. */
export class NatsSocket implements Transport {
  /** What the server shows of a client beside its name. */
  readonly lang = "troupe";
  readonly version = "1";
  closeError?: Error;
  #socket: Socket | undefined;
  #isEncrypted = false;
  #isConnected = false;
  #isClosed = false;
  #received: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  readonly #closed = Promise.withResolvers<void | Error>();

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Dials, reads what the server says of itself, and speaks TLS from there where the server can. */
  async connect({ hostname, port, tlsName }: Server, options: ConnectionOptions): Promise<void> {
    try {
      const socket = dial({ host: hostname, port, noDelay: true });
      await this.#until(socket, "connect");
      const info = await this.#info(socket);
      checkOptions(info, options);
      if (info.tls_required || (info.tls_available && options.tls !== null)) {
        socket.off("data", this.#receive);
        const secured = dialTls({ ...options.tls, socket, servername: tlsName });
        await this.#until(secured, "secureConnect");
        secured.on("data", this.#receive);
        this.#isEncrypted = true;
      }
      this.#isConnected = true;
    } catch (error) {
      this.#destroy();
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    while (!this.#isClosed) {
      const received = this.#received;
      this.#received = [];
      yield* received;
      if (this.#received.length > 0 || this.#isClosed) continue;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  isEncrypted(): boolean {
    return this.#isEncrypted;
  }

  send(frame: Uint8Array): void {
    // What cannot be sent is noticed by what is missing: the socket closes, or no ping is answered.
    if (!this.#isClosed) this.#socket?.write(frame);
  }

  close(error?: Error): Promise<void> {
    this.#end(error);
    return Promise.resolve();
  }

  disconnect(): void {
    this.#end();
  }

  /** Resolves once a connection that stood is over, with the error that ended it. Never for one discarded. */
  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  discard(): void {
    this.#isConnected = false;
    this.#destroy();
  }

  /** Waits for an event of a new socket, of which errors are heard from now on for ever. */
  #until(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
    this.#socket = socket;
    if (this.#isClosed) {
      socket.destroy();
      throw failure("closed", "connect");
    }
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      socket.on("error", (error) => cause = error);
      socket.once(event, resolve);
      socket.once("close", () => {
        reject(cause ?? failure("connection-reset", "connect"));
        this.#end(cause);
      });
    });
  }

  /** What the server says of itself; the client reads it once more, from what came. */
  async #info(socket: Socket): Promise<ServerInfo> {
    let bytes = 0;
    const isWhole = () => {
      const last = this.#received.at(-1);
      bytes += last?.length ?? 0;
      return last?.includes(LF) || bytes > MAX_INFO_BYTES;
    };
    socket.on("data", this.#receive);
    while (!isWhole()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
      if (this.#isClosed) throw this.closeError ?? failure("connection-reset", "read what the server is");
    }
    return parseInfo(this.#received);
  }

  readonly #receive = (bytes: Uint8Array): void => {
    this.#received.push(bytes);
    this.#wakeReader();
  };

  #end(error?: Error): void {
    if (this.#isClosed) return;
    if (error !== undefined) this.closeError = error;
    this.#destroy();
    if (this.#isConnected) this.#closed.resolve(error);
  }

  #destroy(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** The server's first line. Throws `invalid-data` when it is not NATS's. */
function parseInfo(frames: readonly Uint8Array[]): ServerInfo {
  const text = new TextDecoder().decode(joinBytes(frames));
  const [, json] = /^INFO\s+(\{.*\})\s*\r?\n/i.exec(text) ?? [];
  if (json === undefined) throw failure("invalid-data", "speak NATS with the server");
  return JSON.parse(json);
}
