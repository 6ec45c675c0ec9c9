/**
 * Calls into a program of which nobody waits for the end.
 *
 * @module
 */
import { isThenable, whenSettled } from "../runtime/thenable.ts";

/** Calls it. What it throws, or the promise that it gives is rejected with, is told, and ends nothing. */
export function runEffect(effect: () => unknown, failed: (error: unknown) => void): void {
  try {
    watchEffect(effect(), failed);
  } catch (error) {
    failed(error);
  }
}

/** Has it told what a promise is rejected with, where one was given. */
export function watchEffect(given: unknown, failed: (error: unknown) => void): void {
  if (isThenable(given)) whenSettled(given, () => {}, failed);
}
