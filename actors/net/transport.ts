/**
 * What carries the bytes of one connection: the only thing that a connection knows of the network.
 *
 * @module
 */
import type { SocketAddress, TcpConnection } from "../world/world.ts";

/**
 * One established or arriving connection, whatever it runs over: TCP, TLS, a pipe in memory.
 *
 * At most one `receive` and one `send` are under way at a time. Failures are `WorldError`s.
 */
export interface Transport {
  /** The near end. */
  readonly localAddress: SocketAddress;
  /** The far end. */
  readonly remoteAddress: SocketAddress;
  /**
   * True where the protocol says goodbye by a message of its own (TLS): the sending half is closed
   * before the whole. @default false
   */
  readonly needsCloseWrite?: boolean;
  /**
   * Does what must precede the first byte of data (a TLS handshake). The connection gives it
   * `handshakeTimeoutMs`, and closes the transport when that is over. Absent: there is nothing to do.
   *
   * Rejects with `invalid-data`, `connection-reset`, or `closed` when closed meanwhile.
   */
  open?(): Promise<void>;
  /**
   * Receives at least one byte into `buffer` and says how many, or yields bytes of its own that `buffer` need
   * not hold; `null` at the end of the stream. Rejects with `connection-reset`, or `closed` when closed
   * meanwhile.
   */
  receive(buffer: Uint8Array): Promise<number | Uint8Array | null>;
  /**
   * Sends bytes, perhaps fewer than given; resolves with how many once the next may be sent, which is the
   * backpressure. The bytes are not to be changed before. Rejects with `broken-pipe`, `connection-reset`,
   * `closed`.
   */
  send(bytes: Uint8Array): Promise<number>;
  /** Ends the sending half, after all that was sent: the peer receives to the end of the stream. */
  closeWrite(): Promise<void>;
  /** Closes both halves and frees the descriptor, at once, whatever is pending. Twice is fine. */
  close(): void;
}

/**
 * A TCP connection as the world gives it; with `isTls` one that speaks TLS, whose handshake may be still to
 * come.
 *
 * @example
 * ```ts
 * import { tcpTransport } from "@troupe/actors/net";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const [client, server] = [sim.host("client").world, sim.host("server").world];
 * const accepted = server.net.listenTcp({ hostname: "0.0.0.0", port: 80 }).accept();
 * const from = tcpTransport(await sim.settle(client.net.connectTcp({ hostname: "server", port: 80 })));
 * const to = tcpTransport(await sim.settle(accepted));
 * await sim.settle(from.send(new TextEncoder().encode("hi")));
 * assertEquals(await sim.settle(to.receive(new Uint8Array(10))), 2);
 * ```
 */
export function tcpTransport(
  connection: TcpConnection,
  options: { readonly isTls?: boolean } = {},
): Transport {
  connection.setNoDelay(true);
  const { handshake } = connection;
  if (options.isTls !== true) return new TcpTransport(connection);
  return handshake === undefined ? new TlsTransport(connection) : new OpeningTlsTransport(connection);
}

class TcpTransport implements Transport {
  readonly remoteAddress: SocketAddress;
  protected readonly connection: TcpConnection;

  constructor(connection: TcpConnection) {
    this.connection = connection;
    this.remoteAddress = connection.remoteAddress;
  }

  get localAddress(): SocketAddress {
    return this.connection.localAddress;
  }

  receive(buffer: Uint8Array): Promise<number | null> {
    return this.connection.read(buffer);
  }

  send(bytes: Uint8Array): Promise<number> {
    return this.connection.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.connection.closeWrite();
  }

  close(): void {
    this.connection.close();
  }
}

class TlsTransport extends TcpTransport {
  readonly needsCloseWrite = true;
}

class OpeningTlsTransport extends TlsTransport {
  open(): Promise<void> {
    return this.connection.handshake?.() ?? Promise.resolve();
  }
}
