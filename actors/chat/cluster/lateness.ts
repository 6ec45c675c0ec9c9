/**
 * A deadline, after which something is no longer waited for.
 *
 * @module
 */
import type { World } from "../../world/world.ts";

/** A running deadline. */
export interface Lateness {
  /** Whether it has passed. */
  readonly isUp: boolean;
  /** Resolves when it passes. */
  readonly promise: Promise<void>;
  /** The value of a promise; undefined when it rejects, or does not resolve in time. */
  orLate<T>(promise: Promise<T>): Promise<T | undefined>;
  /** Cancels its timer. */
  cancel(): void;
}

/** Starts a deadline, so many milliseconds from now. */
export function lateness({ clock }: Pick<World, "clock">, ms: number): Lateness {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endsAtMs = clock.monotonic() + ms;
  const timer = clock.timer(ms, resolve);
  return {
    get isUp() {
      return clock.monotonic() >= endsAtMs;
    },
    promise,
    orLate: <T>(other: Promise<T>) =>
      Promise.race<T | undefined>([promise.then(() => undefined), other.catch(() => undefined)]),
    cancel: () => timer.cancel(),
  };
}
