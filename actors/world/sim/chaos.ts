/**
 * Faults by plan: machines that die and come back, networks that split, disks that crawl or fail, as the seed has it.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import type { SimHost } from "./host.ts";
import type { Cut, SimNet } from "./net.ts";
import { SeededRandom } from "./random.ts";
import type { Simulation } from "./simulation.ts";

/** At least and at most. */
export type Range = readonly [number, number];

/** What goes wrong, and how often; what is not named does not happen. */
export interface ChaosPlan {
  /** The hosts that it may befall. @default all that there are */
  readonly hosts?: readonly string[];
  /** The most of these hosts that may be down at once. @default all of them */
  readonly maxDown?: number;
  /** Power cuts a minute, over all hosts. */
  readonly crashesPerMinute?: number;
  /** Deaths of a process a minute, over all hosts. */
  readonly killsPerMinute?: number;
  /** How long a host stays down, in milliseconds. @default [50, 2000] */
  readonly downMs?: Range;
  /** Splits of the network a minute. */
  readonly partitionsPerMinute?: number;
  /** How long each lasts, in milliseconds. @default [100, 3000] */
  readonly partitionMs?: Range;
  /** The share of the splits that cut one way only. @default 0.3 */
  readonly oneWay?: number;
  /** Resets of a single connection a minute. */
  readonly resetsPerMinute?: number;
  /** Times a minute that a disk takes long. */
  readonly slowDisksPerMinute?: number;
  /** How many times as long a slow disk takes. @default [10, 200] */
  readonly slowDiskFactor?: Range;
  /** How long it is slow, in milliseconds. @default [100, 1000] */
  readonly slowDiskMs?: Range;
  /** Writes and syncs a minute that fail. */
  readonly diskErrorsPerMinute?: number;
}

/** A plan under way. */
export interface Chaos {
  /** Ends it, and puts everything right: cuts are mended, hosts that are down restarted, disks quick again. */
  stop(): void;
}

const MINUTE_MS = 60_000;
/** A place in the order of what is ready at once that no host has. */
const CHAOS_LANE = 999_999;

/** Carries out a plan. */
export class RunningChaos implements Chaos {
  readonly #simulation: Simulation;
  readonly #net: SimNet;
  readonly #hosts: readonly SimHost[];
  readonly #plan: ChaosPlan;
  readonly #random: SeededRandom;
  readonly #planned = new Set<Cancellable>();
  readonly #down = new Set<SimHost>();
  readonly #cuts = new Set<Cut>();
  #over = false;

  constructor(simulation: Simulation, net: SimNet, hosts: readonly SimHost[], plan: ChaosPlan) {
    this.#simulation = simulation;
    this.#net = net;
    this.#hosts = plan.hosts === undefined ? hosts : hosts.filter((host) => plan.hosts?.includes(host.name));
    this.#plan = plan;
    this.#random = new SeededRandom(`${simulation.seed} chaos`);
    this.#repeat(plan.crashesPerMinute, () => this.#takeDown((host) => host.crash()));
    this.#repeat(plan.killsPerMinute, () => this.#takeDown((host) => host.kill()));
    this.#repeat(plan.partitionsPerMinute, () => this.#split());
    this.#repeat(plan.resetsPerMinute, () => this.#net.resetOne());
    this.#repeat(plan.slowDisksPerMinute, () => this.#slowDown());
    this.#repeat(plan.diskErrorsPerMinute, () => this.#failDisk());
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    for (const planned of this.#planned) planned.cancel();
    for (const cut of this.#cuts) cut.heal();
    for (const host of this.#hosts) {
      host.disk.slowness = 1;
      host.disk.forgetFailures();
    }
    for (const host of this.#down) if (!host.isUp) host.restart();
  }

  /** At random times, so many a minute on average. */
  #repeat(perMinute: number | undefined, happen: () => void): void {
    if (perMinute === undefined || perMinute <= 0) return;
    const waitMs = -Math.log(1 - this.#random.next()) * MINUTE_MS / perMinute;
    this.#after(waitMs, () => {
      happen();
      this.#repeat(perMinute, happen);
    });
  }

  #after(delayMs: number, task: () => void): void {
    const planned = this.#simulation.schedule(delayMs, CHAOS_LANE, () => {
      this.#planned.delete(planned);
      if (!this.#over) task();
    });
    this.#planned.add(planned);
  }

  #between(range: Range | undefined, usual: Range): number {
    const [min, max] = range ?? usual;
    return this.#random.between(min, max);
  }

  #takeDown(how: (host: SimHost) => void): void {
    const up = this.#hosts.filter((host) => host.isUp);
    const down = this.#hosts.length - up.length;
    if (up.length === 0 || down >= (this.#plan.maxDown ?? this.#hosts.length)) return;
    const host = this.#random.pick(up);
    how(host);
    this.#down.add(host);
    this.#after(this.#between(this.#plan.downMs, [50, 2000]), () => {
      this.#down.delete(host);
      if (!host.isUp) host.restart();
    });
  }

  #split(): void {
    const names = this.#random.shuffle(this.#hosts.map((host) => host.name));
    if (names.length < 2) return;
    const size = this.#random.integer(1, names.length - 1);
    const group = names.slice(0, size);
    const other = names.slice(size);
    const cut = this.#random.chance(this.#plan.oneWay ?? 0.3)
      ? this.#net.cut(group, other)
      : this.#net.partition(group, other);
    this.#cuts.add(cut);
    this.#after(this.#between(this.#plan.partitionMs, [100, 3000]), () => {
      this.#cuts.delete(cut);
      cut.heal();
    });
  }

  #slowDown(): void {
    if (this.#hosts.length === 0) return;
    const { disk } = this.#random.pick(this.#hosts);
    disk.slowness = this.#between(this.#plan.slowDiskFactor, [10, 200]);
    this.#after(this.#between(this.#plan.slowDiskMs, [100, 1000]), () => {
      disk.slowness = 1;
    });
  }

  #failDisk(): void {
    if (this.#hosts.length === 0) return;
    const { disk } = this.#random.pick(this.#hosts);
    disk.failNext(this.#random.pick(["write", "sync"]), this.#random.pick(["no-space", "other"]));
  }
}
