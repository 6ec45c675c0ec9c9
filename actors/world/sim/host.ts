/**
 * A simulated machine: it lives, dies, and comes back with what its disk has kept.
 *
 * @module
 */
import { nodeHash } from "../_node_hash.ts";
import { jsonLine } from "../log_format.ts";
import type { EventLoop, LogLevel, LogRecord, World } from "../world.ts";
import { LifeDisk } from "./disk.ts";
import type { CrashOrder } from "./disk_faults.ts";
import { DiskState } from "./disk_state.ts";
import { HostClock } from "./host_clock.ts";
import { Life } from "./life.ts";
import { lifeLog, SimLog } from "./log.ts";
import { LifeNet } from "./net.ts";
import type { Network } from "./network.ts";
import { type Range, SeededRandom } from "./random.ts";
import { SimDisk } from "./sim_disk.ts";
import type { Simulation } from "./simulation.ts";
import { Stack } from "./stack.ts";
import { type TimeZone, UTC } from "./time_zone.ts";

/**
 * What runs on a host: given its world, it starts what it starts. Run anew at each restart. What it returns
 * may have (or be a promise of what has) a method `stop`, by which {@linkcode SimHost.shutDown} asks it to
 * end.
 */
export type Program<T = unknown> = (world: World) => T;

/** Options of a host. */
export interface SimHostOptions {
  /** How far the host's wall clock is off, in milliseconds. @default 0 */
  readonly clockSkewMs?: number;
  /** The host's local time. @default UTC, whatever the zone of the machine that simulates */
  readonly timeZone?: TimeZone;
  /** Log lines below this level are thrown away. @default "debug" */
  readonly logLevel?: LogLevel;
  /** Told of each actor system that is made on the host. */
  readonly systemMade?: (system: object) => void;
}

/** Pauses longer than this are counted by themselves: connections and leases run out, and others act. */
const LONG_PAUSE_MS = 10_000;
/** Who takes longer to stop may have given up on a disk that is too slow. */
const JUDGED_STOP_MS = 1000;

/**
 * One machine of a simulated world.
 *
 * @example
 * ```ts
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("a"); // a SimHost, with a SimDisk and a SimLog
 * host.start(({ log }) => log.write({ level: "info", actor: "/", message: "started" }));
 * host.disk.write("notes.txt", "kept\n");
 * host.crash();
 * assertEquals(host.isUp, false);
 * host.restart();
 * assertEquals(host.log.lines(), ["[INFO] started", "[INFO] started"]);
 * assertEquals(host.disk.readText("notes.txt"), "kept\n");
 * ```
 */
export class SimHost {
  /** Its name, which leads to its addresses. */
  readonly name: string;
  /** What the host's actors logged, over all of its lives. */
  readonly log: SimLog;
  /** The host's disk, to be looked at, written by hand, and made to fail. */
  readonly disk: SimDisk;
  /**
   * CPU time that each event costs the process, in milliseconds: at least and at most. While it is busy, what
   * comes waits. Undefined: events cost no time.
   */
  cpuMs: Range | undefined;
  readonly #diskState: DiskState;
  readonly #simulation: Simulation;
  readonly #network: Network;
  readonly #stack: Stack;
  readonly #lane: number;
  readonly #clock: HostClock;
  readonly #random: SeededRandom;
  readonly #systemMade: ((system: object) => void) | undefined;
  #systems: object[] = [];
  #lives = 0;
  #life: Life | undefined;
  #pausedAtMs = 0;
  #world: World | undefined;
  #program: Program | undefined;
  /** What the programs of this life returned, or what their promises had come to when they were looked at. */
  #running: unknown[] = [];

  /** Made by {@linkcode SimWorld.host}. */
  constructor(name: string, lane: number, network: Network, options: SimHostOptions) {
    this.name = name;
    this.log = new SimLog(options.logLevel ?? "debug");
    this.#systemMade = options.systemMade;
    this.#lane = lane;
    this.#simulation = network.simulation;
    this.#network = network;
    this.#random = new SeededRandom(`${network.simulation.seed} machine ${name}`);
    this.#clock = new HostClock(network.simulation, options.clockSkewMs ?? 0, options.timeZone ?? UTC);
    this.#stack = new Stack(name, lane + 1);
    this.#diskState = new DiskState(name, network.simulation, () => this.#clock.wallMs);
    this.#diskState.faults.onCrash = (how) => how === "kill" ? this.kill() : this.crash();
    this.disk = new SimDisk(this.#diskState);
    network.attach(this.#stack);
    this.#begin();
  }

  /** The host's IP addresses, one of either family. Its name leads to them. */
  get addresses(): readonly string[] {
    return this.#stack.addresses;
  }

  /** False between a crash and the restart. */
  get isUp(): boolean {
    return this.#life !== undefined;
  }

  /** Whether a process runs there, and stands still: see {@linkcode SimHost.pause}. */
  get isPaused(): boolean {
    return this.#life?.isPaused ?? false;
  }

  /** The world as this life of the host knows it. Throws while the host is down. */
  get world(): World {
    if (this.#world === undefined) throw new Error(`Cannot enter the world of ${this.name}: it is down`);
    return this.#world;
  }

  /** How far the host's wall clock is off, in milliseconds: setting it puts the clock forward or back. */
  get clockSkewMs(): number {
    return this.#clock.skewMs;
  }

  set clockSkewMs(skewMs: number) {
    this.#clock.skewMs = skewMs;
    this.#happened("clock set");
  }

  /** How many milliseconds of the host's clocks and timers go by in one of virtual time. @default 1 */
  get clockRate(): number {
    return this.#clock.rate;
  }

  set clockRate(rate: number) {
    this.#clock.rate = rate;
  }

  /** The actor systems of this life, in the order in which they were made. */
  get systems(): readonly object[] {
    return this.#systems;
  }

  /** Runs a program, and remembers it for restarts. Gives what the program returns. */
  start<T>(program: Program<T>): T {
    this.#program = program;
    const running = program(this.world);
    this.#running.push(running);
    return running;
  }

  /** The power goes: nobody is told, and the disk keeps what was synced and perhaps some more. */
  crash(): void {
    if (!this.#stack.isOn) return;
    this.#end("power cut");
    this.#stack.isOn = false;
    this.#stack.loseAll();
    this.#diskState.powerCut();
  }

  /**
   * The process dies (`kill -9`): the machine closes its connections, and the disk keeps all that was
   * written.
   */
  kill(): void {
    if (this.#life === undefined) return;
    this.#end("killed");
    this.#stack.orphanAll();
    this.#diskState.processDied();
  }

  /**
   * The process stops where it is (SIGSTOP): its machine still takes what comes for it, and its clocks go on.
   */
  pause(): void {
    if (this.#life === undefined || this.isPaused) return;
    this.#happened("paused");
    this.#pausedAtMs = this.#simulation.now;
    this.#life.pause();
  }

  /** The process goes on (SIGCONT). */
  resume(): void {
    if (this.#life === undefined || !this.#life.isPaused) return;
    this.#life.trace("fault", "resumed");
    const isLong = this.#simulation.now - this.#pausedAtMs > LONG_PAUSE_MS;
    if (isLong) this.#simulation.tally.count("fault: paused for more than 10 s");
    this.#life.resume();
  }

  /**
   * Asks the programs of this life to end (their `stop`), and kills the process when they have or `withinMs`
   * milliseconds have gone by. Fails the simulation when all say within a second that they have ended, and
   * files, sockets, locks or watches are open: what is not closed then is not closed in a long life, either.
   */
  async shutDown(withinMs = 10_000): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#happened("asked to stop");
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#simulation.schedule(withinMs, this.#lane, () => {
      if (life.alive) this.#simulation.tally.count("fault: stop took too long");
      resolve();
    });
    life.deliver(() => {
      const askedMs = this.#simulation.now;
      stopAll(this.#running).then((haveStopped) => {
        const isQuick = this.#simulation.now - askedMs < JUDGED_STOP_MS;
        if (haveStopped && life.alive && isQuick) this.#expectNothingHeld();
        resolve();
      }).catch((error) => this.#simulation.fail(error));
    });
    await late;
    timer.cancel();
    if (this.#life === life) this.kill();
  }

  /** Begins a new life (killing the one there is) and runs the program in it, by default the last one. */
  restart(program: Program | undefined = this.#program): void {
    this.kill();
    this.#begin();
    this.#program = program;
    const result = program?.(this.world);
    if (program !== undefined) this.#running.push(result);
    if (result instanceof Promise) result.catch((error) => this.#simulation.fail(error));
  }

  /** Has the host crash or be killed at an operation of its disk: see {@linkcode CrashOrder}. */
  crashAt(order: CrashOrder): void {
    this.#diskState.faults.orderCrash(order);
  }

  /** Has the host crash now where an operation is under way at which it is to crash. */
  crashNowIfDoomed(): void {
    this.#diskState.faults.crashNow();
  }

  /** Whether something that runs can be asked to end now. */
  async canBeAsked(): Promise<boolean> {
    this.#running = await Promise.all(this.#running.map(valueNow));
    return this.#running.some(hasStop);
  }

  #expectNothingHeld(): void {
    const held = [...this.#diskState.held, ...this.#stack.held];
    if (held.length === 0) return;
    throw new Error(`${this.name} says that it has stopped, and did not close ${held.join(", ")}`);
  }

  #begin(): void {
    const life = new Life(this.name, this.#lane, this.#simulation, () => this.#eventCostMs());
    const random = new SeededRandom(`${this.#simulation.seed} host ${this.name} ${this.#lives++}`);
    this.#life = life;
    const systems: object[] = this.#systems = [];
    this.#world = {
      clock: this.#clock.of(life),
      random,
      hash: nodeHash,
      loop: lifeLoop(life, this.#simulation),
      log: lifeLog(this.log, () => this.#simulation.now, (record) => {
        if (life.alive) life.trace(record.actor, `${record.level} ${record.message}${fieldsOf(record)}`);
      }),
      net: new LifeNet(this.#network, life, this.#stack),
      disk: new LifeDisk(this.#diskState, life),
      systemMade: (system) => {
        systems.push(system);
        this.#systemMade?.(system);
      },
    };
    life.trace("fault", `life ${this.#lives} begins`);
    if (this.#stack.isOn) return;
    this.#stack.isOn = true;
    this.#network.mended();
  }

  #eventCostMs(): number {
    return this.cpuMs === undefined ? 0 : this.#random.between(...this.cpuMs);
  }

  /** Something was done to the host on purpose. */
  #happened(what: string): void {
    this.#life?.trace("fault", what);
    this.#simulation.tally.count(`fault: ${what}`);
  }

  #end(how: string): void {
    if (this.#life === undefined) return;
    this.#happened(how);
    this.#life.alive = false;
    this.#life = undefined;
    this.#systems = [];
    this.#world = undefined;
    this.#running = [];
  }
}

function hasStop(running: unknown): running is { stop(): unknown } {
  return typeof running === "object" && running !== null && "stop" in running &&
    typeof running.stop === "function";
}

/** What a promise has come to by now; undefined where it has failed, or comes to nothing yet. */
async function valueNow(running: unknown): Promise<unknown> {
  let value: unknown;
  // Not before: whoever starts a program looks at how that fails, or else nobody does, and the run fails.
  Promise.resolve(running).then((settled) => value = settled, () => {});
  // It is told of in a microtask.
  for (let turns = 0; turns < 3; turns++) await undefined;
  return value;
}

/** Asks all to stop, and waits until they have; false where there is nobody to ask, or not of each. */
async function stopAll(programs: readonly unknown[]): Promise<boolean> {
  const asked = await Promise.all(programs.map(async (program) => {
    const running: unknown = await Promise.resolve(program).catch(() => {});
    if (!hasStop(running)) return false;
    await running.stop();
    return true;
  }));
  return asked.length > 0 && asked.every((wasAsked) => wasAsked);
}

/**
 * The fields of a log line, which are a part of what happened. The stacks are not: they tell who ran the
 * simulation, too.
 */
function fieldsOf({ fields }: LogRecord): string {
  if (fields === undefined) return "";
  const line = jsonLine({ level: "info", actor: "", message: "", fields }, "", { stacks: false });
  return ` ${line.slice(line.indexOf(`"msg":""`) + 8, -1)}`;
}

function lifeLoop(life: Life, simulation: Simulation): EventLoop {
  return {
    soon: (task) => queueMicrotask(life.soon(task)),
    afterPoll: (task) => simulation.scheduleLast(() => life.deliver(task)),
    nextTurn: (task) => life.schedule(0, task),
    choose: (count) => simulation.random.integer(0, count - 1),
  };
}
