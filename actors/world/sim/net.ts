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
  WorldErrorKind,
} from "../world.ts";
import { simFetch } from "./http.ts";
import { type Life, never } from "./life.ts";
import type { Network, NetworkConditions } from "./network.ts";
import { isAddress } from "./ports.ts";
import { bindAddress, type Stack } from "./stack.ts";
import { Endpoint, Listener } from "./tcp.ts";
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
    return new Listener(this.#life, this.#stack, address, options.tls !== undefined);
  }

  async connectTcp(options: ConnectTcpOptions): Promise<TcpConnection> {
    if (!this.#life.alive) return never();
    const { hostname, signal } = options;
    signal?.throwIfAborted();
    const addresses = isAddress(hostname) ? [hostname] : this.#network.lookup(this.#stack, hostname);
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
    const addresses = this.#network.lookup(this.#stack, hostname);
    if (addresses.length > 0) return Promise.resolve(addresses);
    return Promise.reject(failure("name-not-found", `find the address of ${hostname}`));
  }

  fetch(request: Request): Promise<Response> {
    return this.#life.alive ? simFetch(this, request) : never();
  }

  #assertAlive(doing: string): void {
    if (!this.#life.alive) throw failure("closed", doing);
  }
}

/** After how long without an answer each further knock goes out, in milliseconds, as Linux has it; then it is given up. */
const KNOCKS_MS = [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000];

/** One attempt to connect to one address. */
class Dial {
  readonly #network: Network;
  readonly #life: Life;
  readonly #stack: Stack;
  readonly #to: SocketAddress;
  readonly #options: ConnectTcpOptions;
  readonly #lane: number;
  readonly #result = Promise.withResolvers<TcpConnection>();
  #knocks = 0;
  #over = false;

  constructor(network: Network, life: Life, stack: Stack, hostname: string, options: ConnectTcpOptions) {
    this.#network = network;
    this.#life = life;
    this.#stack = stack;
    this.#to = { hostname, port: options.port };
    this.#options = options;
    this.#lane = network.newLane();
  }

  run(): Promise<TcpConnection> {
    const { signal } = this.#options;
    if (signal !== undefined) {
      const aborted = () => this.#finish(() => this.#result.reject(signal.reason));
      signal.addEventListener("abort", aborted, { once: true });
      const forget = () => signal.removeEventListener("abort", aborted);
      this.#result.promise.then(forget, forget);
    }
    const target = this.#network.owner(this.#stack, this.#to.hostname);
    if (target === undefined) {
      this.#after(this.#network.conditions.latencyMs[1], () => this.#fail("unreachable"));
    } else this.#knock(target);
    return this.#result.promise;
  }

  #knock(target: Stack): void {
    this.#after(this.#network.latencyMs(this.#stack, target), () => this.#arrive(target));
  }

  #arrive(target: Stack): void {
    if (!this.#life.alive || this.#over) return;
    const network = this.#network;
    const listener = target.tcpPorts.find(this.#to);
    const isHeard = target.isOn && network.isOpen(this.#stack, target) &&
      network.isOpen(target, this.#stack) &&
      !(listener instanceof Listener && listener.isFull);
    if (!isHeard) {
      const waitMs = KNOCKS_MS[this.#knocks++];
      if (waitMs === undefined) this.#fail("timed-out");
      else this.#after(waitMs, () => this.#knock(target));
      return;
    }
    const backMs = network.latencyMs(target, this.#stack);
    if (!(listener instanceof Listener)) {
      this.#after(backMs, () => this.#fail("connection-refused"));
    } else if (listener.isTls !== (this.#options.tls !== undefined)) {
      this.#after(backMs, () => this.#fail("connection-reset"));
    } else {
      this.#connect(listener, target, backMs);
    }
  }

  #connect(listener: Listener, target: Stack, backMs: number): void {
    const address = { hostname: this.#stack.sourceFor(this.#to.hostname), port: this.#stack.clientPort() };
    const [near, far] = Endpoint.pair(
      this.#network,
      { life: this.#life, stack: this.#stack, address },
      { life: listener.life, stack: target, address: this.#to },
    );
    this.#network.trace(this.#stack.name, `${formatAddress(address)} connects to ${formatAddress(this.#to)}`);
    this.#after(backMs, () => {
      if (this.#over || !this.#life.alive) near.reset();
      else this.#finish(() => this.#result.resolve(near));
    });
    this.#after(backMs * 2, () => {
      if (listener.life.alive) listener.arrived(far);
    });
  }

  #after(delayMs: number, task: () => void): void {
    this.#network.simulation.schedule(delayMs, this.#lane, task);
  }

  #fail(kind: WorldErrorKind): void {
    this.#finish(() => this.#result.reject(failure(kind, `connect to ${formatAddress(this.#options)}`)));
  }

  #finish(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#life.alive) settle();
  }
}

/** What mends a cut. */
export interface Cut {
  /** Mends it; twice is fine. */
  heal(): void;
}

/** The network in the hands of a test. */
export class SimNet {
  readonly #network: Network;

  /** Made by {@linkcode simWorld}. */
  constructor(network: Network) {
    this.#network = network;
  }

  /** Cuts the ways between each host of one group and each of the other, both ways. Names are host names. */
  partition(group: readonly string[], other: readonly string[]): Cut {
    return this.#cutAll(group.flatMap((from) => other.flatMap((to) => [[from, to], [to, from]] as const)));
  }

  /** Cuts one way only: what `from` sends does not reach `to`. */
  cut(from: readonly string[], to: readonly string[]): Cut {
    return this.#cutAll(from.flatMap((sender) => to.map((receiver) => [sender, receiver] as const)));
  }

  /** Mends all cuts. */
  heal(): void {
    this.#network.mendAll();
  }

  /** Changes what the network is like, from now on. */
  configure(conditions: Partial<NetworkConditions>): void {
    this.#network.conditions = { ...this.#network.conditions, ...conditions };
  }

  /** Resets the connections of a host, or every connection there is. */
  resetConnections(host?: string): void {
    for (const connection of this.#connections(host)) connection.reset();
  }

  /** Resets one connection, picked by chance. */
  resetOne(): void {
    const connections = this.#connections();
    if (connections.length > 0) this.#network.random.pick(connections).reset();
  }

  #connections(host?: string): Endpoint[] {
    return this.#network.stacks
      .filter((stack) => host === undefined || stack.name === host)
      .flatMap((stack) => [...stack.connections])
      .filter((socket) => socket instanceof Endpoint);
  }

  #cutAll(ways: readonly (readonly [string, string])[]): Cut {
    const cuts = ways.filter(([from, to]) => from !== to).map(([from, to]) => this.#network.cut(from, to));
    return {
      heal: () => {
        for (const cut of cuts) cut.cancel();
      },
    };
  }
}
