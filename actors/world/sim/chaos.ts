/**
 * Faults by plan: machines that die and come back, networks that split, disks that crawl or fail, as the seed
 * has it.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import type { Chaos, ChaosPlan } from "./chaos_plan.ts";
import type { SimHost } from "./host.ts";
import { type Range, SeededRandom } from "./random.ts";
import type { Cut, SimNet } from "./sim_net.ts";
import type { Simulation } from "./simulation.ts";

const MINUTE_MS = 60_000;
/** A place in the order of what is ready at once that no host has. */
const CHAOS_LANE = 999_999;
/** How long a program may take to stop when it is asked to. */
const GRACE_MS = 6000;
/** Of the pauses most are short: the length is drawn so that each factor of ten is as likely. */
const PAUSE_MS: Range = [100, 30_000];

/** Carries out a plan. */
export class RunningChaos implements Chaos {
  readonly #simulation: Simulation;
  readonly #net: SimNet;
  readonly #hosts: readonly SimHost[];
  readonly #plan: ChaosPlan;
  readonly #random: SeededRandom;
  readonly #planned = new Set<Cancellable>();
  readonly #down = new Set<SimHost>();
  /** What undoes the faults that last for a while. */
  readonly #cuts = new Set<Cut>();
  #isOver = false;

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
    this.#repeat(plan.aimedCrashesPerMinute, () => this.#aim());
    this.#repeat(plan.gracefulRestartsPerMinute, () => this.#shutDown());
    this.#repeat(plan.pausesPerMinute, () => this.#pause());
    this.#repeat(plan.clockJumpsPerMinute, () => this.#setClock());
    this.#repeat(plan.lookupFailuresPerMinute, () => this.#shortage(() => this.#net.failLookups()));
    this.#repeat(plan.nameChangesPerMinute, () => this.#misleadName());
    this.#repeat(plan.descriptorsGonePerMinute, () => this.#loseDescriptors());
    this.#repeat(plan.bitRotPerMinute, () => this.#rot());
    if (plan.conditionsPerMinute !== undefined) this.#net.draw();
    this.#repeat(plan.conditionsPerMinute, () => this.#net.draw());
    for (const host of this.#hosts) this.#prepare(host);
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const planned of this.#planned) planned.cancel();
    for (const cut of this.#cuts) cut.heal();
    if ((this.#plan.aimedCrashesPerMinute ?? 0) > 0) {
      for (const host of this.#hosts) host.crashNowIfDoomed();
    }
    for (const host of this.#hosts) this.#putRight(host);
    for (const host of this.#down) if (!host.isUp) host.restart();
  }

  /** What holds for as long as the plan does. */
  #prepare(host: SimHost): void {
    const { tearing, lostWatchEvents, clockRates, cpuMs } = this.#plan;
    if (tearing !== undefined) host.disk.tearing = tearing;
    if (lostWatchEvents !== undefined) host.disk.lostWatchEvents = lostWatchEvents;
    if (clockRates !== undefined) host.clockRate = this.#random.between(...clockRates);
    if (cpuMs !== undefined) host.cpuMs = cpuMs;
  }

  #putRight(host: SimHost): void {
    const { tearing, lostWatchEvents, clockRates, cpuMs } = this.#plan;
    host.disk.slowness = 1;
    host.disk.forgetFailures();
    if (tearing !== undefined) host.disk.tearing = { sectorsOutOfOrder: 0, lengthBeforeData: 0, garbage: 0 };
    if (lostWatchEvents !== undefined) host.disk.lostWatchEvents = 0;
    if (clockRates !== undefined) host.clockRate = 1;
    if (cpuMs !== undefined) host.cpuMs = undefined;
    host.resume();
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
      if (!this.#isOver) task();
    });
    this.#planned.add(planned);
  }

  #between(range: Range | undefined, usual: Range): number {
    const [min, max] = range ?? usual;
    return this.#random.between(min, max);
  }

  #takeDown(how: (host: SimHost) => void): void {
    const host = this.#victim();
    if (host === undefined) return;
    how(host);
    this.#restartLater(host);
  }

  /** One that may go down now; undefined when enough are down. */
  #victim(): SimHost | undefined {
    const up = this.#hosts.filter((host) => host.isUp);
    const down = this.#hosts.length - up.length;
    if (up.length === 0 || down >= (this.#plan.maxDown ?? this.#hosts.length)) return undefined;
    return this.#random.pick(up);
  }

  #restartLater(host: SimHost): void {
    this.#down.add(host);
    this.#after(this.#between(this.#plan.downMs, [50, 2000]), () => {
      this.#down.delete(host);
      if (!host.isUp) host.restart();
    });
  }

  #aim(): void {
    const host = this.#victim();
    if (host === undefined) return;
    const whens = ["before", "during", "after"] as const;
    host.crashAt({
      when: this.#random.pick(whens),
      skip: this.#random.integer(0, 3),
      how: this.#random.chance(0.7) ? "crash" : "kill",
      ...this.#plan.aim,
      ended: () => {
        if (!this.#isOver) this.#restartLater(host);
        else if (!host.isUp) host.restart();
      },
    });
  }

  #shutDown(): void {
    const host = this.#victim();
    if (host === undefined) return;
    // While it stops others may take it down.
    host.shutDown(GRACE_MS).then(() => {
      if (host.isUp || this.#down.has(host)) return;
      if (this.#isOver) host.restart();
      else this.#restartLater(host);
    });
  }

  #pause(): void {
    if (this.#hosts.length === 0) return;
    const host = this.#random.pick(this.#hosts);
    const [min, max] = this.#plan.pauseMs ?? PAUSE_MS;
    host.pause();
    this.#after(min * (max / min) ** this.#random.next(), () => host.resume());
  }

  #setClock(): void {
    if (this.#hosts.length === 0) return;
    this.#random.pick(this.#hosts).clockSkewMs = this.#between(this.#plan.clockSkewMs, [
      -3_600_000,
      3_600_000,
    ]);
  }

  #split(): void {
    const names = this.#random.shuffle(this.#hosts.map((host) => host.name));
    if (names.length < 2) return;
    const size = this.#random.integer(1, names.length - 1);
    const group = names.slice(0, size);
    const other = names.slice(size);
    this.#for(this.#between(this.#plan.partitionMs, [100, 3000]), () => {
      const isOneWay = this.#random.chance(this.#plan.oneWay ?? 0.3);
      return isOneWay ? this.#net.cut(group, other) : this.#net.partition(group, other);
    });
  }

  #shortage(begin: () => Cut): void {
    this.#for(this.#between(this.#plan.shortageMs, [50, 1500]), begin);
  }

  #misleadName(): void {
    const [host, other] = this.#random.shuffle(this.#hosts);
    if (host === undefined || other === undefined) return;
    this.#shortage(() => {
      this.#net.setName(host.name, other.addresses);
      return { heal: () => this.#net.setName(host.name, undefined) };
    });
  }

  #loseDescriptors(): void {
    if (this.#hosts.length === 0) return;
    const { name } = this.#random.pick(this.#hosts);
    this.#shortage(() => {
      this.#net.setDescriptorsLeft(name, false);
      return { heal: () => this.#net.setDescriptorsLeft(name, true) };
    });
  }

  /** Something that lasts for a while. */
  #for(durationMs: number, begin: () => Cut): void {
    const cut = begin();
    this.#cuts.add(cut);
    this.#after(durationMs, () => {
      this.#cuts.delete(cut);
      cut.heal();
    });
  }

  #slowDown(): void {
    if (this.#hosts.length === 0) return;
    const { disk } = this.#random.pick(this.#hosts);
    this.#simulation.tally.count("fault: slow disk");
    disk.slowness = this.#between(this.#plan.slowDiskFactor, [10, 200]);
    this.#after(this.#between(this.#plan.slowDiskMs, [100, 1000]), () => {
      disk.slowness = 1;
    });
  }

  #failDisk(): void {
    if (this.#hosts.length === 0) return;
    const { disk } = this.#random.pick(this.#hosts);
    const { diskErrorOperations = ["write", "sync"], droppedPages = 0 } = this.#plan;
    const operation = this.#random.pick(diskErrorOperations);
    const kind = this.#random.pick(["no-space", "other"] as const);
    const dropsPages = operation === "sync" && droppedPages > 0 && this.#random.chance(droppedPages);
    disk.failNext(operation, kind, { dropsPages });
  }

  #rot(): void {
    if (this.#hosts.length > 0) this.#random.pick(this.#hosts).disk.rot(this.#plan.rottingFiles);
  }
}
