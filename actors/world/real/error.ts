/**
 * The platform's own errors, told as {@linkcode WorldError}s.
 *
 * @module
 */
import { reasonFor } from "../failure.ts";
import { WorldError, type WorldErrorKind } from "../world.ts";
import { errorText } from "../error.ts";

/** Of Deno's errors, which have no codes of the system. */
const KIND_BY_NAME: Readonly<Record<string, WorldErrorKind>> = {
  AddrInUse: "address-in-use",
  AddrNotAvailable: "address-not-available",
  AlreadyExists: "already-exists",
  BadResource: "closed",
  BrokenPipe: "broken-pipe",
  ConnectionAborted: "connection-reset",
  ConnectionRefused: "connection-refused",
  ConnectionReset: "connection-reset",
  FilesystemLoop: "not-found",
  Interrupted: "closed",
  InvalidData: "invalid-data",
  IsADirectory: "is-a-directory",
  NetworkUnreachable: "unreachable",
  NotADirectory: "not-a-directory",
  NotCapable: "permission-denied",
  NotConnected: "connection-reset",
  NotFound: "not-found",
  PermissionDenied: "permission-denied",
  TimedOut: "timed-out",
  UnexpectedEof: "connection-reset",
};

const KIND_BY_CODE: Readonly<Record<string, WorldErrorKind>> = {
  EACCES: "permission-denied",
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  EAFNOSUPPORT: "address-not-available",
  EAI_AGAIN: "name-not-found",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EDQUOT: "no-space",
  EEXIST: "already-exists",
  EFBIG: "too-large",
  EHOSTUNREACH: "unreachable",
  EISDIR: "is-a-directory",
  EMFILE: "too-many-open-files",
  EMSGSIZE: "too-large",
  ENETUNREACH: "unreachable",
  ENFILE: "too-many-open-files",
  ENOENT: "not-found",
  ENOSPC: "no-space",
  ENOTDIR: "not-a-directory",
  ENOTEMPTY: "already-exists",
  ENOTFOUND: "name-not-found",
  EPERM: "permission-denied",
  EPIPE: "broken-pipe",
  ETIMEDOUT: "timed-out",
  UND_ERR_SOCKET: "connection-reset",
};

/** Codes of what OpenSSL and `node:tls` find wrong with a peer or its certificate. */
const OF_TLS = /^(?:ERR_SSL_|ERR_OSSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Linux's numbers. */
const KIND_BY_NUMBER: Readonly<Record<string, WorldErrorKind>> = {
  "39": "already-exists",
  "97": "address-not-available",
  "101": "unreachable",
  "104": "connection-reset",
  "110": "timed-out",
  "111": "connection-refused",
  "113": "unreachable",
};

/**
 * Tells a failure of the platform's as a {@linkcode WorldError} that says what could not be done.
 *
 * @param doing what was tried, as in "Cannot DOING: why"
 */
export function worldError(doing: string, error: unknown): WorldError {
  if (error instanceof WorldError) return error;
  const kind = kindOf(error);
  // The platform's own text names the flag of a missing permission, which is what its reader needs.
  const own = errorText(error);
  const isMissingRight = error instanceof Error && error.name === "NotCapable";
  const reason = isMissingRight ? own : reasonFor(kind) ?? own;
  return new WorldError(kind, `Cannot ${doing}: ${reason}`, { cause: error });
}

/** What kind of failure an error of the platform is. */
export function kindOf(error: unknown): WorldErrorKind {
  if (error instanceof WorldError) return error.kind;
  if (!(error instanceof Error)) return "other";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const byCode = code === undefined ? undefined : KIND_BY_CODE[code];
  if (byCode !== undefined) return byCode;
  // What `node:tls` says of a peer that speaks no TLS, or of an invalid certificate.
  if (code !== undefined && OF_TLS.test(code)) return "invalid-data";
  if (error.message.includes("failed to lookup address")) {
    return "name-not-found";
  }
  // `fetch` has the number of the failure in its text only.
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  const byNumber = number === undefined ? undefined : KIND_BY_NUMBER[number];
  return byNumber ?? KIND_BY_NAME[error.name] ?? "other";
}
