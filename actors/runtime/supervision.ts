/**
 * What a parent does when a child fails: pure decisions, no actor in sight.
 *
 * The model is Erlang/OTP's supervisor: let it fail, start afresh, and give up in an orderly way when that
 * does not help.
 *
 * @module
 */

/**
 * Which children are restarted when one of them is: it alone, all of them, or it and those started after it.
 */
export type GroupStrategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** A wait that doubles from one attempt to the next. */
export interface Backoff {
  /** Milliseconds before the first attempt. */
  readonly minMs: number;
  /** The most milliseconds between two attempts. */
  readonly maxMs: number;
  /**
   * Part of the wait, 0 to 1, that is left to chance, so that many do not come back at the same moment.
   * @default 0
   */
  readonly jitter?: number;
}

/** How often an actor may be restarted. */
export interface RestartOptions {
  /** Restarts allowed within {@linkcode RestartOptions.withinMs}; one more escalates. @default 3 */
  readonly limit?: number;
  /** Milliseconds. @default 5000 */
  readonly withinMs?: number;
  /** The wait before a restart. @default none: at once */
  readonly backoff?: Backoff;
}

/**
 * What the parent does when an actor fails. Made by {@linkcode restart}, {@linkcode stop},
 * {@linkcode resume}, {@linkcode escalate}.
 */
export type OnFailure =
  | {
    readonly type: "restart";
    readonly limit: number;
    readonly withinMs: number;
    readonly backoff?: Backoff;
  }
  | { readonly type: "stop" }
  | { readonly type: "resume" }
  | { readonly type: "escalate" };

/**
 * Start the actor afresh, with its ref, name and mailbox; over the budget, escalate.
 *
 * @throws `RangeError` on a limit that is not a whole number from 0, or times that are not positive.
 *
 * @example
 * ```ts
 * import { restart } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 * assertEquals(restart(), { type: "restart", limit: 3, withinMs: 5000 });
 * ```
 */
export function restart(options: RestartOptions = {}): OnFailure & { readonly type: "restart" } {
  const { limit = 3, withinMs = 5000, backoff } = options;
  checkBudget({ limit, withinMs });
  if (backoff === undefined) return { type: "restart", limit, withinMs };
  checkBackoff(backoff);
  return { type: "restart", limit, withinMs, backoff };
}

/**
 * Checks a backoff.
 *
 * @throws `RangeError` on an invalid one.
 */
export function checkBackoff(backoff: Backoff): void {
  const { minMs, maxMs, jitter = 0 } = backoff;
  if (!(minMs >= 0) || !(maxMs >= minMs)) {
    throw new RangeError(`Cannot back off from ${minMs} to ${maxMs} ms: it takes 0 <= minMs <= maxMs`);
  }
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`Cannot jitter by ${jitter}: it takes 0 to 1`);
}

const STOP: OnFailure = Object.freeze({ type: "stop" });
const RESUME: OnFailure = Object.freeze({ type: "resume" });
const ESCALATE: OnFailure = Object.freeze({ type: "escalate" });

/** Stop the actor for good. */
export function stop(): OnFailure {
  return STOP;
}

/**
 * Drop the message and go on with the state as it is. After a failure to start there is none: the actor is
 * stopped.
 */
export function resume(): OnFailure {
  return RESUME;
}

/** Fail in the child's place: the grandparent decides. */
export function escalate(): OnFailure {
  return ESCALATE;
}

/**
 * Checks a budget of restarts.
 *
 * @throws `RangeError` on an invalid one.
 */
export function checkBudget(
  { limit, withinMs }: { readonly limit: number; readonly withinMs: number },
): void {
  if (!Number.isInteger(limit) || limit < 0) {
    throw new RangeError(`Cannot set a restart limit of ${limit}: it takes a whole number, 0 or more`);
  }
  if (!(withinMs > 0)) {
    throw new RangeError(`Cannot count restarts within ${withinMs} ms: it takes a time above 0`);
  }
}

/** The outcome of {@linkcode spendRestart}. */
export interface RestartBudget {
  /** False when the budget is spent. */
  readonly allowed: boolean;
  /** The restarts that still count, oldest first, with the new one when it was allowed. */
  readonly times: readonly number[];
}

/**
 * Asks the restart budget for one restart more: at most `limit` within any `withinMs` milliseconds.
 *
 * @param times earlier restarts, oldest first
 */
export function spendRestart(
  times: readonly number[],
  now: number,
  budget: { readonly limit: number; readonly withinMs: number },
): RestartBudget {
  const recent = times.filter((time) => now - time < budget.withinMs);
  if (recent.length >= budget.limit) return { allowed: false, times: recent };
  return { allowed: true, times: [...recent, now] };
}

/**
 * The wait before an attempt, in milliseconds: `minMs` doubled with each attempt up to `maxMs`, of which
 * `jitter` is left to chance.
 *
 * @param attempt 0 for the first
 * @param chance a number from 0 to 1
 */
export function backoffDelay(backoff: Backoff, attempt: number, chance: number): number {
  const full = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(attempt, 52));
  return full * (1 - (backoff.jitter ?? 0) * chance);
}
