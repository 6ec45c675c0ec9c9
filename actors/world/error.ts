/**
 * What went wrong in the network or on the disk, the same in every world.
 *
 * @module
 */

/** What went wrong, for every failure of {@linkcode Net} and {@linkcode Disk}. */
export type WorldErrorKind =
  | "address-in-use"
  | "address-not-available"
  | "already-exists"
  | "broken-pipe"
  | "closed"
  | "connection-refused"
  | "connection-reset"
  | "in-use"
  | "invalid-data"
  | "is-a-directory"
  | "name-not-found"
  | "no-space"
  | "not-a-directory"
  | "not-a-file"
  | "not-found"
  | "permission-denied"
  | "timed-out"
  | "too-large"
  | "too-many-open-files"
  | "unreachable"
  | "other";

/** A failure of the network or the disk, the same in every world. `cause` is the platform's own error. */
export class WorldError extends Error {
  /** `WorldError`. */
  override readonly name = "WorldError";
  /** What went wrong. */
  readonly kind: WorldErrorKind;
  /** An error of this kind; `options.cause` is the platform's own. */
  constructor(kind: WorldErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Whether a failure says that the file or directory does not exist.
 *
 * @example
 * ```ts
 * import { isNotFound, WorldError } from "@troupe/actors";
 * import { assert } from "@std/assert";
 *
 * assert(isNotFound(new WorldError("not-found", "Cannot open /data: it was not found")));
 * assert(!isNotFound(new Error("not found")));
 * ```
 */
export function isNotFound(error: unknown): boolean {
  return error instanceof WorldError && error.kind === "not-found";
}

/**
 * What was thrown, as text for people: an error's message (its name where it has none), all else as a string.
 * Never throws, whatever was thrown.
 *
 * @example
 * ```ts
 * import { errorText } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(errorText(new Error("no room")), "no room");
 * assertEquals(errorText(undefined), "undefined");
 * ```
 */
export function errorText(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message || error.name) : String(error);
  } catch {
    // Objects without a prototype, and those whose own methods throw.
    return typeof error;
  }
}
