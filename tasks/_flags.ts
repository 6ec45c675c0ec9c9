/**
 * Kinds of flags: what a value may be, and what is said about one that may not.
 *
 * @module
 */

/** A mistake in how a task was called. The task ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One flag: `--NAME`, its environment variable and its place in the help. */
export interface Flag<out T> {
  /** One line for the help. */
  readonly help: string;
  /** Stands for the value in the help; without it the flag takes none (it is on or off). */
  readonly value?: string;
  /** What a value must be, for "needs a value: …". */
  readonly takes: string;
  readonly default: T;
  /** The default as the help shows it, where its own text would not do. */
  readonly shown?: string;
  /** Environment names instead of `PREFIX_NAME`, the strongest first; an empty list for none. */
  readonly env?: readonly string[];
  /** Without it strangers get in: `.env` may not be read in a way that loses it. */
  readonly guards?: boolean;
  /**
   * Reads a value that is not empty. Throws {@linkcode UsageError} with the reason, without the flag's
   * name.
   */
  parse(text: string): T;
}

/** A table of flags; the key `maxClients` is the flag `--max-clients`. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The values that a table of flags gives. */
export type OptionsOf<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never;
};

/** What the makers of flags take. */
export interface FlagOptions<T> {
  readonly help: string;
  /** Without one the flag is optional: its value may be `undefined`. */
  readonly default?: T;
  /** The default as the help shows it, where its own text would not do. */
  readonly shown?: string;
  /** Stands for the value in the help. */
  readonly value?: string;
  /** Environment names instead of `PREFIX_NAME`; an empty list for none. */
  readonly env?: readonly string[];
}

/** {@linkcode FlagOptions} with a default. */
export interface DefaultedFlagOptions<T> extends FlagOptions<T> {
  readonly default: T;
}

function flag<T>(options: FlagOptions<T>, value: string, takes: string, parse: (text: string) => T) {
  return {
    help: options.help,
    value: options.value ?? value,
    takes,
    parse,
    default: options.default,
    ...(options.shown === undefined ? {} : { shown: options.shown }),
    ...(options.env === undefined ? {} : { env: options.env }),
  };
}

/** A flag whose value is any text that is not empty. */
export function text(options: DefaultedFlagOptions<string>): Flag<string>;
export function text(options: FlagOptions<string>): Flag<string | undefined>;
export function text(options: FlagOptions<string>): Flag<string | undefined> {
  return flag(options, "TEXT", "a text", (value) => value);
}

/** A flag that takes a file or directory. */
export function path(options: DefaultedFlagOptions<string>): Flag<string>;
export function path(options: FlagOptions<string>): Flag<string | undefined>;
export function path(options: FlagOptions<string>): Flag<string | undefined> {
  return flag(options, "PATH", "a path", (value) => {
    if (value.includes("\0")) throw new UsageError(`${JSON.stringify(value)} is not a path`);
    return value;
  });
}

/**
 * A flag that takes a token which is sent as `Authorization: Bearer T`: visible ASCII, since a header carries
 * nothing else unchanged (RFC 9110, section 5.5).
 */
export function bearerToken(options: FlagOptions<string>): Flag<string | undefined> {
  return flag(options, "T", "a token of visible ASCII characters", (value) => {
    if (/^[!-~]+$/.test(value)) return value;
    throw new UsageError("a token is of visible ASCII characters, without spaces");
  });
}

/** The range that {@linkcode integer} and {@linkcode number} allow, both ends included. */
export interface Range {
  /** @default 0 */
  readonly min?: number;
  /** @default no end */
  readonly max?: number;
}

function rangeText({ min = 0, max = Infinity }: Range): string {
  return max === Infinity ? `${min} or more` : `${min} to ${max}`;
}

function inRange(value: number, text: string, range: Range): number {
  const { min = 0, max = Infinity } = range;
  if (value < min || value > max) {
    throw new UsageError(`${text} is out of range: it takes ${rangeText(range)}`);
  }
  return value;
}

/** A flag that takes a whole number. */
export function integer(options: DefaultedFlagOptions<number> & Range): Flag<number>;
export function integer(options: FlagOptions<number> & Range): Flag<number | undefined>;
export function integer(options: FlagOptions<number> & Range): Flag<number | undefined> {
  return flag(options, "N", `a whole number (${rangeText(options)})`, (value) => {
    if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(Number(value))) {
      throw new UsageError(`${JSON.stringify(value)} is not a whole number (${rangeText(options)})`);
    }
    return inRange(Number(value), value, options);
  });
}

/** A flag that takes a number, with a fraction if need be. */
export function number(options: DefaultedFlagOptions<number> & Range): Flag<number>;
export function number(options: FlagOptions<number> & Range): Flag<number | undefined>;
export function number(options: FlagOptions<number> & Range): Flag<number | undefined> {
  return flag(options, "N", `a number (${rangeText(options)})`, (value) => {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value)) {
      throw new UsageError(`${JSON.stringify(value)} is not a number (${rangeText(options)})`);
    }
    return inRange(Number(value), value, options);
  });
}

/** A flag that takes a port, 0 to 65535. */
export function port(options: DefaultedFlagOptions<number>): Flag<number>;
export function port(options: FlagOptions<number>): Flag<number | undefined>;
export function port(options: FlagOptions<number>): Flag<number | undefined> {
  return flag(options, "PORT", "a port (0 to 65535)", (value) => {
    if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) {
      throw new UsageError(`${JSON.stringify(value)} is not a port (0 to 65535)`);
    }
    return Number(value);
  });
}

/** A flag that takes one of a few words. */
export function choice<const C extends string>(
  choices: readonly C[],
  options: DefaultedFlagOptions<NoInfer<C>>,
): Flag<C>;
export function choice<const C extends string>(
  choices: readonly C[],
  options: FlagOptions<NoInfer<C>>,
): Flag<C | undefined>;
export function choice<const C extends string>(
  choices: readonly C[],
  options: FlagOptions<NoInfer<C>>,
): Flag<C | undefined> {
  const list = choices.join(", ");
  return flag<C>(options, choices.join("|"), `one of ${list}`, (value) => {
    const found = choices.find((name) => name === value);
    if (found === undefined) throw new UsageError(`${JSON.stringify(value)} is not one of ${list}`);
    return found;
  });
}

/** A flag that is on when it is given, off when it is not, and takes no value. */
export function toggle(options: Pick<FlagOptions<boolean>, "help" | "env">): Flag<boolean> {
  return {
    help: options.help,
    takes: "true or false",
    default: false,
    parse(value) {
      const known = {
        true: true,
        "1": true,
        yes: true,
        on: true,
        false: false,
        "0": false,
        no: false,
        off: false,
      };
      for (const [word, meaning] of Object.entries(known)) {
        if (value.toLowerCase() === word) return meaning;
      }
      throw new UsageError(`${JSON.stringify(value)} is not true or false`);
    },
    ...(options.env === undefined ? {} : { env: options.env }),
  };
}

/** Options of {@linkcode custom}. */
export interface CustomFlagOptions<T> extends FlagOptions<T> {
  /** Stands for the value in the help. */
  readonly value: string;
  /** What a value must be, for "needs a value: …". */
  readonly takes: string;
  /**
   * Reads a value that is not empty. Throws {@linkcode UsageError} with the reason, without the flag's
   * name.
   */
  parse(text: string): T;
}

/** A flag whose value is read by a function of the task's own. */
export function custom<T>(options: CustomFlagOptions<T> & DefaultedFlagOptions<T>): Flag<T>;
export function custom<T>(options: CustomFlagOptions<T>): Flag<T | undefined>;
export function custom<T>(options: CustomFlagOptions<T>): Flag<T | undefined> {
  return flag(options, options.value, options.takes, (value) => options.parse(value));
}

/** Whether a value is nothing that anybody sees: white space, format and control characters. */
export function isBlank(value: string): boolean {
  return /^[\p{Z}\p{C}]*$/u.test(value);
}

/** The same flag, without which strangers get in. A value that is blank is refused. */
export function guarding<T>(flag: Flag<T>): Flag<T> {
  return { ...flag, guards: true };
}

/** The same flag under environment names of its own, the strongest first. */
export function named<T>(flag: Flag<T>, ...env: readonly string[]): Flag<T> {
  return { ...flag, env };
}
