/**
 * The network as a simulated host sees it, and as a test handles it.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type {
  ConnectTcpOptions,
  ListenTcpOptions,
  Net,
  SocketAddress,
  TcpConnection,
  TcpListener,
  UdpSocket,
} from "../world.ts";
import { Dial } from "./dial.ts";
import { simFetch } from "./http.ts";
import { type Life, never } from "./life.ts";
import type { Network } from "./network.ts";
import { isAddress } from "./ports.ts";
import { bindAddress, type Stack } from "./stack.ts";
import { Listener } from "./tcp_listener.ts";
import { SimUdpSocket } from "./udp.ts";

/** The network of one life of a host. */
export class LifeNet implements Net {
  readonly #network: Network;
  readonly #life: Life;
  readonly #stack: Stack;

  constructor(network: Network, life: Life, stack: Stack) {
    this.#network = network;
    this.#life = life;
    this.#stack = stack;
  }

  listenTcp(options: ListenTcpOptions): TcpListener {
    const doing = `listen on ${formatAddress(options)}`;
    this.#assertAlive(doing);
    const address = bindAddress(this.#stack, this.#stack.tcpPorts, options, doing);
    this.#network.trace(this.#stack.name, `listens on ${formatAddress(address)}`);
    return new Listener(this.#network, this.#life, this.#stack, address, options.tls !== undefined);
  }

  async connectTcp(options: ConnectTcpOptions): Promise<TcpConnection> {
    if (!this.#life.alive) return never();
    const { hostname, signal } = options;
    signal?.throwIfAborted();
    const addresses = await this.#find(hostname);
    let lastError: unknown = failure("name-not-found", `connect to ${formatAddress(options)}`);
    for (const address of addresses) {
      try {
        return await new Dial(this.#network, this.#life, this.#stack, address, options).run();
      } catch (error) {
        signal?.throwIfAborted();
        lastError = error;
      }
    }
    throw lastError;
  }

  bindUdp(options: SocketAddress): UdpSocket {
    this.#assertAlive(`bind UDP ${formatAddress(options)}`);
    return new SimUdpSocket(this.#network, this.#life, this.#stack, options);
  }

  resolve(hostname: string): Promise<string[]> {
    if (!this.#life.alive) return never();
    if (isAddress(hostname)) return Promise.resolve([hostname]);
    return this.#resolve(hostname);
  }

  async #resolve(hostname: string): Promise<string[]> {
    const addresses = await this.#find(hostname);
    if (addresses.length > 0) return [...addresses];
    throw failure("name-not-found", `find the address of ${hostname}`);
  }

  /** A look-up, which takes its time where names are served by others. */
  async #find(hostname: string): Promise<readonly string[]> {
    if (isAddress(hostname)) return [hostname];
    const { names } = this.#network;
    if (names.latencyMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#life.schedule(names.latencyMs, resolve);
      await promise;
    }
    return names.find(this.#stack, hostname);
  }

  fetch(request: Request): Promise<Response> {
    return this.#life.alive ? simFetch(this, request) : never();
  }

  #assertAlive(doing: string): void {
    if (!this.#life.alive) throw failure("closed", doing);
  }
}
