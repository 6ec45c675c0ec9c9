/**
 * From a table of flags, the arguments and the environment to typed options; and the help. Pure.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { editDistance } from "./_edit_distance.ts";
import {
  choice,
  type Flag,
  type Flags,
  isBlank,
  type OptionsOf,
  path,
  toggle,
  UsageError,
} from "./_flags.ts";

/** What a task takes beside flags. */
export interface Positionals {
  /** As the help shows it: `ID [get NAME]`. */
  readonly usage: string;
  readonly help: string;
  /** The fewest there must be. @default 0 */
  readonly min?: number;
  /** The most there may be. */
  readonly max: number;
  /** Words that may be among them, for a shell's completion. */
  readonly words?: readonly string[];
}

/** What a process may do beyond what all of its kind may; as `deno.json` has it. */
export interface Rights {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  /** `true` is any host. */
  readonly net?: readonly string[] | true;
  readonly env?: readonly string[];
}

/** One task: what it is called, what it takes, what it says about itself. */
export interface Task<F extends Flags> {
  /** The name of the `deno task`, `editor:server`. */
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Prefix of the environment names: `EDITOR` makes `--max-clients` `EDITOR_MAX_CLIENTS`. */
  readonly env: string;
  readonly flags: F;
  readonly positionals?: Positionals;
  /** Examples of arguments, for the help. */
  readonly examples?: readonly string[];
  /** Rights beyond those of all clients; a server's are in its manifest. */
  readonly rights?: Rights;
  /** Other tasks whose settings it reads. */
  readonly alsoReads?: readonly Task<Flags>[];
  /** Looks at all values together; a text that comes back is a usage error. */
  check?(options: OptionsOf<F>, args: readonly string[]): string | undefined;
  /** The line for a failure at run time, where the error's own text is not the promised one. */
  explain?(error: unknown, options: OptionsOf<F>): string | undefined;
}

/** Flags that every task has beside its own (and `--help` and `--version`). */
const commonFlags = {
  logLevel: choice(["debug", "info", "warn", "error"], {
    help: "Least important log lines to print",
    default: "info",
    env: ["LOG_LEVEL"],
  }),
  logFormat: choice(["text", "json"], {
    help: "Form of the log lines",
    default: "text",
    env: ["LOG_FORMAT"],
  }),
  logTime: toggle({ help: "Put the time (UTC) before each log line", env: ["LOG_TIME"] }),
  config: path({ help: "Settings, in place of .env and in its form", value: "FILE", env: [] }),
  verbose: toggle({ help: "Say more about failures", env: [] }),
};

/** The options that every task has. */
export type CommonOptions = OptionsOf<typeof commonFlags>;

/** What a command line says. */
export type CommandLine<F extends Flags> =
  | { readonly type: "help" }
  | { readonly type: "version" }
  | {
    readonly type: "run";
    readonly options: OptionsOf<F> & CommonOptions;
    readonly args: readonly string[];
  };

/** Where values come from beside the command line, the strongest first. */
export interface Source {
  /** Added to a name in messages: ` in .env`. */
  readonly suffix: string;
  get(name: string): string | undefined;
}

/** `maxClients` as a flag: `max-clients`. */
function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The environment names of a flag. */
function envNames(task: Task<Flags>, key: string, flag: Flag<unknown>): readonly string[] {
  return flag.env ?? [`${task.env}_${flagName(key).replaceAll("-", "_").toUpperCase()}`];
}

/** Every environment name that a task reads; `guarding` asks for those alone that keep strangers out. */
export function environmentOf(task: Task<Flags>, which: "all" | "guarding" = "all"): string[] {
  return Object.entries({ ...task.flags, ...commonFlags })
    .filter(([, flag]) => which === "all" || flag.guards)
    .flatMap(([key, flag]) => envNames(task, key, flag));
}

/**
 * Reads a command line. Throws {@linkcode UsageError} on the first mistake.
 *
 * A flag beats the sources, an earlier source a later one, any source the default.
 */
export function parseCommandLine<F extends Flags>(
  task: Task<F>,
  args: readonly string[],
  sources: readonly Source[],
): CommandLine<F> {
  const flags: Flags = { ...task.flags, ...commonFlags };
  const keys = new Map(Object.keys(flags).map((key) => [flagName(key), key]));
  const withValue = [...keys].filter(([, key]) => flags[key]?.value !== undefined).map(([name]) => name);
  const withoutValue = [...keys.keys()].filter((name) => !withValue.includes(name));

  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const given = args.slice(0, end);
  const parsed = parseArgs([...joinNegative(given, withValue), ...args.slice(end)], {
    boolean: [...withoutValue, "help", "version", "h"],
    string: [...withValue, "_"],
    collect: withValue,
    unknown(arg, key) {
      if (key === undefined) return true;
      throw new UsageError(unknownFlag(arg, [...keys.keys(), "help", "version"]));
    },
  });
  if (parsed.help === true || parsed.h === true) return { type: "help" };
  if (parsed.version === true) return { type: "version" };

  const values: Record<string, unknown> = {};
  for (const [name, key] of keys) {
    const flag = flags[key];
    if (flag === undefined) continue;
    const onLine = withValue.includes(name) ? lastOf(parsed[name]) : switchOf(name, given);
    values[key] = onLine === undefined
      ? fromSources(flag, envNames(task, key, flag), sources)
      : read(flag, `--${name}`, onLine);
  }
  const rest = parsed._.map(String);
  checkCount(task.positionals, rest);
  // The loop above gave each key of the two tables the value that its own flag made.
  const options = values as OptionsOf<F> & CommonOptions;
  const wrong = task.check?.(options, rest);
  if (wrong !== undefined) throw new UsageError(wrong);
  return { type: "run", options, args: rest };
}

/** Writes `--port -1` as `--port=-1`, so that the value is told to be bad, and not that there is none. */
function joinNegative(args: readonly string[], withValue: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    if (/^-[\d.]/.test(arg) && before !== undefined && withValue.includes(before.replace(/^--/, ""))) {
      joined[joined.length - 1] = `${before}=${arg}`;
    } else {
      joined.push(arg);
    }
  }
  return joined;
}

function lastOf(values: unknown): string | undefined {
  return Array.isArray(values) && values.length > 0 ? String(values.at(-1)) : undefined;
}

/** A flag without a value as it stands on the line: `--tls`, `--tls=false`. */
function switchOf(name: string, args: readonly string[]): string | undefined {
  const last = args.findLast((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (last === undefined) return undefined;
  return last === `--${name}` ? "true" : last.slice(name.length + 3);
}

function read(flag: Flag<unknown>, source: string, text: string): unknown {
  if (flag.guards === true && isBlank(text)) {
    throw new UsageError(`${source} is empty. It keeps strangers out: give it a value, or leave it out`);
  }
  if (text === "") throw new UsageError(`${source} needs a value: ${flag.takes}`);
  try {
    return flag.parse(text);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${source}: ${error.message}`, { cause: error });
    throw error;
  }
}

function fromSources(flag: Flag<unknown>, names: readonly string[], sources: readonly Source[]): unknown {
  for (const source of sources) {
    for (const name of names) {
      const text = source.get(name);
      if (text === undefined) continue;
      // `CHAT_HISTORY=` is how a file says that there is none.
      if (text === "" && flag.default === undefined && flag.guards !== true) continue;
      return read(flag, name + source.suffix, text);
    }
  }
  return flag.default;
}

function checkCount(positionals: Positionals | undefined, args: readonly string[]): void {
  const extra = args[positionals?.max ?? 0];
  if (extra !== undefined) throw new UsageError(`Unexpected argument ${JSON.stringify(extra)}`);
  if (args.length < (positionals?.min ?? 0)) throw new UsageError(`Missing argument: ${positionals?.usage}`);
}

function unknownFlag(arg: string, known: readonly string[]): string {
  const written = arg.replace(/=.*$/s, "");
  const name = written.replace(/^-+/, "");
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(3, Math.floor(candidate.length / 2)))
    .sort((a, b) => a.distance - b.distance);
  const hint = nearest === undefined ? "" : `. Did you mean --${nearest.candidate}?`;
  return `Unknown flag ${written}${hint}`;
}

/** One flag as the help, a man page or a shell's completion shows it. */
export interface FlagRow {
  /** Without its dashes. */
  readonly name: string;
  /** Stands for the value; a flag without one is on or off. */
  readonly value?: string;
  readonly help: string;
  /** The default and the environment names, in words. */
  readonly details: string;
}

/** Every flag of a task. */
export function flagRows(task: Task<Flags>): FlagRow[] {
  const rows = Object.entries({ ...task.flags, ...commonFlags }).map(([key, flag]): FlagRow => ({
    name: flagName(key),
    ...(flag.value !== undefined && { value: flag.value }),
    help: flag.help,
    details: details(flag, envNames(task, key, flag)),
  }));
  return [
    ...rows,
    { name: "help", help: "Print this and end", details: "" },
    { name: "version", help: "Print the version and end", details: "" },
  ];
}

/** What `--help` prints. */
export function helpText(task: Task<Flags>): string {
  const { positionals, examples = [] } = task;
  const command = `deno task ${task.name}`;
  const lines = [task.summary, "", `Usage: ${command} ${positionals ? `${positionals.usage} ` : ""}[flags]`];
  if (positionals) lines.push("", `  ${positionals.help}`);
  const rows = flagRows(task).map(({ name, value, help, details }) => [
    `--${name}${value === undefined ? "" : ` ${value}`}`,
    help + details,
  ]);
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  lines.push("", "Flags:", ...rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`));
  if (examples.length > 0) {
    lines.push(
      "",
      "Examples:",
      ...examples.map((args) => `  ${command} ${args}`.trimEnd()),
    );
  }
  lines.push("", "A flag beats an environment variable (in brackets), which beats a line of .env.");
  return lines.join("\n");
}

function details(flag: Flag<unknown>, names: readonly string[]): string {
  const byDefault = flag.shown ?? flag.default;
  const shown = flag.value === undefined || byDefault === undefined ? "" : ` (default ${byDefault})`;
  return `${shown}${names.length === 0 ? "" : ` [${names.join(", ")}]`}`;
}
