/**
 * Runs a test under many seeds.
 *
 * @module
 */
import { onUnhandledRejection } from "../real/environment.ts";
import { SEED_VARIABLE, seedOfEnvironment, trapAmbient } from "./_ambient.ts";
import { whenSettled } from "./_real_loop.ts";
import { Tally } from "./tally.ts";
import { formatTrace, type TraceEvent } from "./trace.ts";
import { SimWorld, type SimWorldOptions } from "./world.ts";
import { errorText } from "../error.ts";

/** Options of {@linkcode simulate}. */
export interface SimulateOptions extends Omit<SimWorldOptions, "seed"> {
  /** How many seeds, counted from 1, or which ones. @default 100 */
  readonly seeds?: number | Iterable<number>;
  /** How many of the last events a failure shows. @default 60 */
  readonly traceLines?: number;
  /**
   * Every how many seeds one is run twice, to see that both runs are equal; the first always is. @default 250
   */
  readonly repeatEvery?: number;
  /**
   * The command that a failure names for running its seed again. The usual one has `deno test` filter for the
   * name, and the environment say the seed.
   */
  readonly replay?: (name: string, seed: number) => string;
  /**
   * States that {@linkcode SimWorld.sometimes} must have counted, and faults that must have occurred
   * (`fault: paused`), in at least one of the seeds. Not asked of a single seed that is run again.
   */
  readonly sometimes?: readonly string[];
  /** Told after each seed; ambient time, chance and I/O are traps in it too. */
  readonly progress?: (run: SimulationRun) => void;
}

/** What one run came to. */
export interface SimulationRun {
  /** Its seed. */
  readonly seed: number;
  /** Equal for equal runs. */
  readonly hash: string;
  /** How many events it had. */
  readonly events: number;
  /** How much virtual time went by. */
  readonly virtualMs: number;
  /** What occurred, and how often, by name. */
  readonly counts: readonly (readonly [string, number])[];
}

/** What all runs came to. */
export interface SimulationSummary {
  /** How many seeds were run. */
  readonly seeds: number;
  /** How many events they had. */
  readonly events: number;
  /** How much virtual time went by. */
  readonly virtualMs: number;
  /** What occurred in all of them together, and how often, by name. */
  readonly counts: readonly (readonly [string, number])[];
}

/** A run that failed, told so that it can be run again. */
export class SimulationFailure extends Error {
  /** `SimulationFailure`. */
  override readonly name = "SimulationFailure";
  /** The seed to run again. */
  readonly seed: number;
  /** The last events before the failure. */
  readonly trace: readonly TraceEvent[];

  /** See {@linkcode simulate}. */
  constructor(message: string, seed: number, trace: readonly TraceEvent[], cause: unknown) {
    super(message, { cause });
    this.seed = seed;
    this.trace = trace;
  }
}

/**
 * Runs `test` in a fresh simulated world for each of many seeds (or only that of the environment's
 * `TROUPE_SEED`).
 *
 * @param name what the failures call it; best a part of the test's name, so that the test can be found by it
 *
 * Once the test is over, all that runs on a host is asked to stop: see {@linkcode SimHost.shutDown}.
 *
 * Throws `Error` when something of `options.sometimes` has occurred with no seed. Throws
 * {@linkcode SimulationFailure} at the first seed with which the test throws, a promise is rejected with
 * nobody looking, ambient time, chance or I/O is touched, nothing more would ever happen, what has stopped
 * has not closed all that it had open, or a second run is not equal to the first. Its text has the seed, the
 * last events and the command that runs the seed again.
 *
 * @example
 * ```ts
 * import { simulate } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { seeds } = await simulate("a timer rings", { seeds: 10 }, async (sim) => {
 *   let rang = false;
 *   sim.host("a").world.clock.timer(1000, () => rang = true);
 *   await sim.until(() => rang, 1500);
 * });
 * assertEquals(seeds, 10);
 * ```
 */
export async function simulate(
  name: string,
  options: SimulateOptions,
  test: (sim: SimWorld) => Promise<void>,
): Promise<SimulationSummary> {
  const { repeatEvery = 250 } = options;
  const replayed = options.seeds === undefined || typeof options.seeds === "number"
    ? seedOfEnvironment()
    : undefined;
  const seeds = replayed === undefined ? options.seeds ?? 100 : [replayed];
  let count = 0;
  let events = 0;
  let virtualMs = 0;
  const tally = new Tally();
  const watch = new Watch();
  try {
    for (const seed of typeof seeds === "number" ? upTo(seeds) : seeds) {
      const { run, trace } = await runOnce(name, options, seed, test, watch);
      if (count % repeatEvery === 0) {
        const again = await runOnce(name, options, seed, test, watch);
        if (again.run.hash !== run.hash) {
          throw notEqual(name, options, { ...run, trace: trace() }, { ...again.run, trace: again.trace() });
        }
      }
      count++;
      events += run.events;
      virtualMs += run.virtualMs;
      tally.add(run.counts);
      options.progress?.(run);
    }
  } finally {
    watch.end();
  }
  const never = replayed === undefined ? neverIn(tally, options.sometimes ?? []) : [];
  if (never.length > 0) {
    throw new Error(`Cannot trust "${name}": in ${count} seeds there was never ${never.join(", never ")}`);
  }
  return { seeds: count, events, virtualMs, counts: tally.entries() };
}

/** What of these names has not been counted; what a test itself counts may be named without `sometimes: `. */
export function neverIn(tally: Tally, names: readonly string[]): string[] {
  return names.filter((name) => tally.get(name) + tally.get(`sometimes: ${name}`) === 0);
}

/**
 * Looks out for what a run must not do, from the first run to the last: to set the traps takes longer than
 * many a run.
 */
class Watch {
  /** What ambient thing the run has touched first. */
  touched: Error | undefined;
  /** Told of promises that are rejected with nobody looking. */
  rejected: (reason: unknown) => void = () => {};
  readonly #release = [
    trapAmbient((error) => this.touched ??= error),
    onUnhandledRejection((reason) => this.rejected(reason)),
  ];

  end(): void {
    for (const undo of this.#release) undo();
  }
}

function* upTo(count: number): Iterable<number> {
  for (let seed = 1; seed <= count; seed++) yield seed;
}

/** A run, and its last events: to make them readable takes a tenth of the time of a run. */
interface FinishedRun {
  readonly run: SimulationRun;
  readonly trace: () => readonly TraceEvent[];
}

interface FullRun extends SimulationRun {
  readonly trace: readonly TraceEvent[];
}

async function runOnce(
  name: string,
  options: SimulateOptions,
  seed: number,
  test: (sim: SimWorld) => Promise<void>,
  watch: Watch,
): Promise<FinishedRun> {
  const sim = new SimWorld({ ...options, seed });
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  let isOver = false;
  watch.touched = undefined;
  watch.rejected = fail;
  // Nothing under way, nobody waiting for time to go by, and the test not over: it never will be.
  sim.onStill(() => {
    if (!isOver) fail(new Error("Cannot finish: the test waits, and nothing more will happen"));
  });
  const checkAll = async () => {
    // A promise rejected by the last event is told of one turn later.
    await Promise.race([new Promise<void>((resolve) => whenSettled(resolve)), failed]);
    if (watch.touched !== undefined) throw watch.touched;
    sim.throwFailure();
  };
  try {
    await Promise.race([test(sim), failed]);
    isOver = true;
    await checkAll();
    const run = {
      seed,
      hash: sim.trace.hash,
      events: sim.trace.count,
      virtualMs: sim.now,
      counts: sim.tally.entries(),
    };
    // What is counted, and what a person walks through, ends here.
    await Promise.race([sim.shutDown(), failed]);
    await checkAll();
    return { run, trace: () => sim.trace.last(Infinity) };
  } catch (error) {
    throw failure(
      name,
      options,
      seed,
      sim.trace.last(options.traceLines ?? 60),
      sim.trace.count,
      watch.touched ?? error,
    );
  } finally {
    isOver = true;
    sim.close();
  }
}

function failure(
  name: string,
  options: SimulateOptions,
  seed: number,
  trace: readonly TraceEvent[],
  count: number,
  error: unknown,
): SimulationFailure {
  const why = errorText(error);
  const replay = options.replay ?? usualReplay;
  const message = `Cannot pass "${name}" with seed ${seed}: ${why}\n\n` +
    `The last ${trace.length} of ${count} events (virtual ms, host, actor, event):\n${
      formatTrace(trace)
    }\n\n` +
    `The same again: ${replay(name, seed)}\n`;
  return new SimulationFailure(message, seed, trace, error);
}

function usualReplay(name: string, seed: number): string {
  return `${SEED_VARIABLE}=${seed} deno test -A --filter "${name}"`;
}

function notEqual(name: string, options: SimulateOptions, run: FullRun, again: FullRun): SimulationFailure {
  const index = run.trace.findIndex((event, at) =>
    formatTrace([event]) !== formatTrace(again.trace.slice(at, at + 1))
  );
  const where = index < 0
    ? `${run.events} events and then ${again.events}`
    : `it went\n${formatTrace(run.trace.slice(index, index + 1))}\nand then\n${
      formatTrace(again.trace.slice(index, index + 1))
    }`;
  const error = new Error(`two runs are not equal: ${where}`);
  return failure(
    name,
    options,
    run.seed,
    run.trace.slice(0, Math.max(0, index)).slice(-20),
    run.events,
    error,
  );
}
