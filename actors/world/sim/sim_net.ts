/**
 * The simulated network in the hands of a test.
 *
 * @module
 */
import { drawConditions, type Network, type NetworkConditions } from "./network.ts";
import { Endpoint } from "./tcp.ts";

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

  /** Draws anew what the network is like, from the next room to another continent. Gives what was drawn. */
  draw(): NetworkConditions {
    return this.#network.conditions = drawConditions(this.#network.random);
  }

  /** Has look-ups of the name, or of every name, fail until healed. */
  failLookups(name?: string): Cut {
    return { heal: this.#network.names.fail(name) };
  }

  /** Has a name lead to these addresses from now on; undefined: to its host again. */
  setName(name: string, addresses: readonly string[] | undefined): void {
    this.#network.names.set(name, addresses);
  }

  /** How long a look-up of a name takes, in milliseconds. @default 0 */
  set lookupLatencyMs(latencyMs: number) {
    this.#network.names.latencyMs = latencyMs;
  }

  /** The process of a host has no descriptors left, or has some again: it accepts nothing (EMFILE). */
  setDescriptorsLeft(host: string, areLeft: boolean): void {
    for (const stack of this.#network.stacks) if (stack.name === host) stack.hasNoDescriptors = !areLeft;
  }

  /** Resets the connections of a host, or every connection there is. */
  resetConnections(host?: string): void {
    for (const connection of this.#connections(host)) connection.reset();
  }

  /** Resets one connection, picked by chance. */
  resetOne(): void {
    const connections = this.#connections();
    if (connections.length === 0) return;
    this.#network.simulation.tally.count("fault: connection reset");
    this.#network.random.pick(connections).reset();
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
