/**
 * A time after which something is no longer waited for.
 *
 * @module
 */
import type { World } from "../../world/world.ts";

/** A time that runs. */
export interface Lateness {
  /** Whether it is up. */
  readonly isUp: boolean;
  /** Resolves then. */
  readonly promise: Promise<void>;
  /** What a promise comes to; undefined when it fails, or is not there in time. */
  orLate<T>(promise: Promise<T>): Promise<T | undefined>;
  /** It is of no interest any more. */
  cancel(): void;
}

/** Begins a time of so many milliseconds. */
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
