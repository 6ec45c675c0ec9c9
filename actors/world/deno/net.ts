/**
 * The real network.
 *
 * @module
 */
import { orClose } from "../_close_quietly.ts";
import { formatAddress } from "../address.ts";
import type {
  ConnectTcpOptions,
  Datagram,
  ListenTcpOptions,
  Net,
  SocketAddress,
  TcpConnection,
  TcpListener,
  UdpSocket,
} from "../world.ts";
import { WorldError } from "../error.ts";
import { MAPPED_IPV4, unmapped } from "../real/address.ts";
import { worldError } from "../real/error.ts";
import { fetchAnywhere } from "../real/fetch.ts";
import { isAddress, resolveName } from "../real/resolve.ts";
import { NodeListener } from "../node/listener.ts";

/** The network of the machine. */
export class DenoNet implements Net {
  listenTcp(options: ListenTcpOptions): TcpListener {
    const { hostname, port, tls, reusePort = false } = options;
    if (reusePort) checkUnstable("share a port");
    try {
      const listener = Deno.listen({ hostname, port, ...(reusePort && { reusePort }) });
      if (tls === undefined) return new DenoTcpListener(listener);
      // `node:net` binds later: whether it may, whether the address is free, and which port it is, is found
      // out before.
      const bound = unmapped(listener.addr);
      listener.close();
      return new NodeListener(bound, tls, { reusePort });
    } catch (error) {
      throw worldError(`listen on ${formatAddress(options)}`, error);
    }
  }

  async connectTcp(options: ConnectTcpOptions): Promise<TcpConnection> {
    const { hostname, port, tls, signal } = options;
    signal?.throwIfAborted();
    try {
      const connection = await Deno.connect({
        hostname,
        port,
        ...(signal && { signal }),
      });
      if (tls === undefined) return new DenoTcpConnection(connection);
      return new DenoTcpConnection(
        await startTls(connection, hostname, tls, signal),
      );
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw worldError(`connect to ${formatAddress(options)}`, error);
    }
  }

  bindUdp(options: SocketAddress): UdpSocket {
    checkUnstable(`bind UDP ${formatAddress(options)}`);
    try {
      return new DenoUdpSocket(
        Deno.listenDatagram({ ...options, transport: "udp" }),
      );
    } catch (error) {
      throw worldError(`bind UDP ${formatAddress(options)}`, error);
    }
  }

  async resolve(hostname: string): Promise<string[]> {
    try {
      return await resolveName(hostname);
    } catch (error) {
      throw worldError(`find the address of ${hostname}`, isForbidden(error) ? notCapable(hostname) : error);
    }
  }

  fetch(request: Request): Promise<Response> {
    return fetchAnywhere(request);
  }
}

/** Throws where Deno was not told to have what is unstable: the types have it always. */
function checkUnstable(doing: string): void {
  if ("listenDatagram" in Deno) return;
  throw new WorldError(
    "other",
    `Cannot ${doing}: Deno does so only with "unstable": ["net"] in deno.json, or --unstable-net`,
  );
}

/** Node's look-up says of a missing right no more than this. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPERM";
}

function notCapable(hostname: string): Error {
  return new Deno.errors.NotCapable(
    `Requires net access to "${hostname}", run again with the --allow-net flag`,
  );
}

async function startTls(
  connection: Deno.TcpConn,
  hostname: string,
  tls: NonNullable<ConnectTcpOptions["tls"]>,
  signal: AbortSignal | undefined,
): Promise<Deno.TlsConn> {
  const secured = await orClose(connection, () =>
    Deno.startTls(connection, {
      hostname: tls.serverName ?? hostname,
      ...(tls.caCerts && { caCerts: [...tls.caCerts] }),
    }));
  const abort = () => secured.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    // Now, so that a certificate that does not fit is a failure to connect.
    await secured.handshake();
    return secured;
  } catch (error) {
    if (!signal?.aborted) secured.close();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

class DenoTcpListener implements TcpListener {
  readonly address: SocketAddress;
  #listener: Deno.TcpListener;
  #closed = false;

  constructor(
    listener: Deno.TcpListener,
  ) {
    this.#listener = listener;
    this.address = unmapped(listener.addr);
  }

  async accept(): Promise<TcpConnection> {
    try {
      const connection = await this.#listener.accept();
      return await orClose(connection, () => {
        // The system's own times (two hours at first, on Linux): who vanished is noticed some day, whoever
        // needs its place.
        connection.setKeepAlive(true);
        return new DenoTcpConnection(connection);
      });
    } catch (error) {
      throw worldError("accept a connection", error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }
}

const failRead = (error: unknown): never => {
  throw worldError("read from the connection", error);
};
const failWrite = (error: unknown): never => {
  throw worldError("write to the connection", error);
};

class DenoTcpConnection implements TcpConnection {
  readonly remoteAddress: SocketAddress;
  #connection: Deno.TcpConn | Deno.TlsConn;
  #closed = false;

  constructor(connection: Deno.TcpConn | Deno.TlsConn) {
    this.#connection = connection;
    this.remoteAddress = unmapped(connection.remoteAddr);
  }

  get localAddress(): SocketAddress {
    return unmapped(this.#connection.localAddr);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#connection.read(buffer).catch(failRead);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes).catch(failWrite);
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      throw worldError("end the connection's sending half", error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#connection.close();
    } catch (error) {
      // A TLS connection whose handshake failed has closed itself.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  setNoDelay(noDelay: boolean): void {
    if (this.#closed || !("setNoDelay" in this.#connection)) return;
    this.#connection.setNoDelay(noDelay);
  }
}

/** The largest datagram that IP can carry. */
const MAX_DATAGRAM_BYTES = 65536;

class DenoUdpSocket implements UdpSocket {
  readonly address: SocketAddress;
  #socket: Deno.DatagramConn;
  #dualStack: boolean;
  #closed = false;
  #spare: Uint8Array<ArrayBuffer> | undefined;

  constructor(socket: Deno.DatagramConn) {
    this.#socket = socket;
    const address = socket.addr;
    if (address.transport !== "udp") {
      throw new TypeError("Cannot bind UDP: not a UDP socket");
    }
    this.address = unmapped(address);
    this.#dualStack = address.hostname.includes(":");
  }

  async receive(): Promise<Datagram> {
    const buffer = this.#spare ?? new Uint8Array(MAX_DATAGRAM_BYTES);
    this.#spare = undefined;
    try {
      const [bytes, from] = await this.#socket.receive(buffer);
      if (from.transport !== "udp") throw new TypeError("not a UDP peer");
      return { bytes: bytes.slice(), from: unmapped(from) };
    } catch (error) {
      throw worldError("receive a datagram", error);
    } finally {
      this.#spare = buffer;
    }
  }

  async send(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    const hostname = this.#dualStack && !to.hostname.includes(":") && isAddress(to.hostname)
      ? MAPPED_IPV4 + to.hostname
      : to.hostname;
    try {
      await this.#socket.send(bytes, {
        transport: "udp",
        hostname,
        port: to.port,
      });
    } catch (error) {
      throw worldError(`send a datagram to ${formatAddress(to)}`, error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }
}
