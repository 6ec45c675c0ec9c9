/**
 * The simulated network between hosts: who is where, how long things take, and which ways are cut.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import { ByteCopies } from "./byte_copies.ts";
import { Names } from "./names.ts";
import { isLoopback, isWildcard } from "./ports.ts";
import { type Range, SeededRandom } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import type { Stack } from "./stack.ts";

/** What the network is like. */
export interface NetworkConditions {
  /** How long bytes are under way one way, in milliseconds: at least and at most. @default [0.2, 2] */
  readonly latencyMs: Range;
  /** Bytes a second that one connection carries one way. @default 100_000_000 */
  readonly bytesPerSecond: number;
  /** How often a write takes only a part of what it is given. @default 0.1 */
  readonly shortWrites: number;
  /** How often bytes are split on their way, or a read gets only a part of what is there. @default 0.2 */
  readonly splits: number;
  /** How often a datagram is lost. @default 0 */
  readonly datagramLoss: number;
  /** How often a datagram arrives twice. @default 0 */
  readonly datagramDuplication: number;
  /** How often a datagram is overtaken by later ones. @default 0.05 */
  readonly datagramReordering: number;
}

const USUAL: NetworkConditions = {
  latencyMs: [0.2, 2],
  bytesPerSecond: 100_000_000,
  shortWrites: 0.1,
  splits: 0.2,
  datagramLoss: 0,
  datagramDuplication: 0,
  datagramReordering: 0.05,
};

/** What networks there are: at hand, in a city, across an ocean. */
const LATENCIES_MS: readonly Range[] = [[0.05, 0.3], [0.2, 2], [1, 20], [20, 80], [5, 300]];

/**
 * Draws what a network is like: from the next room to another continent, with a wire from broad to narrow.
 */
export function drawConditions(random: SeededRandom): NetworkConditions {
  return {
    latencyMs: random.pick(LATENCIES_MS),
    bytesPerSecond: 10 ** random.between(5.5, 9),
    shortWrites: random.pick([0, 0.1, 0.5]),
    splits: random.pick([0, 0.2, 0.6]),
    datagramLoss: random.pick([0, 0.01, 0.1, 0.3]),
    datagramDuplication: random.pick([0, 0.01, 0.1]),
    datagramReordering: random.pick([0, 0.05, 0.3]),
  };
}

/** Within a host. */
const LOOPBACK_LATENCY_MS: Range = [0.01, 0.05];

/** Something that waits for the network to mend. */
export interface Stalled {
  /** Tries again. */
  retry(): void;
}

/** The wires. */
export class Network {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  conditions: NetworkConditions;
  readonly names: Names;
  /** Of what was sent, for as long as it is under way. */
  readonly copies: ByteCopies = new ByteCopies();
  readonly #owners = new Map<string, Stack>();
  /** How often each way is cut: `from>to`. */
  readonly #cuts = new Map<string, number>();
  readonly #stalled = new Set<Stalled>();
  #lanes = 1_000_000;

  constructor(simulation: Simulation, conditions: Partial<NetworkConditions>) {
    this.simulation = simulation;
    this.random = new SeededRandom(`${simulation.seed} network`);
    this.names = new Names(simulation.tally);
    this.conditions = { ...USUAL, ...conditions };
  }

  attach(stack: Stack): void {
    this.names.add(stack);
    for (const address of stack.addresses) this.#owners.set(address, stack);
  }

  get stacks(): Stack[] {
    return this.names.stacks;
  }

  /** A place of its own in the seeded order of what is ready at once. */
  newLane(): number {
    return this.#lanes++;
  }

  /** Whom an address leads to, seen from `from`. */
  owner(from: Stack, hostname: string): Stack | undefined {
    // As Linux has it: who connects to "any address" reaches itself.
    if (isLoopback(hostname) || isWildcard(hostname)) return from;
    return this.#owners.get(hostname);
  }

  /** How long bytes are under way this time. */
  latencyMs(from: Stack, to: Stack): number {
    const [min, max] = from === to ? LOOPBACK_LATENCY_MS : this.conditions.latencyMs;
    return this.random.between(min, max);
  }

  isOpen(from: Stack, to: Stack): boolean {
    return from === to || (this.#cuts.size === 0) || !this.#cuts.has(`${from.name}>${to.name}`);
  }

  /** Cuts one way. Gives what mends it. */
  cut(from: string, to: string): Cancellable {
    const way = `${from}>${to}`;
    this.#cuts.set(way, (this.#cuts.get(way) ?? 0) + 1);
    this.trace("fault", `cut ${from} -> ${to}`);
    this.simulation.tally.count("fault: way cut");
    let isCut = true;
    return {
      cancel: () => {
        if (!isCut) return;
        isCut = false;
        const count = (this.#cuts.get(way) ?? 0) - 1;
        if (count > 0) {
          this.#cuts.set(way, count);
          return;
        }
        if (!this.#cuts.delete(way)) return;
        this.trace("fault", `mended ${from} -> ${to}`);
        this.mended();
      },
    };
  }

  /** Mends every way. */
  mendAll(): void {
    if (this.#cuts.size === 0) return;
    this.#cuts.clear();
    this.trace("fault", "mended all");
    this.mended();
  }

  /** Has `stalled.retry()` called when something has been mended, or a host has come back. */
  stall(stalled: Stalled): void {
    this.#stalled.add(stalled);
  }

  unstall(stalled: Stalled): void {
    this.#stalled.delete(stalled);
  }

  mended(): void {
    const waiting = [...this.#stalled];
    this.#stalled.clear();
    for (const stalled of waiting) stalled.retry();
  }

  trace(host: string, event: string, contents?: Uint8Array): void {
    this.simulation.trace.add(
      this.simulation.now,
      host === "fault" ? "" : host,
      host === "fault" ? "fault" : "net",
      event,
      contents,
    );
  }
}
