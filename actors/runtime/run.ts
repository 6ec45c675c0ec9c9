/**
 * A system as the whole of a program.
 *
 * @module
 */
import { type EndSignal, errorText } from "../world/world.ts";
import type { ActorSystem } from "./system.ts";

/** Options of {@linkcode run}. */
export interface RunOptions {
  /**
   * Milliseconds that the system may take to stop after a signal; what is left then is given up.
   * @default 5000
   */
  readonly drainMs?: number;
  /** Told of the signal, before the system stops. */
  readonly onSignal?: (signal: EndSignal) => void;
  /** Told when the system has stopped after a signal; false when something had to be given up. */
  readonly onDrained?: (isComplete: boolean) => void;
  /** End the process, too; false only gives its exit code back. @default true */
  readonly exit?: boolean;
}

/** Exit codes of a process that is asked to end while it ends already. */
const IMPATIENT: Readonly<Record<EndSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Two signals closer than this are one: a terminal sends Ctrl-C to the whole group, and its parent passes it
 * on.
 */
const SAME_PRESS_MS = 300;

/**
 * Runs a system until it ends or the process is asked to end, and ends the process: with 0 when it has
 * stopped, by itself or after SIGINT, SIGTERM or SIGHUP; with 1, and its failure in the log as one line, when
 * it has failed. A second signal ends it at once (130, 143, 129). Resolves to the exit code.
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
export async function run(system: ActorSystem, options: RunOptions = {}): Promise<number> {
  const { drainMs = 5000, exit = true } = options;
  const host = system.world.process;
  const asked = Promise.withResolvers<EndSignal>();
  let firstAt: number | undefined;
  const listening = host?.onEndSignal((signal) => {
    const now = system.world.clock.monotonic();
    if (firstAt === undefined) {
      firstAt = now;
      asked.resolve(signal);
    } else if (now - firstAt > SAME_PRESS_MS) void host?.exit(IMPATIENT[signal]);
  });
  const ended = system.terminated.then(() => 0, (error) => failed(system, error));
  const first = await Promise.race([asked.promise, ended]);
  const code = typeof first === "number" ? first : await drain(system, first, drainMs, options);
  listening?.cancel();
  if (exit) await host?.exit(code);
  return code;
}

/** Says in one line why the system ended. */
function failed({ world }: ActorSystem, error: unknown): number {
  world.log.write({ level: "error", actor: "/", message: errorText(error), fields: { error } });
  return 1;
}

async function drain(
  system: ActorSystem,
  signal: EndSignal,
  drainMs: number,
  { onSignal, onDrained }: RunOptions,
): Promise<number> {
  system.world.process?.announceEnd?.();
  onSignal?.(signal);
  let isComplete = true;
  const late = system.world.clock.timer(drainMs, () => isComplete = false);
  await system.stop({ withinMs: drainMs });
  late.cancel();
  onDrained?.(isComplete);
  return 0;
}
