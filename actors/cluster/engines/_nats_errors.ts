/**
 * What the client of NATS throws, as what it means to a cluster.
 *
 * @module
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { Conflict, NoHost, OutcomeUnknown, WriteRefused } from "../errors.ts";

/** "Wrong last sequence: N": another message is the last. */
const WRONG_LAST_SEQUENCE = 10071;

/** "Wrong last sequence", with no number: another write of the subject is in flight, nothing was compared. */
const IN_FLIGHT = 10164;

/** "Message size exceeds maximum allowed": of a stream that was given a bound of its own. */
const TOO_LARGE = 10054;

/**
 * Refusals that are made before anything is stored: no room in the server, of the account (in memory or in
 * all), or on the server's disk; a sealed stream.
 */
const NO_ROOM: readonly number[] = [10002, 10023, 10028, 10047, 10109];

/** "Store failed", and why: with the bound of a stream that was given one, nothing was stored. */
const STORE_FAILED = 10077;
const BOUND_REACHED = /^maximum (bytes|messages) exceeded/;

/** Whether a write was refused without a look at what is the last: it has not happened, and may yet. */
export function isUndecided(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === IN_FLIGHT;
}

/** The error of a write to a key: a refusal, or something of which the outcome is not known. */
export function writeError(key: string, error: unknown): Error {
  if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) {
    return new Conflict(key, { cause: error });
  }
  if (error instanceof JetStreamApiError && error.code === TOO_LARGE) {
    return new RangeError(`Cannot write ${key}: the server takes no message as large`, { cause: error });
  }
  if (error instanceof JetStreamApiError && isWithoutRoom(error)) {
    return new WriteRefused(key, error.message);
  }
  return new OutcomeUnknown(`a write of ${key}`, { cause: error });
}

function isWithoutRoom({ code, message }: JetStreamApiError): boolean {
  return NO_ROOM.includes(code) || (code === STORE_FAILED && BOUND_REACHED.test(message));
}

/** The error of a read. */
export function readError(key: string, error: unknown): Error {
  return new OutcomeUnknown(`a read of ${key}`, { cause: error });
}

/** The error of a request to another host. */
export function requestError(address: string, error: unknown): Error {
  const isNobody = error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.isNoResponders());
  if (isNobody) return new NoHost(address, { cause: error });
  return new OutcomeUnknown(`a request to ${address}`, { cause: error });
}
