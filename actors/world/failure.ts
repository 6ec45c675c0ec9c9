/**
 * The words for a failure, the same in every world.
 *
 * @module
 */
import { WorldError, type WorldErrorKind } from "./world.ts";

const REASON: Readonly<Partial<Record<WorldErrorKind, string>>> = {
  "address-in-use": "the address is already in use",
  "address-not-available": "this machine does not have the address",
  "already-exists": "something is there already",
  "broken-pipe": "the other side no longer reads",
  "closed": "it was closed",
  "connection-refused": "the connection was refused",
  "connection-reset": "the connection was reset",
  "in-use": "somebody else has it",
  "is-a-directory": "it is a folder",
  "name-not-found": "the name was not found",
  "no-space": "no space left on the disk",
  "not-a-directory": "it is not a folder",
  "not-a-file": "it is no regular file",
  "not-found": "it was not found",
  "permission-denied": "permission was denied",
  "timed-out": "it took too long",
  "too-large": "it is too large",
  "too-many-open-files": "too many files are open",
  "unreachable": "it cannot be reached",
};

/** What a kind of failure is called, for people; undefined where the platform's own words say more. */
export function reasonFor(kind: WorldErrorKind): string | undefined {
  return REASON[kind];
}

/** How far the causes of an error are followed: some go in a circle. */
const MAX_CAUSES = 8;

/** Why something failed, fit for a stranger: without the path or address that the error itself names. */
export function reasonText(error: unknown): string {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    const reason = cause instanceof WorldError ? REASON[cause.kind] : undefined;
    if (reason !== undefined) return reason;
    cause = cause.cause;
  }
  return "the server is in trouble";
}

/** A failure: "Cannot DOING: why". */
export function failure(kind: WorldErrorKind, doing: string): WorldError {
  return new WorldError(kind, `Cannot ${doing}: ${REASON[kind] ?? "it failed"}`);
}
