/**
 * A simulated machine: it lives, dies, and comes back with what its disk has kept.
 *
 * @module
 */
import { nodeHash } from "../_node_hash.ts";
import type { Clock, EventLoop, World } from "../world.ts";
import { LifeDisk } from "./disk.ts";
import { DiskState } from "./disk_state.ts";
import { SimDisk } from "./sim_disk.ts";
import { Life } from "./life.ts";
import { lifeLog, SimLog } from "./log.ts";
import { LifeNet } from "./net.ts";
import type { Network } from "./network.ts";
import { SeededRandom } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import { Stack } from "./stack.ts";
import { type TimeZone, UTC } from "./time_zone.ts";
import type { LogLevel, LogRecord } from "../world.ts";
import { jsonLine } from "../log_format.ts";

/** What runs on a host: given its world, it starts what it starts. Run anew at each restart. */
export type Program<T = unknown> = (world: World) => T;

/** Options of a host. */
export interface SimHostOptions {
  /** How far the host's wall clock is off, in milliseconds. @default 0 */
  readonly clockSkewMs?: number;
  /** The host's local time. @default UTC, whatever the zone of the machine that simulates */
  readonly timeZone?: TimeZone;
  /** Log lines below this level are thrown away. @default "debug" */
  readonly logLevel?: LogLevel;
}

/** What the wall clocks show when a simulation begins: 2026-01-01T00:00:00Z. */
const EPOCH_MS = 1_767_225_600_000;

/** One machine of a simulated world. */
export class SimHost {
  /** Its name, which leads to its addresses. */
  readonly name: string;
  /** What the host's actors logged, over all of its lives. */
  readonly log: SimLog;
  /** The host's disk, to be looked at, written by hand, and made to fail. */
  readonly disk: SimDisk;
  readonly #diskState: DiskState;
  readonly #simulation: Simulation;
  readonly #network: Network;
  readonly #stack: Stack;
  readonly #lane: number;
  readonly #skewMs: number;
  readonly #timeZone: TimeZone;
  #lives = 0;
  #life: Life | undefined;
  #world: World | undefined;
  #program: Program | undefined;

  /** Made by {@linkcode SimWorld.host}. */
  constructor(name: string, lane: number, network: Network, options: SimHostOptions) {
    this.name = name;
    this.log = new SimLog(options.logLevel ?? "debug");
    this.#lane = lane;
    this.#skewMs = options.clockSkewMs ?? 0;
    this.#timeZone = options.timeZone ?? UTC;
    this.#simulation = network.simulation;
    this.#network = network;
    this.#stack = new Stack(name, lane + 1);
    this.#diskState = new DiskState(
      name,
      network.simulation,
      () => Math.floor(EPOCH_MS + this.#skewMs + network.simulation.now),
    );
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

  /** The world as this life of the host knows it. Throws while the host is down. */
  get world(): World {
    if (this.#world === undefined) throw new Error(`Cannot enter the world of ${this.name}: it is down`);
    return this.#world;
  }

  /** Runs a program, and remembers it for restarts. Gives what the program returns. */
  start<T>(program: Program<T>): T {
    this.#program = program;
    return program(this.world);
  }

  /** The power goes: nobody is told, and the disk keeps what was synced and perhaps some more. */
  crash(): void {
    if (!this.#stack.isOn) return;
    this.#end("power cut");
    this.#stack.isOn = false;
    this.#stack.loseAll();
    this.#diskState.powerCut();
  }

  /** The process dies (`kill -9`): the machine closes its connections, and the disk keeps all that was written. */
  kill(): void {
    if (this.#life === undefined) return;
    this.#end("killed");
    this.#stack.orphanAll();
    this.#diskState.processDied();
  }

  /** Begins a new life (killing the one there is) and runs the program in it, by default the last one. */
  restart(program: Program | undefined = this.#program): void {
    this.kill();
    this.#begin();
    this.#program = program;
    const result = program?.(this.world);
    if (result instanceof Promise) result.catch((error) => this.#simulation.fail(error));
  }

  #begin(): void {
    const life = new Life(this.name, this.#lane, this.#simulation);
    const random = new SeededRandom(`${this.#simulation.seed} host ${this.name} ${this.#lives++}`);
    this.#life = life;
    this.#world = {
      clock: lifeClock(life, this.#simulation, EPOCH_MS + this.#skewMs, this.#timeZone),
      random,
      hash: nodeHash,
      loop: lifeLoop(life, this.#simulation),
      log: lifeLog(this.log, () => this.#simulation.now, (record) => {
        if (life.alive) life.trace(record.actor, `${record.level} ${record.message}${fieldsOf(record)}`);
      }),
      net: new LifeNet(this.#network, life, this.#stack),
      disk: new LifeDisk(this.#diskState, life),
    };
    life.trace("fault", `life ${this.#lives} begins`);
    if (this.#stack.isOn) return;
    this.#stack.isOn = true;
    this.#network.mended();
  }

  #end(how: string): void {
    if (this.#life === undefined) return;
    this.#life.trace("fault", how);
    this.#life.alive = false;
    this.#life = undefined;
    this.#world = undefined;
  }
}

/** The fields of a log line, which are a part of what happened. */
function fieldsOf({ fields }: LogRecord): string {
  if (fields === undefined) return "";
  const line = jsonLine({ level: "info", actor: "", message: "", fields }, "");
  return ` ${line.slice(line.indexOf(`"msg":""`) + 8, -1)}`;
}

function lifeClock(life: Life, simulation: Simulation, epochMs: number, zone: TimeZone): Clock {
  return {
    now: () => Math.floor(epochMs + simulation.read()),
    monotonic: () => simulation.read(),
    utcOffsetMinutes: (atMs) => zone.utcOffsetMinutes(atMs),
    timeZone: () => zone.name,
    timer: (delayMs, task) => life.schedule(delayMs, task),
  };
}

function lifeLoop(life: Life, simulation: Simulation): EventLoop {
  return {
    soon: (task) => queueMicrotask(life.whileAlive(task)),
    afterPoll: (task) => simulation.scheduleLast(life.whileAlive(task)),
    nextTurn: (task) => life.schedule(0, task),
    choose: (count) => simulation.random.integer(0, count - 1),
  };
}
