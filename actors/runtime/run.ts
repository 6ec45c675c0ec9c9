/**
 * A system as the whole of a program.
 *
 * @module
 */
import { checkFunctions } from "./check_function.ts";
import { type EndSignal, errorText } from "../world/world.ts";
import { onFirstEndSignal } from "./end_signal.ts";
import { inWords } from "./in_words.ts";
import { checkDelay } from "./life_timers.ts";
import { ActorSystem } from "./system.ts";

/** Options of {@linkcode run}. */
export interface RunOptions {
  /**
   * Milliseconds that the system may take to stop after a signal; what is left then is given up.
   * @default 5000
   */
  readonly drainMs?: number;
  /** What asks the process to end, in place of its signals. @default SIGINT, SIGTERM, SIGHUP and SIGQUIT */
  readonly asked?: Promise<EndSignal>;
  /**
   * Told of the signal. The system stops when that is done, however long it takes (a second signal ends the
   * process at once), and also when it fails: what the three of these throw is logged.
   */
  readonly onSignal?: (signal: EndSignal) => void | Promise<void>;
  /** Told when the system has stopped after a signal; false when something had to be given up. */
  readonly onDrained?: (isComplete: boolean) => void;
  /** Told why the system has failed. @default it is logged, as one line */
  readonly onFailed?: (error: unknown) => void;
  /** End the process, too; false only gives its exit code back. @default true */
  readonly exit?: boolean;
}

/**
 * Runs a system until it ends or the process is asked to end: the `run` of `mod.ts` for one system.
 *
 * @throws `TypeError` on what is no system, or no function, `RangeError` on a `drainMs` below 0 or `NaN`:
 * then nothing is run. What `asked` rejects with, once the system has stopped.
 */
export async function run(system: ActorSystem, options: RunOptions = {}): Promise<number> {
  const { drainMs = 5000, exit = true } = options;
  checkSystem(system, (what) => `Cannot run ${what}: it takes an ActorSystem`);
  checkDelay(drainMs);
  const { onSignal, onDrained, onFailed: failed } = options;
  checkFunctions("Cannot run the system", {}, { onSignal, onDrained, onFailed: failed });
  const told = Promise.withResolvers<EndSignal>();
  const { asked = told.promise } = options;
  const listening = options.asked === undefined ? onFirstEndSignal(system.world, told.resolve) : undefined;
  const { onFailed = (error) => logFailure(system, error) } = options;
  const ended = system.terminated.then(() => 0, async (error) => {
    await guard(system, "onFailed", () => onFailed(error));
    return 1;
  });
  let first;
  try {
    first = await Promise.race([asked, ended]);
  } catch (error) {
    await system.stop({ withinMs: drainMs });
    throw error;
  }
  if (typeof first !== "number") await drain(system, first, drainMs, options);
  // It may have failed before the signal came, or while it stopped.
  const code = await ended;
  // To the very end: the same press of Ctrl-C may still be on its way here.
  if (exit) await system.world.process?.exit(code);
  listening?.cancel();
  return code;
}

/** Throws `TypeError`, with this text, on what a program has given in the place of its system. */
export function checkSystem(given: unknown, textOf: (what: string) => string): asserts given is ActorSystem {
  if (given instanceof ActorSystem) return;
  const what = typeof given === "function" ? "a function" : inWords(given);
  throw new TypeError(textOf(given instanceof Promise ? "a promise" : what));
}

/** Calls what the program gave; what that throws keeps the system from nothing. */
async function guard(system: ActorSystem, name: string, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    logFailure(system, error, `${name} failed: `);
  }
}

/** Says in one line why something ended. */
function logFailure({ world }: ActorSystem, error: unknown, prefix = ""): void {
  world.log.write({
    level: "error",
    actor: "/",
    message: prefix + errorText(error),
    fields: { event: "failed", error },
  });
}

async function drain(
  system: ActorSystem,
  signal: EndSignal,
  drainMs: number,
  { onSignal, onDrained }: RunOptions,
): Promise<void> {
  system.world.process?.announceEnd?.();
  await guard(system, "onSignal", () => onSignal?.(signal));
  let isComplete = true;
  const late = system.world.clock.timer(drainMs, () => isComplete = false);
  await system.stop({ withinMs: drainMs });
  late.cancel();
  await guard(system, "onDrained", () => onDrained?.(isComplete));
}
