/**
 * What a parent does when a child fails: pure decisions, no actor in sight.
 *
 * The model is Erlang/OTP's supervisor: let it fail, start afresh, and give up in an orderly way when that
 * does not help.
 *
 * @module
 */
import { inWords } from "./in_words.ts";

/**
 * Which children are restarted when one of them is: it alone, all of them, or it and those started after it.
 */
export type GroupStrategy = "one-for-one" | "one-for-all" | "rest-for-one";

/**
 * Options of {@linkcode Context.supervise}.
 *
 * @example A budget of the group: each child may fail three times, all of them together twice
 * ```ts
 * import { ActorSystem, type Behavior, type Ref, stop } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const workers: Ref<string>[] = [];
 * const group: Behavior<never> = (self) => {
 *   self.supervise("one-for-one", { budget: { limit: 2, withinMs: 60_000 } });
 *   for (const name of ["a", "b", "c"]) {
 *     workers.push(self.spawn<string>(name, () => (message) => {
 *       throw new Error(message);
 *     }));
 *   }
 *   return () => {};
 * };
 *
 * const decisions: string[] = [];
 * await using system = new ActorSystem("demo");
 * system.events.subscribe((event) => {
 *   if (event.type === "failed") decisions.push(`${event.actor}: ${event.decision}`);
 * });
 * const ref = system.spawn("group", group, { onFailure: stop() });
 * await system.started(ref);
 * for (const worker of workers) worker.tell("told to");
 * while (ref.isOpen) await new Promise((resolve) => setTimeout(resolve, 1));
 * console.log(decisions);
 * assertEquals(decisions, [
 *   "/demo/group/a: restart",
 *   "/demo/group/b: restart",
 *   "/demo/group/c: escalate",
 *   "/demo/group: stop",
 * ]);
 * ```
 */
export interface SuperviseOptions {
  /**
   * Restarts of all children together that are allowed; one more fails this actor.
   * @default no limit of the group's
   */
  readonly budget?: { readonly limit: number; readonly withinMs: number };
  /** Children stop one after the other, the youngest first, or all at once. @default "reverse" */
  readonly stopOrder?: "reverse" | "together";
}

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
 *
 * @example
 * ```ts
 * import { checkBackoff } from "@troupe/actors";
 * import { assertThrows } from "@std/assert";
 *
 * checkBackoff({ minMs: 100, maxMs: 10_000, jitter: 0.2 });
 * assertThrows(() => checkBackoff({ minMs: 100, maxMs: 10 }), RangeError);
 * ```
 */
export function checkBackoff(backoff: Backoff): void {
  const { minMs, maxMs, jitter = 0 } = backoff;
  if (!(minMs >= 0) || !(maxMs >= minMs)) {
    throw new RangeError(`Cannot back off from ${minMs} to ${maxMs} ms: it takes 0 <= minMs <= maxMs`);
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot jitter by ${inWords(jitter)}: it takes 0 to 1`);
  }
}

const STOP: OnFailure = Object.freeze({ type: "stop" });
const RESUME: OnFailure = Object.freeze({ type: "resume" });
const ESCALATE: OnFailure = Object.freeze({ type: "escalate" });

/**
 * Stop the actor for good.
 *
 * @example
 * ```ts
 * import { ActorStopped, ActorSystem, type Ref, stop } from "@troupe/actors";
 * import { assertRejects } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn<{ replyTo: Ref<number> }>("once", () => () => {
 *   throw new Error("told to");
 * }, { onFailure: stop() });
 * await assertRejects(() => ref.ask({}, { timeoutMs: 1000 }), ActorStopped);
 * ```
 */
export function stop(): OnFailure {
  return STOP;
}

/**
 * Drop the message and go on with the state as it is. After a failure to start there is none: the actor is
 * stopped.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Ref, resume } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn<{ n: number; replyTo: Ref<number> }>("sum", () => {
 *   let sum = 0;
 *   return ({ n, replyTo }) => {
 *     if (n < 0) throw new RangeError("below 0");
 *     replyTo.tell(sum += n);
 *   };
 * }, { onFailure: resume() });
 * const within = { timeoutMs: 1000 };
 * await ref.ask({ n: 2 }, within);
 * await ref.ask({ n: -1 }, within).catch(() => {});
 * assertEquals(await ref.ask({ n: 3 }, within), 5);
 * ```
 */
export function resume(): OnFailure {
  return RESUME;
}

/**
 * Fail in the child's place: the grandparent decides. Of an actor that the system itself has spawned, it
 * stops the system.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { assertRejects } from "@std/assert";
 *
 * const system = new ActorSystem("demo");
 * system.spawn("server", () => {
 *   throw new Error("no port");
 * }, { onFailure: escalate() });
 * await assertRejects(() => system.terminated, Error, "no port");
 * ```
 */
export function escalate(): OnFailure {
  return ESCALATE;
}

/**
 * Checks a budget of restarts.
 *
 * @throws `RangeError` on an invalid one.
 *
 * @example
 * ```ts
 * import { checkBudget } from "@troupe/actors";
 * import { assertThrows } from "@std/assert";
 *
 * checkBudget({ limit: 3, withinMs: 5000 });
 * assertThrows(() => checkBudget({ limit: -1, withinMs: 5000 }), RangeError);
 * ```
 */
export function checkBudget(budget: { readonly limit: number; readonly withinMs: number }): void {
  if (typeof budget !== "object" || budget === null) {
    throw new RangeError(`Cannot keep a budget of ${inWords(budget)}: it takes { limit, withinMs }`);
  }
  const { limit, withinMs } = budget;
  if (!Number.isInteger(limit) || limit < 0) {
    throw new RangeError(
      `Cannot set a restart limit of ${inWords(limit)}: it takes a whole number, 0 or more`,
    );
  }
  if (!(typeof withinMs === "number" && withinMs > 0)) {
    throw new RangeError(`Cannot count restarts within ${inWords(withinMs)} ms: it takes a time above 0`);
  }
}

const STRATEGIES: readonly GroupStrategy[] = ["one-for-one", "one-for-all", "rest-for-one"];

/**
 * Checks a strategy that came as data.
 *
 * @throws `TypeError` on one that there is not.
 *
 * @example
 * ```ts
 * import { checkStrategy, type GroupStrategy } from "@troupe/actors";
 * import { assertThrows } from "@std/assert";
 *
 * const configured: string = "one-for-some";
 * assertThrows(() => checkStrategy(configured as GroupStrategy), TypeError, "it takes one-for-one");
 * ```
 */
export function checkStrategy(strategy: GroupStrategy): void {
  if (STRATEGIES.includes(strategy)) return;
  throw new TypeError(`Cannot supervise ${inWords(strategy)}: it takes ${STRATEGIES.join(", ")}`);
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
 *
 * @example
 * ```ts
 * import { spendRestart } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = { limit: 1, withinMs: 5000 };
 * const { times } = spendRestart([], 0, budget);
 * assertEquals(spendRestart(times, 4999, budget).allowed, false);
 * assertEquals(spendRestart(times, 5000, budget).allowed, true);
 * ```
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
 *
 * @example
 * ```ts
 * import { backoffDelay } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const backoff = { minMs: 100, maxMs: 1000, jitter: 0.5 };
 * assertEquals([0, 1, 9].map((attempt) => backoffDelay(backoff, attempt, 0)), [100, 200, 1000]);
 * assertEquals(backoffDelay(backoff, 0, 1), 50);
 * ```
 */
export function backoffDelay(backoff: Backoff, attempt: number, chance: number): number {
  const full = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(attempt, 52));
  return full * (1 - (backoff.jitter ?? 0) * chance);
}
