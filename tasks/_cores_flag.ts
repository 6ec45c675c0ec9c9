/**
 * `--cores`: a server in several threads of its process.
 *
 * @module
 */
import { type CoordinatedOptions, coordinatedSystem, type CoreReports, isCore } from "../actors/cores/mod.ts";
import { FamiliesOfLives } from "../actors/inspect/families_of_lives.ts";
import { type ActorSystem, type Core, type RealWorld, run } from "../mod.ts";
import type { MetricFamily } from "../protocols/prometheus.ts";
import type { CommonOptions } from "./_command_line.ts";
import { type Flag, integer } from "./_flags.ts";

/** The flag of the servers that run on several cores. */
export type CoresFlag = { readonly cores: Flag<number> };

/** `--cores`. */
export function coresFlag(): CoresFlag {
  return {
    cores: integer({
      help:
        "Threads that serve, each on a core of its own and all on one port; a limit holds for all together",
      min: 1,
      max: 256,
      default: 1,
    }),
  };
}

/** What no server can do on several cores, as a usage error; undefined where it is not asked for. */
export function coresProblem(options: object, isCompiled = Deno.build.standalone): string | undefined {
  if (coresOf(options) === 1) return undefined;
  if (isCompiled) {
    // Each thread would have to run the main module again, which is within the program.
    return "--cores above 1 takes Deno: a compiled program runs in one thread";
  }
  if ("maxPerAddress" in options && options.maxPerAddress !== 0) {
    return "--max-per-address counts the connections of one core, and cannot be given with --cores above 1";
  }
  return undefined;
}

/** How many cores are asked for; 1 of a server that has no such flag. */
export function coresOf(options: object): number {
  return "cores" in options && typeof options.cores === "number" ? options.cores : 1;
}

/** Whether this thread is one of several cores, and is told by the first what to serve. */
export function isServingCore(): boolean {
  return isCore();
}

/** What the first thread hands to the cores: what the command line said. */
export interface CoreSettings<F extends object> {
  readonly options: F;
  readonly args: readonly string[];
}

/** Serves on this core, with the options that the first thread has read. Never returns. */
export async function serveCore<F extends object>(
  makeSystem: (settings: CoreSettings<F>, core: Core) => Promise<ActorSystem>,
): Promise<never> {
  // The settings were made by this program in the first thread, out of the same flags.
  await run((core) => makeSystem(core.settings as CoreSettings<F>, core), { cores: 1 });
  // The thread has been closed.
  return await new Promise<never>(() => {});
}

/** What the thread of a core has no need of once it serves: it is for sockets alone. */
const NOT_NEEDED = ["read", "write", "env", "run", "ffi", "sys", "import"] as const;

/** Starts the cores, in the system of the first thread. */
export async function serveOnCores<F extends CommonOptions>(
  system: ActorSystem,
  world: RealWorld,
  options: CoordinatedOptions & { readonly settings: CoreSettings<F> },
): Promise<ActorSystem> {
  const { logLevel: level, logFormat: format, logTime: time } = options.settings.options;
  const log = { level, format, time };
  return await coordinatedSystem(world, { ...options, log, dropRights: NOT_NEEDED }, system);
}

/** What cores have counted: see `reportingSystem`. */
export class CoreFamilies {
  readonly #lives = new FamiliesOfLives();
  #asking: Promise<readonly (readonly MetricFamily[])[]> | undefined;

  /** Asks them, once for all who ask at the same time: an older answer never comes after a newer one. */
  ask(cores: Pick<CoreReports, "reports"> | undefined): Promise<readonly (readonly MetricFamily[])[]> {
    if (cores === undefined) return Promise.resolve([]);
    return this.#asking ??= this.#ask(cores).finally(() => this.#asking = undefined);
  }

  async #ask(cores: Pick<CoreReports, "reports">): Promise<readonly (readonly MetricFamily[])[]> {
    const reports = await cores.reports();
    // They were made by this program, in another thread.
    const familiesOf = (report: unknown) => Array.isArray(report) ? report : undefined;
    return this.#lives.take(reports.map(({ life, report }) => ({ life, families: familiesOf(report) })));
  }
}
