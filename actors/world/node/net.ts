/**
 * The network of Node.
 *
 * @module
 */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { connect as connectTls, rootCertificates, type TLSSocket } from "node:tls";
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type {
  ConnectTcpOptions,
  Datagram,
  ListenTcpOptions,
  Net,
  TcpConnection,
  TcpListener,
  TlsClientOptions,
  UdpSocket,
} from "../net.ts";
import type { SocketAddress } from "../address.ts";
import { MAPPED_IPV4, unmapped } from "../real/address.ts";
import { worldError } from "../real/error.ts";
import { fetchAnywhere } from "../real/fetch.ts";
import { isAddress, resolveName } from "../real/resolve.ts";
import { NodeConnection } from "./connection.ts";
import { NodeListener } from "./listener.ts";

/** The network of the machine. */
export class NodeNet implements Net {
  listenTcp({ hostname, port, tls }: ListenTcpOptions): TcpListener {
    try {
      return new NodeListener({ hostname, port }, tls);
    } catch (error) {
      throw worldError(`listen on ${formatAddress({ hostname, port })}`, error);
    }
  }

  async connectTcp(options: ConnectTcpOptions): Promise<TcpConnection> {
    const { hostname, port, tls, signal } = options;
    signal?.throwIfAborted();
    const raw = connect({ host: hostname, port, allowHalfOpen: true });
    const abort = () => raw.destroy();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await happened(raw, "connect");
      if (tls === undefined) return new NodeConnection(raw);
      const secured = startTls(raw, hostname, tls);
      // Now, so that a certificate that does not fit is a failure to connect.
      await happened(secured, "secureConnect");
      return new NodeConnection(raw, secured);
    } catch (error) {
      raw.destroy();
      if (signal?.aborted) throw signal.reason;
      throw worldError(`connect to ${formatAddress(options)}`, error);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  bindUdp(options: SocketAddress): UdpSocket {
    return new NodeUdpSocket(options);
  }

  async resolve(hostname: string): Promise<string[]> {
    try {
      return await resolveName(hostname);
    } catch (error) {
      throw worldError(`find the address of ${hostname}`, error);
    }
  }

  fetch(request: Request): Promise<Response> {
    return fetchAnywhere(request);
  }
}

/** Resolves at an event of a socket; rejects when it fails or is closed before. */
function happened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    const settled = () => {
      // What it says later is for whoever listens then; an error without a listener would end the process.
      socket.off(event, onEvent).off("error", onError).off("close", onClose);
      socket.on("error", () => {});
    };
    const onEvent = () => {
      settled();
      resolve();
    };
    const onError = (error: Error) => {
      settled();
      reject(error);
    };
    const onClose = () => onError(failure("connection-reset", "connect"));
    socket.on(event, onEvent).on("error", onError).on("close", onClose);
  });
}

function startTls(
  raw: Socket,
  hostname: string,
  { caCerts, serverName = hostname }: TlsClientOptions,
): TLSSocket {
  return connectTls({
    socket: raw,
    host: serverName,
    // An address cannot be asked for by this extension (RFC 6066, section 3).
    ...(isAddress(serverName) ? {} : { servername: serverName }),
    ...(caCerts && { ca: [...rootCertificates, ...caCerts] }),
  });
}

/** Datagrams that wait to be received; more are lost, as in the buffer of the system. */
const MAX_WAITING = 1024;

class NodeUdpSocket implements UdpSocket {
  readonly ready: Promise<void>;
  readonly #socket: DatagramSocket;
  readonly #isDualStack: boolean;
  readonly #arrived: Datagram[] = [];
  #address: SocketAddress;
  #receiving: { resolve: (datagram: Datagram) => void; reject: (error: unknown) => void } | undefined;
  #failure: unknown;
  #isClosed = false;

  constructor(address: SocketAddress) {
    const { hostname, port } = address;
    this.#address = address;
    this.#isDualStack = hostname.includes(":");
    const socket = this.#socket = createSocket({ type: this.#isDualStack ? "udp6" : "udp4" });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    // Who only receives is told there.
    this.ready.catch(() => {});
    socket.on("listening", () => {
      this.#address = { hostname, port: socket.address().port };
      ready.resolve();
    });
    socket.on("error", (error) => {
      const why = worldError(`bind UDP ${formatAddress(address)}`, error);
      ready.reject(why);
      this.#fail(why);
    });
    socket.on("message", (bytes, from) => {
      this.#onArrived({
        // In bytes of its own: Node's may be a part of a larger buffer.
        bytes: new Uint8Array(bytes),
        from: unmapped({ hostname: from.address, port: from.port }),
      });
    });
    socket.bind({ address: hostname, port, exclusive: true });
  }

  get address(): SocketAddress {
    return this.#address;
  }

  receive(): Promise<Datagram> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#receiving = { resolve, reject });
  }

  async send(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    await this.ready;
    if (this.#failure !== undefined) throw failure("closed", `send a datagram to ${formatAddress(to)}`);
    const isForeign = this.#isDualStack && !to.hostname.includes(":") && isAddress(to.hostname);
    const hostname = isForeign ? MAPPED_IPV4 + to.hostname : to.hostname;
    try {
      // It throws at once where an argument is none: port 0.
      await new Promise<void>((resolve, reject) => {
        this.#socket.send(bytes, to.port, hostname, (error) => error ? reject(error) : resolve());
      });
    } catch (error) {
      throw worldError(`send a datagram to ${formatAddress(to)}`, error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#arrived.length = 0;
    this.#fail(failure("closed", "receive a datagram"));
    this.#socket.close();
  }

  #onArrived(datagram: Datagram): void {
    const receiving = this.#receiving;
    this.#receiving = undefined;
    if (receiving !== undefined) receiving.resolve(datagram);
    else if (this.#arrived.length < MAX_WAITING) this.#arrived.push(datagram);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#receiving?.reject(this.#failure);
    this.#receiving = undefined;
  }
}
