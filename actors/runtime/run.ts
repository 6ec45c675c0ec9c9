/**
 * A system as the whole of a program.
 *
 * @module
 */
import { type EndSignal, errorText } from "../world/world.ts";
import { onFirstEndSignal } from "./end_signal.ts";
import type { ActorSystem } from "./system.ts";

/** Options of {@linkcode run}. */
export interface RunOptions {
  /**
   * Milliseconds that the system may take to stop after a signal; what is left then is given up.
   * @default 5000
   */
  readonly drainMs?: number;
  /** What asks the process to end, in place of its signals. @default SIGINT, SIGTERM, SIGHUP and SIGQUIT */
  readonly asked?: Promise<EndSignal>;
  /** Told of the signal. The system stops when that is done. */
  readonly onSignal?: (signal: EndSignal) => void | Promise<void>;
  /** Told when the system has stopped after a signal; false when something had to be given up. */
  readonly onDrained?: (isComplete: boolean) => void;
  /** Told why the system has failed. @default it is logged, as one line */
  readonly onFailed?: (error: unknown) => void;
  /** End the process, too; false only gives its exit code back. @default true */
  readonly exit?: boolean;
}

/** Runs a system until it ends or the process is asked to end: the `run` of `mod.ts` for one system. */
export async function run(system: ActorSystem, options: RunOptions = {}): Promise<number> {
  const { drainMs = 5000, exit = true } = options;
  const told = Promise.withResolvers<EndSignal>();
  const { asked = told.promise } = options;
  const listening = options.asked === undefined ? onFirstEndSignal(system.world, told.resolve) : undefined;
  const { onFailed = (error) => logFailure(system, error) } = options;
  const ended = system.terminated.then(() => 0, (error) => {
    onFailed(error);
    return 1;
  });
  const first = await Promise.race([asked, ended]);
  const code = typeof first === "number" ? first : await drain(system, first, drainMs, options);
  // To the very end: the same press of Ctrl-C may still be on its way here.
  if (exit) await system.world.process?.exit(code);
  listening?.cancel();
  return code;
}

/** Says in one line why the system ended. */
function logFailure({ world }: ActorSystem, error: unknown): void {
  world.log.write({
    level: "error",
    actor: "/",
    message: errorText(error),
    fields: { event: "failed", error },
  });
}

async function drain(
  system: ActorSystem,
  signal: EndSignal,
  drainMs: number,
  { onSignal, onDrained }: RunOptions,
): Promise<number> {
  system.world.process?.announceEnd?.();
  await onSignal?.(signal);
  let isComplete = true;
  const late = system.world.clock.timer(drainMs, () => isComplete = false);
  await system.stop({ withinMs: drainMs });
  late.cancel();
  onDrained?.(isComplete);
  return 0;
}
