/**
 * Listeners over `node:net`, with TLS by `node:tls`.
 *
 * Deno's world has its TLS listeners from here, too: a connection of `Deno.listenTls` that is closed during
 * its handshake, or with bytes to send, keeps its descriptor until the peer goes (Deno 2.9.6), so that
 * strangers that never shake hands would use all of them up. The price is CPU: 17 µs for a message of 64
 * bytes there and back, in place of 12.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { formatAddress, type SocketAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type { TcpConnection, TcpListener, TlsServerOptions } from "../net.ts";
import { worldError } from "../real/error.ts";
import { type Failure, NodeConnection } from "./connection.ts";

/** Connections that wait to be accepted: more are closed. */
const MAX_WAITING = 1024;

/** Listens. */
export class NodeListener implements TcpListener {
  readonly ready: Promise<void>;
  readonly #server: Server;
  readonly #context: SecureContext | undefined;
  readonly #arrived: TcpConnection[] = [];
  #address: SocketAddress;
  #accepting: { resolve: (value: TcpConnection) => void; reject: (error: unknown) => void } | undefined;
  /** Why nothing more can be accepted. */
  #failure: unknown;

  /** Throws what `node:tls` throws of an invalid certificate or key. */
  constructor(
    address: SocketAddress,
    tls?: TlsServerOptions,
    { reusePort = false }: { readonly reusePort?: boolean } = {},
  ) {
    this.#context = tls && createSecureContext({ cert: tls.cert, key: tls.key });
    this.#address = address;
    const server = this.#server = createServer(
      { allowHalfOpen: true, noDelay: true },
      (socket) => this.#onArrived(socket),
    );
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    // Who only accepts is told there.
    this.ready.catch(() => {});
    server.on("listening", () => {
      const bound = server.address();
      if (bound !== null && typeof bound === "object") {
        this.#address = { hostname: address.hostname, port: bound.port };
      }
      ready.resolve();
    });
    server.on("error", (error) => {
      const why = worldError(`listen on ${formatAddress(address)}`, error);
      ready.reject(why);
      this.#fail(why);
    });
    server.listen({ host: address.hostname, port: address.port, ...(reusePort && { reusePort }) });
  }

  get address(): SocketAddress {
    return this.#address;
  }

  accept(): Promise<TcpConnection> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#accepting = { resolve, reject });
  }

  close(): void {
    this.#server.close();
    this.#fail(failure("closed", "accept a connection"));
    for (const connection of this.#arrived.splice(0)) connection.close();
  }

  #onArrived(socket: Socket): void {
    if (this.#failure !== undefined || this.#arrived.length >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    const connection = this.#context === undefined
      ? new NodeConnection(socket)
      : new AcceptedTlsConnection(socket, this.#context);
    const accepting = this.#accepting;
    this.#accepting = undefined;
    if (accepting === undefined) this.#arrived.push(connection);
    else accepting.resolve(connection);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#accepting?.reject(this.#failure);
    this.#accepting = undefined;
  }
}

/** The server's end of a TLS connection, whose handshake is still to come. */
class AcceptedTlsConnection extends NodeConnection {
  readonly #secured = Promise.withResolvers<void>();

  constructor(raw: Socket, secureContext: SecureContext) {
    // `allowHalfOpen` is a TLS socket's, too, though its type does not say so.
    const options = { isServer: true, secureContext, allowHalfOpen: true };
    const socket = new TLSSocket(raw, options);
    super(raw, socket);
    socket.on("secure", () => this.#secured.resolve());
    // A handshake that nobody waits for may fail all the same.
    this.#secured.promise.catch(() => {});
  }

  handshake(): Promise<void> {
    return this.#secured.promise;
  }

  protected override onEnd(): void {
    super.onEnd();
    this.#secured.reject(failure("connection-reset", "shake hands"));
  }

  protected override fail(reason: Failure): void {
    super.fail(reason);
    this.#secured.reject(this.error("shake hands on"));
  }
}
