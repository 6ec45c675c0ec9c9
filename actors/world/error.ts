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
