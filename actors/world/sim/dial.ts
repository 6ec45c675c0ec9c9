/**
 * Connecting to a simulated TCP port.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type { ConnectTcpOptions, SocketAddress, TcpConnection, WorldErrorKind } from "../world.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";
import { reachedBy } from "./ports.ts";
import type { Stack } from "./stack.ts";
import { Endpoint } from "./tcp.ts";
import { Listener } from "./tcp_listener.ts";

/**
 * After how long without an answer each further SYN goes out, in milliseconds, as Linux has it; then it is
 * given up.
 */
const SYN_RETRY_MS = [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000];

/** One attempt to connect to one address. */
export class Dial {
  readonly #network: Network;
  readonly #life: Life;
  readonly #stack: Stack;
  readonly #to: SocketAddress;
  readonly #options: ConnectTcpOptions;
  readonly #lane: number;
  readonly #result = Promise.withResolvers<TcpConnection>();
  #retries = 0;
  #isOver = false;

  constructor(network: Network, life: Life, stack: Stack, hostname: string, options: ConnectTcpOptions) {
    this.#network = network;
    this.#life = life;
    this.#stack = stack;
    this.#to = { hostname: reachedBy(hostname), port: options.port };
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
    } else this.#sendSyn(target);
    return this.#result.promise;
  }

  #sendSyn(target: Stack): void {
    this.#after(this.#network.latencyMs(this.#stack, target), () => this.#arrive(target));
  }

  #arrive(target: Stack): void {
    if (!this.#life.alive || this.#isOver) return;
    const network = this.#network;
    const listener = target.tcpPorts.find(this.#to);
    const isHeard = target.isOn && network.isOpen(this.#stack, target) &&
      network.isOpen(target, this.#stack) &&
      !(listener instanceof Listener && listener.isFull);
    if (!isHeard) {
      const waitMs = SYN_RETRY_MS[this.#retries++];
      if (waitMs === undefined) this.#fail("timed-out");
      else this.#after(waitMs, () => this.#sendSyn(target));
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
    listener.expect();
    const [near, far] = Endpoint.pair(
      this.#network,
      { life: this.#life, stack: this.#stack, address },
      { life: listener.life, stack: target, address: this.#to },
    );
    this.#network.trace(this.#stack.name, `${formatAddress(address)} connects to ${formatAddress(this.#to)}`);
    this.#after(backMs, () => {
      if (this.#isOver || !this.#life.alive) near.reset();
      else {
        this.#finish(() => {
          this.#stack.given.add(near);
          this.#result.resolve(near);
        });
      }
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
    if (this.#isOver) return;
    this.#isOver = true;
    this.#life.deliver(settle);
  }
}
