/**
 * A program on all cores of a machine.
 *
 * @module
 */
import { memoryDriver } from "../cluster/engines/memory.ts";
import { composeEngine } from "../cluster/compose.ts";
import type { Driver } from "../cluster/driver.ts";
import { checkFunctions } from "../runtime/check_function.ts";
import { checkSystem, run as runSystem, type RunOptions } from "../runtime/run.ts";
import { escalate } from "../runtime/supervision.ts";
import { ActorSystem } from "../runtime/system.ts";
import { realWorld } from "../world/real/mod.ts";
import type { RealWorld } from "../world/real/mod.ts";
import type { ThreadRight, World } from "../world/world.ts";
import { coordinator, type CoreReports } from "./coordinator.ts";
import { type CoreProgram, makeSystem, runCore } from "./core.ts";
import type { CoreLogOptions } from "./messages.ts";

/** Options of {@linkcode run} for a program on several cores. */
export interface CoresOptions extends RunOptions {
  /** How many threads it runs in, 1 to 256. With 1 it runs in the first thread of the process. */
  readonly cores: number;
  /** Which lines the log has, and how they look. @default as `realWorld()` has it */
  readonly log?: CoreLogOptions;
  /** Structured data for each core: {@linkcode Core.settings}. */
  readonly settings?: unknown;
  /**
   * What the threads of the cores have no need of once their systems were made, and give up. Deno has that
   * only with `"unstable": ["worker-options"]`. @default nothing
   */
  readonly dropRights?: readonly ThreadRight[];
  /**
   * Milliseconds within which a core has to be ready: its program has given its system, and that listens
   * where it was to listen. One that is not is ended: the first start fails with it, a later one is tried
   * again. With one core there is no such limit.
   * @default 60000
   */
  readonly startTimeoutMs?: number;
  /**
   * Opens what keeps the journals of persistent entities; in the first thread, whichever core they live on.
   * @default in memory
   */
  readonly driver?: (world: World, leaseTtlMs: number) => Driver | Promise<Driver>;
}

const MAX_CORES = 256;
const START_TIMEOUT_MS = 60_000;
/**
 * How long the lease of a core lasts. A core that dies loses it at once; that it expires is for one that
 * stands still.
 */
const LEASE_TTL_MS = 10_000;

/**
 * Runs a system until it ends or the process is asked to end, and ends the process: with 0 when it has
 * stopped, by itself or after SIGINT, SIGTERM, SIGHUP or SIGQUIT; with 1, and its failure in the log as one
 * line, when it has failed. A second signal ends it at once (130, 143, 129, 131). Resolves to the exit code.
 *
 * In a world without a process of its own (a simulator) it waits for the end of the system, and gives the
 * code back.
 *
 * @example
 * ```ts
 * import { ActorSystem, run } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const system = new ActorSystem("countdown");
 * let left = 3;
 * system.spawn<"tick">("clock", (self) => {
 *   self.every(1, "tick");
 *   return () => {
 *     if (--left === 0) void system.stop();
 *   };
 * });
 * const code = await run(system, { exit: false }); // in a program of its own: await run(system)
 * assertEquals([code, left], [0, 0]);
 * ```
 */
export function run(system: ActorSystem, options?: RunOptions): Promise<number>;
/**
 * Runs a program on several cores: has its system made in each of so many threads of the process, all of
 * which listen at the same ports. For that the program's main module is run in each of them; Deno takes
 * `"unstable": ["net"]` in deno.json, and the right to read the program's modules.
 *
 * The cores are one cluster (see {@linkcode Core.engine}), with one log and one limit of clients. A core that
 * dies is started again, up to five times a minute. A signal stops them all, and so does one that stops its
 * system.
 *
 * @throws `RangeError` when there cannot be so many cores, or on a time that is not above 0; `TypeError`
 * where the platform has no threads, and on a program that gives no system.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Core, run } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const made: number[] = [];
 * async function program({ world, index }: Core): Promise<ActorSystem> {
 *   const system = new ActorSystem("demo", { world });
 *   await system.started(system.spawn("actor", () => () => {}));
 *   made.push(index);
 *   void system.stop(); // a server goes on instead
 *   return system;
 * }
 * await run(program, { cores: 1, exit: false }); // a server: { cores: navigator.hardwareConcurrency }
 * assertEquals(made, [1]);
 * ```
 */
export function run(program: CoreProgram, options: CoresOptions): Promise<number>;
export async function run(
  what: ActorSystem | CoreProgram,
  options: RunOptions | CoresOptions = {},
): Promise<number> {
  if (typeof what === "function") {
    return await runOnCores(what, "cores" in options ? options : { ...options, cores: 1 });
  }
  const taken = "an ActorSystem, or a function that makes one";
  checkSystem(what, (given) => `Cannot run ${given}: it takes ${taken}`);
  if ("cores" in options && options.cores !== 1) {
    throw new TypeError(
      `Cannot run one system on ${options.cores} cores: give run what makes one, run((core) => …, { cores })`,
    );
  }
  return await runSystem(what, options);
}

/** Whether this is a thread that {@linkcode run} has started. */
export function isCore(world: World = realWorld()): boolean {
  return world.threads?.parent !== undefined;
}

async function runOnCores(program: CoreProgram, options: CoresOptions): Promise<number> {
  const { cores, log = {}, exit = true } = options;
  if (!Number.isInteger(cores) || cores < 1 || cores > MAX_CORES) {
    throw new RangeError(`Cannot run on ${cores} cores: it takes 1 to ${MAX_CORES}`);
  }
  const { startTimeoutMs = START_TIMEOUT_MS } = options;
  if (!(startTimeoutMs > 0)) {
    throw new RangeError(`Cannot wait ${startTimeoutMs} ms for a core: startTimeoutMs is above 0`);
  }
  checkFunctions("Cannot run on cores", {}, { driver: options.driver });
  const world = realWorld({ log });
  const parent = world.threads?.parent;
  if (parent !== undefined) {
    const code = await runCore(program, parent, (log) => realWorld({ log }));
    if (exit) world.threads?.close();
    return code;
  }
  const system = cores > 1
    ? await coordinatedSystem(world, options)
    : await singleCore(program, world, options);
  return await runSystem(system, options);
}

/** One core is this thread. */
async function singleCore(program: CoreProgram, world: World, options: CoresOptions): Promise<ActorSystem> {
  const driver = await openDriver(world, options);
  const engine = composeEngine(driver, world);
  const { settings } = options;
  return await makeSystem(program, { index: 1, cores: 1, world, engine, settings, onReport: () => {} });
}

/** Options of {@linkcode coordinatedSystem}. */
export interface CoordinatedOptions extends Omit<CoresOptions, Exclude<keyof RunOptions, "drainMs">> {
  /** Told when all cores serve. */
  readonly onReady?: (cores: CoreReports) => void;
}

/** The system of the first thread, whose actors are the cores. */
export async function coordinatedSystem(
  world: RealWorld,
  options: CoordinatedOptions,
  spawnIn: ActorSystem = new ActorSystem("cores", { world }),
): Promise<ActorSystem> {
  const { cores, settings, dropRights = [], log = {}, drainMs = 5000, onReady } = options;
  const { startTimeoutMs = START_TIMEOUT_MS } = options;
  const { threads } = world;
  if (threads === undefined) {
    throw new TypeError(`Cannot run on ${cores} cores: it takes Deno, and a program that is not compiled`);
  }
  const driver = await openDriver(world, options);
  const behavior = coordinator({
    ...{ world, threads, cores, settings, dropRights, log, driver, drainMs, startTimeoutMs },
    ...(onReady && { onReady }),
    // One for all: a program that has come to its end on one core ends.
    onStopped: () => void spawnIn.stop({ withinMs: drainMs }).catch(() => {}),
  });
  spawnIn.spawn("cores", behavior, { onFailure: escalate(), shutdownMs: drainMs });
  return spawnIn;
}

async function openDriver(world: World, { driver }: Pick<CoresOptions, "driver">): Promise<Driver> {
  return await (driver?.(world, LEASE_TTL_MS) ?? memoryDriver({ world, leaseTtlMs: LEASE_TTL_MS }));
}
