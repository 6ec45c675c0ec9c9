// What the project uses of @std/cli, written from its documentation: every flag is named as string
// or boolean and collected, so that nothing is guessed from how a value looks.

/** How the arguments are read. */
export interface ParseOptions {
  /** Flags that take no value. */
  readonly boolean?: readonly string[];
  /** Flags whose value stays text. `_` keeps positional arguments text too. */
  readonly string?: readonly string[];
  /** Flags that may be given more than once. */
  readonly collect?: readonly string[];
  /** Called for each argument that no option names; returning false leaves it out. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The flags by name; `_` holds what is not a flag. */
export interface Args {
  readonly _: readonly (string | number)[];
  readonly [flag: string]: unknown;
}

export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
