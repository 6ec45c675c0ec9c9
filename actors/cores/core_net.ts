/**
 * The network of one core: it listens where the others do.
 *
 * @module
 */
import {
  type ListenTcpOptions,
  type Net,
  type Places,
  type SocketAddress,
  type TcpConnection,
  type TcpListener,
  WorldError,
} from "../world/world.ts";
import type { Reserved } from "./addresses.ts";
import { SharedPlaces } from "./shared_places.ts";

/** What the network of a core asks of the first thread. */
export interface CoreNetHost {
  /** The number of the core. */
  readonly index: number;
  /** Asks for a port, and says by which number it is given back. */
  reserve(address: SocketAddress): { readonly id: number; readonly reserved: Promise<Reserved> };
  release(id: number): void;
}

/** Wraps a real network. */
export class CoreNet implements Net {
  readonly connectTcp: Net["connectTcp"];
  readonly bindUdp: Net["bindUdp"];
  readonly resolve: Net["resolve"];
  readonly fetch: Net["fetch"];
  readonly #net: Net;
  readonly #host: CoreNetHost;
  readonly #pending = new Set<Promise<void>>();

  constructor(net: Net, host: CoreNetHost) {
    this.#net = net;
    this.#host = host;
    this.connectTcp = net.connectTcp.bind(net);
    this.bindUdp = net.bindUdp.bind(net);
    this.resolve = net.resolve.bind(net);
    this.fetch = net.fetch.bind(net);
  }

  listenTcp(options: ListenTcpOptions): TcpListener {
    const listener = new SharedListener(this.#net, this.#host, options);
    const settled = listener.ready.catch(() => {}).then(() => void this.#pending.delete(settled));
    this.#pending.add(settled);
    return listener;
  }

  /** Resolves once all that wanted to listen do, or cannot. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}

/** One of several listeners at one port. */
class SharedListener implements TcpListener {
  readonly ready: Promise<void>;
  readonly #host: CoreNetHost;
  readonly #id: number;
  #asked: SocketAddress;
  #listener: TcpListener | undefined;
  #places: Places | undefined;
  #isClosed = false;

  constructor(net: Net, host: CoreNetHost, options: ListenTcpOptions) {
    const { id, reserved } = host.reserve({ hostname: options.hostname, port: options.port });
    this.#host = host;
    this.#id = id;
    this.#asked = { hostname: options.hostname, port: options.port };
    this.ready = this.#listen(net, options, reserved);
    // Who only accepts is told there.
    this.ready.catch(() => {});
  }

  get address(): SocketAddress {
    return this.#listener?.address ?? this.#asked;
  }

  get places(): Places | undefined {
    return this.#places;
  }

  async #listen(net: Net, options: ListenTcpOptions, reserved: Promise<Reserved>): Promise<void> {
    const { port, places } = await reserved;
    if (this.#isClosed) throw new WorldError("closed", "Cannot listen: the listener was closed");
    this.#places = new SharedPlaces(places, this.#host.index);
    this.#listener = net.listenTcp({ ...options, port, reusePort: true });
    await this.#listener.ready;
  }

  async accept(): Promise<TcpConnection> {
    await this.ready;
    if (this.#listener === undefined) throw new WorldError("closed", "Cannot accept: nobody listens");
    return await this.#listener.accept();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener?.close();
    this.#host.release(this.#id);
  }
}
