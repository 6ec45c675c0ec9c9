/**
 * Functions that programs give, looked at when they are given and not when they are called: later nobody
 * would know whose they were.
 *
 * @module
 */

/** The error about what was given in the place of a function. `cannot` says what cannot be done for it. */
export function notAFunction(cannot: string, name: string, given: unknown): TypeError {
  return new TypeError(`${cannot}: ${name} is ${given === null ? "null" : typeof given}, not a function`);
}

/** Throws `TypeError` on one that is no function; of those that are `optional`, unless it is not given. */
export function checkFunctions(
  cannot: string,
  required: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>> = {},
): void {
  for (const [name, given] of Object.entries(required)) {
    if (typeof given !== "function") throw notAFunction(cannot, name, given);
  }
  for (const [name, given] of Object.entries(optional)) {
    if (given !== undefined && typeof given !== "function") throw notAFunction(cannot, name, given);
  }
}
