/**
 * `Deno.test` where there is none: gathers the tests, to be run one after the other.
 *
 * @module
 */

/** What is to be run, in the order in which it was said. */
export const gathered: (readonly [name: string, run: () => unknown])[] = [];

interface TestDefinition {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: () => unknown;
}

const test = (what: string | TestDefinition, run?: () => unknown): void => {
  if (typeof what === "string") gathered.push([what, run ?? (() => {})]);
  else if (what.ignore !== true) gathered.push([what.name, what.fn]);
};
Reflect.set(globalThis, "Deno", { test });
