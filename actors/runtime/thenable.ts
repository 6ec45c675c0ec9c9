/**
 * What can be waited for. A thenable may be anybody's: `Promise.resolve` and `then` throw where it has
 * getters that do, and it may call back twice. `await` deals with all of that.
 *
 * @module
 */

/** Whether a handler gave back something to wait for: whatever `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "then" in value && typeof value.then === "function";
}

/** Calls one of the two back, once; they may not throw. */
export async function whenSettled<T>(
  thenable: PromiseLike<T>,
  fulfilled: (value: T) => void,
  rejected: (error: unknown) => void,
): Promise<void> {
  let value: T;
  try {
    value = await thenable;
  } catch (error) {
    return rejected(error);
  }
  fulfilled(value);
}

/** A promise of our own of what a thenable comes to. */
export async function promiseOf<T>(thenable: PromiseLike<T>): Promise<T> {
  return await thenable;
}
