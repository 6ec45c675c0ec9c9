/**
 * The simulated world: any number of hosts under one virtual time and one seed.
 *
 * @module
 */
import { RunningChaos } from "./chaos.ts";
import type { Chaos, ChaosPlan } from "./chaos_plan.ts";
import { SimHost, type SimHostOptions } from "./host.ts";
import { Network, type NetworkConditions } from "./network.ts";
import { SeededRandom } from "./random.ts";
import { SimNet } from "./sim_net.ts";
import { Simulation } from "./simulation.ts";
import type { Stepper } from "./stepper.ts";
import type { Tally } from "./tally.ts";
import type { Trace } from "./trace.ts";

/** Options of {@linkcode simWorld}. */
export interface SimWorldOptions {
  /** Equal seeds give equal runs. */
  readonly seed: number;
  /** How many of the last events are kept to be read. @default 1000 */
  readonly traceLength?: number;
  /** What the network is like. */
  readonly network?: Partial<NetworkConditions>;
  /** Lets events happen one by one. @default all happen as they come */
  readonly stepper?: Stepper;
  /** Told of each actor system that is made, and on which host. */
  readonly systemMade?: (host: string, system: object) => void;
}

/** How long {@linkcode SimWorld.until} and {@linkcode SimWorld.settle} wait when nothing else is said. */
const DEFAULT_WITHIN_MS = 60_000;

/**
 * A simulated world.
 *
 * @example
 * ```ts
 * import { formatTrace, neverIn, simWorld } from "@troupe/actors/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 }); // a SimWorld
 * const { net } = sim.host("a").world;
 * const listener = sim.host("b").world.net.listenTcp({ hostname: "0.0.0.0", port: 80 });
 * const cut = sim.net.partition(["a"], ["b"]); // a SimNet
 * let isConnected = false;
 * net.connectTcp({ hostname: "b", port: 80 }).then(() => isConnected = true, () => {});
 * await sim.advance(100);
 * assert(!isConnected);
 * cut.heal();
 * await sim.until(() => isConnected);
 * listener.close();
 *
 * sim.sometimes("it was cut");
 * assertEquals(neverIn(sim.tally, ["it was cut", "it rained"]), ["it rained"]); // a Tally
 * console.log(formatTrace(sim.trace.last(5))); // a Trace
 * assert(sim.trace.count > 0);
 * ```
 */
export class SimWorld {
  /** For what the test itself leaves to chance: a stream of its own. */
  readonly random: SeededRandom;
  /** The network, to be cut and mended. */
  readonly net: SimNet;
  readonly #simulation: Simulation;
  readonly #network: Network;
  readonly #options: SimWorldOptions;
  readonly #hosts = new Map<string, SimHost>();

  /** See {@linkcode simWorld}. */
  constructor(options: SimWorldOptions) {
    this.#options = options;
    this.#simulation = new Simulation(options.seed, options.traceLength ?? 1000, options.stepper);
    this.#network = new Network(this.#simulation, options.network ?? {});
    this.net = new SimNet(this.#network);
    this.random = new SeededRandom(`${options.seed} test`);
  }

  /** The seed of this run. */
  get seed(): number {
    return this.#simulation.seed;
  }

  /** Virtual milliseconds since the simulation began. */
  get now(): number {
    return this.#simulation.now;
  }

  /** What happened. */
  get trace(): Trace {
    return this.#simulation.trace;
  }

  /** All hosts, in the order in which they were made. */
  get hosts(): SimHost[] {
    return [...this.#hosts.values()];
  }

  /** The host of that name, made at first mention and running from then on. */
  host(name: string, options: SimHostOptions = {}): SimHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const { systemMade } = this.#options;
    const host = new SimHost(name, this.#hosts.size, this.#network, {
      ...options,
      ...(systemMade === undefined ? {} : { systemMade: (system) => systemMade(name, system) }),
    });
    this.#hosts.set(name, host);
    return host;
  }

  /** Lets `delayMs` milliseconds of virtual time go by; all that falls in them happens. */
  advance(delayMs: number): Promise<void> {
    return this.#simulation.advance(delayMs);
  }

  /** Lets time go by until the condition holds. Rejects when it does not within `withinMs`. */
  until(
    condition: () => boolean,
    withinMs: number = DEFAULT_WITHIN_MS,
    what = "the condition",
  ): Promise<void> {
    return this.#simulation.until(condition, withinMs, what);
  }

  /**
   * Lets time go by until the promise settles, and gives its value. Rejects when it does not within
   * `withinMs`.
   */
  async settle<T>(promise: Promise<T>, withinMs: number = DEFAULT_WITHIN_MS): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.#simulation.until(() => settled, withinMs, "the promise");
    return await promise;
  }

  /** Has things go wrong by plan, from now on. */
  chaos(plan: ChaosPlan): Chaos {
    return new RunningChaos(this.#simulation, this.net, this.hosts, plan);
  }

  /**
   * Asks what runs on any host to end: see {@linkcode SimHost.shutDown}. Where a process stands still, it
   * goes on first. Those that cannot be asked are killed before: they have nothing to say to how others end.
   */
  async shutDown(): Promise<void> {
    for (const host of this.hosts) if (!await host.canBeAsked()) host.kill();
    for (const host of this.hosts) host.resume();
    await this.settle(Promise.all(this.hosts.map((host) => host.shutDown())));
  }

  /** Calls `still` whenever nothing is under way and nobody waits for time to go by. */
  onStill(still: () => void): void {
    this.#simulation.onStill(still);
  }

  /** Throws what a host's code threw with nobody there to catch it, if it did. */
  throwFailure(): void {
    this.#simulation.throwFailure();
  }

  /** What really occurred so far: faults, and what the test has counted. */
  get tally(): Tally {
    return this.#simulation.tally;
  }

  /**
   * Counts a state that a test wants to have seen, if it holds. A campaign that names it in `sometimes` fails
   * when none of its seeds has seen it: what never happens is not tested.
   */
  sometimes(what: string, holds = true): void {
    if (holds) this.#simulation.tally.count(`sometimes: ${what}`);
  }

  /** Adds a line of the test's own to the trace. */
  note(event: string): void {
    this.#simulation.trace.add(this.now, "", "test", event);
  }

  /** Ends the simulation: nothing happens any more. */
  close(): void {
    this.#simulation.close();
  }
}

/**
 * Makes a simulated world.
 *
 * Time stands still until a test lets it go by; then it jumps from one thing that happens to the next, and a
 * simulated hour takes as long as what happens in it takes to compute.
 *
 * @example
 * ```ts
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { clock } = sim.host("a").world;
 * const before = clock.now();
 * let rang = false;
 * clock.timer(3_600_000, () => rang = true);
 * await sim.advance(3_600_000);
 * assertEquals([rang, clock.now() - before], [true, 3_600_000]);
 * ```
 */
export function simWorld(options: SimWorldOptions): SimWorld {
  return new SimWorld(options);
}
