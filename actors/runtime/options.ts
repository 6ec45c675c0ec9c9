/**
 * The options of an actor, checked before anything starts.
 *
 * @module
 */
import type { Overflow, SpawnOptions } from "./behavior.ts";
import { type OnFailure, restart } from "./supervision.ts";

/** More than fit into memory, and still a small integer to V8. */
export const NO_LIMIT = 1 << 30;

/** Options of an actor, checked and complete. Shared by all actors that have the defaults. */
export interface CellOptions {
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly onFailure: OnFailure;
  readonly shutdownMs: number;
}

const DEFAULT_OPTIONS: CellOptions = {
  capacity: NO_LIMIT,
  overflow: "reject",
  onFailure: restart(),
  shutdownMs: 5000,
};

const OVERFLOWS: readonly Overflow[] = ["reject", "drop-newest", "drop-oldest"];
const POLICIES: readonly OnFailure["type"][] = ["restart", "stop", "resume", "escalate"];

/** Checks a name and options before anything starts. Throws `TypeError` or `RangeError`. */
export function checkOptions(name: string, options: SpawnOptions | undefined): CellOptions {
  checkName(name);
  if (options === undefined) return DEFAULT_OPTIONS;
  const { mailbox, onFailure = DEFAULT_OPTIONS.onFailure, shutdownMs = DEFAULT_OPTIONS.shutdownMs } = options;
  const capacity = mailbox?.capacity ?? NO_LIMIT;
  if (!(capacity === NO_LIMIT || (Number.isInteger(capacity) && capacity >= 1))) {
    throw new RangeError(
      `Cannot spawn "${name}": a mailbox takes a whole capacity of 1 or more, not ${capacity}`,
    );
  }
  const overflow = mailbox?.overflow ?? "reject";
  if (!OVERFLOWS.includes(overflow)) {
    throw new TypeError(
      `Cannot spawn "${name}": a mailbox's overflow is ${OVERFLOWS.join(", ")}, not ${overflow}`,
    );
  }
  if (!(shutdownMs >= 0)) {
    throw new RangeError(`Cannot spawn "${name}": shutdownMs is 0 or more, not ${shutdownMs}`);
  }
  // One that is none would leave a failed actor without a decision for ever.
  if (!POLICIES.includes(onFailure.type)) {
    throw new TypeError(
      `Cannot spawn "${name}": onFailure is made by ${POLICIES.map((policy) => `${policy}()`).join(", ")}`,
    );
  }
  return { capacity, overflow, onFailure, shutdownMs };
}

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const NAME = /^[^/?\u0000-\u001f\u007f]{1,255}$/;

/** Throws `TypeError` on a name that cannot stand in a path. */
export function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw new TypeError(
      `Cannot name an actor ${
        JSON.stringify(name)
      }: it takes 1 to 255 characters, no "/", no "?", no control characters`,
    );
  }
}

/** Throws `TypeError` on a name that a registry key or a topic cannot have. */
export function checkKeyName(name: string): void {
  if (typeof name !== "string" || name === "" || name.length > 255) {
    throw new TypeError(`Cannot name a key ${JSON.stringify(name)}: it takes 1 to 255 characters`);
  }
}
