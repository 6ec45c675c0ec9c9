/**
 * The command line of every task: one table says what it takes, and parsing, `.env`, help, usage errors,
 * exit codes,
 * signals and the drain come with it.
 *
 * Exit codes: 0 done, 1 failed at run time, 2 called wrongly, 130 and 143 ended by a signal.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { type Flags, type OptionsOf, UsageError } from "./_flags.ts";
import { type DotEnv, type KnownNames, readDotEnv } from "./_dot_env.ts";
import type { ListenFlags } from "./_net_flags.ts";
import {
  type CommonOptions,
  environmentOf,
  helpText,
  parseCommandLine,
  type Source,
  type Task,
} from "./_command_line.ts";
import { onFirstEndSignal, SIGNAL_EXIT_CODES } from "../actors/runtime/end_signal.ts";
import { adviceOn, withAdvice } from "./_rights_advice.ts";
import { explainSuspend } from "./_suspend.ts";
import type { EndSignal } from "../actors/world/world.ts";
import { ActorSystem, errorText, type RealWorld, realWorld, run } from "../mod.ts";

export * from "./_flags.ts";
export * from "./_net_flags.ts";
export {
  type CommonOptions,
  environmentOf,
  type Positionals,
  type Rights,
  type Task,
} from "./_command_line.ts";

/** A failure whose text is for the person who called the task: printed as it is, exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** What is asked of a server's program instead of serving: it ends by itself. */
export interface Command {
  /** Settles when it has ended: rejects with the cause when it failed. */
  readonly done: Promise<unknown>;
  stop(): Promise<unknown>;
}

/** What a task is given beside its options. */
export interface TaskContext {
  /** The real world, logging as the flags say. */
  readonly world: RealWorld;
  /** What was given beside flags. */
  readonly args: readonly string[];
  /** Where values come from beside the command line. */
  readonly sources: readonly Source[];
}

/** What a client is given beside its options. */
export interface ClientContext extends TaskContext {
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP: leave now. */
  readonly signal: AbortSignal;
}

/** The options of a task: its own and everybody's. */
export type TaskOptions<F extends Flags> = OptionsOf<F> & CommonOptions;

/** Writes down a task; it is what gives its options their types. */
export function defineTask<const F extends Flags>(task: Task<F>): Task<F> {
  return task;
}

/**
 * Runs a server until it ends or is told to: calls `start`, and on SIGINT, SIGTERM or SIGHUP stops the system
 * that it made within `--drain-ms`. Never returns: it ends the process.
 */
export function runServer<F extends Flags & Pick<ListenFlags, "drainMs">>(
  task: Task<F>,
  start: (options: TaskOptions<F>, context: TaskContext) => Promise<ActorSystem | Command>,
): Promise<never> {
  return main(task, "logged", async (options, context) => {
    // From the first moment to the very end: one press of Ctrl-C may come here more than once.
    const asked = new Promise<EndSignal>((resolve) => onFirstEndSignal(context.world, resolve));
    const running = await start(options, context);
    if (!(running instanceof ActorSystem)) return await runCommand(running, asked);
    const { log, process } = context.world;
    const say = (message: string, event: string) =>
      log.write({ level: "info", actor: "/", message, plain: true, fields: { event } });
    const { drainMs }: OptionsOf<Pick<ListenFlags, "drainMs">> = options;
    const failures: unknown[] = [];
    const code = await run(running, {
      drainMs,
      asked,
      exit: false,
      onFailed: (error) => failures.push(error),
      async onSignal(signal) {
        if (signal === "SIGINT") say("Server stopped with user keyboard interrupt.", "interrupted");
        say("Shutting down server...", "draining");
        // Those who send clients here are told first, and given time to send them elsewhere.
        process?.announceEnd?.();
        if ("lameDuckMs" in options && typeof options.lameDuckMs === "number") {
          await pause(options.lameDuckMs);
        }
      },
      onDrained(isComplete) {
        const message = `Not everything was closed within ${drainMs} ms`;
        if (!isComplete) log.write({ level: "warn", actor: "/", message, fields: { event: "drain-cut" } });
        say("Server shut down.", "stopped");
      },
    });
    for (const failure of failures) throw failure;
    return code;
  });
}

/** Runs what ends by itself; that a signal ended it shows in the exit code. */
async function runCommand({ done, stop }: Command, asked: Promise<EndSignal>): Promise<number> {
  const signal = await Promise.race([asked, done.then(() => undefined)]);
  if (signal === undefined) return 0;
  await within(stop().catch(() => {}), LEAVE_MS);
  return SIGNAL_EXIT_CODES[signal];
}

/**
 * Runs a client: calls `client`, whose number is the exit code (nothing is 0). Ctrl-C aborts its signal; a
 * second one, or
 * a second of waiting, ends it. Never returns: it ends the process.
 */
export function runClient<F extends Flags>(
  task: Task<F>,
  client: (options: TaskOptions<F>, context: ClientContext) => Promise<number | void>,
): Promise<never> {
  return main(task, "bare", async (options, context) => {
    const leaving = new AbortController();
    const told = new Promise<EndSignal>((resolve) => onFirstEndSignal(context.world, resolve)).then(
      (signal) => {
        leaving.abort(new Failure(`Stopped by ${signal}`));
        return signal;
      },
    );
    const running = client(options, { ...context, signal: leaving.signal });
    const first = await Promise.race([
      told,
      // How a client fails once it was told to leave is of no interest.
      running.catch((error) => leaving.signal.aborted ? told : Promise.reject(error)),
    ]);
    if (typeof first !== "string") return first ?? 0;
    await within(running.catch(() => {}), LEAVE_MS);
    return SIGNAL_EXIT_CODES[first];
  });
}

/** How long a client may take to leave after Ctrl-C. */
const LEAVE_MS = 1000;

/** Reads the command line, runs the task, and ends the process with its exit code. */
async function main<F extends Flags>(
  task: Task<F>,
  failures: "logged" | "bare",
  start: (options: TaskOptions<F>, context: TaskContext) => Promise<number>,
): Promise<never> {
  let world: RealWorld | undefined;
  let verbose = false;
  let explain = (_error: unknown): string | undefined => undefined;

  async function end(code: number): Promise<never> {
    await world?.flush();
    Deno.exit(code);
  }
  /** One line; and a second one where the promised one leaves out what can be done. */
  function linesOf(error: unknown): string[] {
    const line = explain(error) ?? withAdvice(lineOf(error), task.name);
    const advice = adviceOn(error, task.name);
    return advice === undefined || line.includes(advice) ? [line] : [line, advice];
  }
  async function fail(error: unknown): Promise<never> {
    if (error instanceof UsageError) {
      complain(`${task.name}: ${error.message}\nTry: deno task ${task.name} --help`);
      return await end(2);
    }
    for (const message of linesOf(error)) {
      if (failures === "logged" && world) {
        world.log.write({ level: "error", actor: "/", message, fields: { event: "failed", error } });
      } else complain(message);
    }
    await world?.flush();
    if (verbose) complain(Deno.inspect(error));
    return await end(1);
  }

  for (const type of ["error", "unhandledrejection"] as const) {
    globalThis.addEventListener(type, (event: ErrorEvent | PromiseRejectionEvent) => {
      event.preventDefault();
      fail(event instanceof ErrorEvent ? event.error : event.reason);
    });
  }
  try {
    // Who asks for help gets it, whatever is wrong with the settings.
    const asks = Deno.args.some((arg) => ["--help", "-h", "--version"].includes(arg));
    const { sources, warnings } = asks
      ? { sources: [], warnings: [] }
      : await settingsOf(task, configOf(Deno.args));
    const line = parseCommandLine(task, Deno.args, sources);
    if (line.type !== "run") {
      console.log(line.type === "help" ? helpText(task) : `troupe ${config.version}`);
      return await end(0);
    }
    const { options, args } = line;
    verbose = options.verbose;
    explain = (error) => task.explain?.(error, options);
    const { logLevel: level, logFormat: format, logTime: time } = options;
    world = realWorld({ log: { level, format, time, blocking: false } });
    const { zoneProblem } = world;
    for (const message of [...warnings, ...(zoneProblem === undefined ? [] : [zoneProblem])]) {
      if (failures === "bare") console.error(message);
      else world.log.write({ level: "warn", actor: "/", message, fields: { event: "odd-setting" } });
    }
    using _suspend = explainSuspend(complain);
    return await end(await start(options, { world, args, sources }));
  } catch (error) {
    return await fail(error);
  }
}

/** A failure as one line. */
function lineOf(error: unknown): string {
  return errorText(error).replace(/\s*\n\s*/g, " ");
}

/** Where the values come from that the command line does not give. */
interface Settings {
  /** The environment, then `.env`. */
  readonly sources: readonly Source[];
  /** What is odd about `.env`. */
  readonly warnings: readonly string[];
}

/**
 * Reads the settings of a task. Throws {@linkcode UsageError} where `.env` could be meant to keep strangers
 * out and would not.
 */
async function settingsOf(task: Task<Flags>, config: string | undefined): Promise<Settings> {
  const tasks = [task, ...task.alsoReads ?? []];
  const { values, warnings } = await settingsFile(config, {
    all: tasks.flatMap((each) => environmentOf(each)),
    guarding: tasks.flatMap((each) => environmentOf(each, "guarding")),
    prefixes: tasks.map((each) => each.env),
  });
  const file: Source = { suffix: ` in ${config ?? DOT_ENV}`, get: (name) => values.get(name) };
  return { sources: [processEnvironment, file], warnings };
}

/** The environment of the process, as far as the rights go: a name that may not be read is not set. */
const processEnvironment: Source = {
  suffix: "",
  get(variable) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  },
};

const decoder = new TextDecoder();

/** Nobody has settings of that size. */
const MAX_DOT_ENV_BYTES = 1 << 20;

const DOT_ENV = ".env";

/** Where `--config` says that the settings are: it is looked for before all else is read. */
function configOf(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === "--config" || arg.startsWith("--config="));
  return at < 0 ? undefined : args[at] === "--config" ? args[at + 1] : args[at]?.slice("--config=".length);
}

/**
 * The file that `--config` names, which must be there, or the `.env` in the working directory; of a compiled
 * program without one there, the one beside the program.
 */
async function settingsFile(config: string | undefined, known: KnownNames): Promise<DotEnv> {
  const paths = [config ?? DOT_ENV];
  if (config === undefined && Deno.build.standalone) paths.push(Deno.execPath().replace(/[^/\\]*$/, ".env"));
  for (const path of paths) {
    const mayRead = Deno.permissions.querySync({ name: "read", path }).state === "granted";
    if (!mayRead && config === undefined) continue;
    try {
      const { isFile, size } = await Deno.stat(path);
      // A pipe would be waited for without end.
      if (!isFile) throw new Failure("it is not a regular file");
      if (size > MAX_DOT_ENV_BYTES) throw new Failure("it is too large");
      return readDotEnv(decoder.decode(await Deno.readFile(path)), known, path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && config === undefined) continue;
      if (error instanceof UsageError) throw error;
      throw new Failure(`Cannot read ${path}: ${lineOf(error)}`, { cause: error });
    }
  }
  return { values: new Map(), warnings: [] };
}

/** Whether a promise settles in time; rejects as it does. */
async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => ms > 0 ? setTimeout(resolve, ms) : resolve());
}

/** Says on stderr what is wrong, if anybody is there: a terminal that has gone is no failure more. */
function complain(text: string): void {
  try {
    console.error(text);
  } catch {
    // Nobody reads it.
  }
}
