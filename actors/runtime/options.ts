/**
 * The options of an actor, checked before anything starts.
 *
 * @module
 */
import type { LogLevel } from "../world/world.ts";
import type { DecideOnFailure, Overflow, RestartType, SpawnOptions } from "./spawn_options.ts";
import { inWords } from "./in_words.ts";
import type { ActorOptionsText } from "./snapshot.ts";
import {
  checkBackoff,
  checkBudget,
  checkStrategy,
  type GroupStrategy,
  type OnFailure,
  restart,
  type SuperviseOptions,
} from "./supervision.ts";

/** More than fit into memory, and still a small integer to V8. */
export const NO_LIMIT = 1 << 30;

/** Options of an actor, checked and complete. Shared by all actors that have the defaults. */
export interface CellOptions {
  readonly capacity: number;
  readonly overflow: Overflow;
  /** A predicate of the actor's own messages. */
  readonly isUrgent: ((message: never) => boolean) | undefined;
  readonly onFailure: OnFailure | DecideOnFailure;
  readonly restart: RestartType;
  readonly stashCapacity: number;
  readonly shutdownMs: number;
  readonly deadLetterLevel: LogLevel;
  /** The mailbox takes everything, in order. */
  readonly isPlain: boolean;
}

/** Those of whoever gives none. */
export const DEFAULT_OPTIONS: CellOptions = {
  capacity: NO_LIMIT,
  overflow: "reject",
  isUrgent: undefined,
  onFailure: restart(),
  restart: "transient",
  stashCapacity: 10_000,
  shutdownMs: 5000,
  deadLetterLevel: "warn",
  isPlain: true,
};

const OVERFLOWS: readonly Overflow[] = ["reject", "drop-newest", "drop-oldest"];
const POLICIES: readonly OnFailure["type"][] = ["restart", "stop", "resume", "escalate"];
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const RESTARTS: readonly RestartType[] = ["permanent", "transient", "temporary"];
const STOP_ORDERS: readonly unknown[] = ["reverse", "together", undefined];

/** Checks a name and options before anything starts. Throws `TypeError` or `RangeError`. */
export function checkOptions<M>(name: string, options: SpawnOptions<M> | undefined): CellOptions {
  checkName(name);
  if (options === undefined) return DEFAULT_OPTIONS;
  const {
    mailbox,
    onFailure = DEFAULT_OPTIONS.onFailure,
    restart = DEFAULT_OPTIONS.restart,
    stashCapacity = DEFAULT_OPTIONS.stashCapacity,
    shutdownMs = DEFAULT_OPTIONS.shutdownMs,
    deadLetterLevel = DEFAULT_OPTIONS.deadLetterLevel,
  } = options;
  const { capacity = NO_LIMIT, overflow = DEFAULT_OPTIONS.overflow, isUrgent } = mailbox ?? {};
  if (!(Number.isInteger(capacity) && capacity >= 1)) {
    throw new RangeError(
      `Cannot spawn "${name}": a mailbox takes a whole capacity of 1 or more, not ${inWords(capacity)}`,
    );
  }
  checkOneOf(name, "a mailbox's overflow", OVERFLOWS, overflow);
  checkOneOf(name, "restart", RESTARTS, restart);
  checkOneOf(name, "deadLetterLevel", LEVELS, deadLetterLevel);
  if (isUrgent !== undefined && typeof isUrgent !== "function") {
    throw new TypeError(`Cannot spawn "${name}": isUrgent is a function of a message`);
  }
  if (!(Number.isInteger(stashCapacity) && stashCapacity >= 0)) {
    throw new RangeError(
      `Cannot spawn "${name}": stashCapacity is a whole number from 0, not ${inWords(stashCapacity)}`,
    );
  }
  if (!(typeof shutdownMs === "number" && shutdownMs >= 0)) {
    throw new RangeError(`Cannot spawn "${name}": shutdownMs is 0 or more, not ${inWords(shutdownMs)}`);
  }
  // An unknown policy would leave a failed actor without a decision for ever.
  if (typeof onFailure !== "function") checkPolicy(name, onFailure);
  const isPlain = mailbox === undefined;
  return {
    ...{ capacity, overflow, isUrgent, onFailure, restart, stashCapacity, shutdownMs, deadLetterLevel },
    isPlain,
  };
}

/** Checks how children are supervised. Throws `TypeError` or `RangeError`. */
export function checkSupervision(strategy: GroupStrategy, { budget, stopOrder }: SuperviseOptions): void {
  checkStrategy(strategy);
  if (budget !== undefined) checkBudget(budget);
  if (STOP_ORDERS.includes(stopOrder)) return;
  throw new TypeError(`Cannot stop children ${inWords(stopOrder)}: it takes reverse or together`);
}

/** Options in words. */
export function describeOptions(options: CellOptions): ActorOptionsText {
  const { capacity, overflow, onFailure, restart, stashCapacity, shutdownMs } = options;
  return {
    mailbox: capacity === NO_LIMIT ? "no bound" : `at most ${capacity}, then ${overflow}`,
    onFailure: describePolicy(onFailure),
    restart,
    stashCapacity,
    shutdownMs,
  };
}

function describePolicy(policy: CellOptions["onFailure"]): string {
  if (typeof policy === "function") return "decided by a function";
  return policy.type === "restart" ? `restart, ${policy.limit} in ${policy.withinMs} ms` : policy.type;
}

/** Throws `TypeError` on what is no policy, `RangeError` on one whose budget or backoff nobody could keep. */
function checkPolicy(name: string, policy: unknown): void {
  if (!hasPolicyType(policy)) {
    throw new TypeError(
      `Cannot spawn "${name}": onFailure is made by ${POLICIES.map((type) => `${type}()`).join(", ")}`,
    );
  }
  if (policy.type !== "restart") return;
  checkBudget(policy);
  if (policy.backoff !== undefined) checkBackoff(policy.backoff);
}

/** Whether this is a policy, and one that can be kept: a function that decides may return anything. */
export function isPolicy(value: unknown): value is OnFailure {
  try {
    checkPolicy("", value);
    return true;
  } catch {
    return false;
  }
}

function hasPolicyType(value: unknown): value is OnFailure {
  return typeof value === "object" && value !== null && "type" in value &&
    POLICIES.some((policy) => policy === value.type);
}

function checkOneOf(name: string, what: string, known: readonly string[], given: string): void {
  if (known.includes(given)) return;
  throw new TypeError(`Cannot spawn "${name}": ${what} is ${known.join(", ")}, not ${inWords(given)}`);
}

const MAX_NAME_LENGTH = 255;
const SPACE = 0x20;
const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const DELETE = 0x7f;

/** Throws `TypeError` on a name that cannot stand in a path. */
export function checkName(name: string): void {
  if (!isName(name)) {
    throw new TypeError(
      `Cannot name an actor ${
        inWords(name)
      }: it takes 1 to 255 characters, no "/", no "?", no control characters`,
    );
  }
}

/** Not by a regular expression, which would be a twentieth of what it costs to spawn an actor. */
function isName(name: unknown): boolean {
  if (typeof name !== "string" || name.length === 0 || name.length > MAX_NAME_LENGTH) return false;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit < SPACE || unit === DELETE || unit === SLASH || unit === QUESTION_MARK) return false;
  }
  return true;
}

/** Throws `TypeError` on a name that a registry key or a topic cannot have. */
export function checkKeyName(name: string): void {
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH) {
    throw new TypeError(`Cannot name a key ${inWords(name)}: it takes 1 to 255 characters`);
  }
}
