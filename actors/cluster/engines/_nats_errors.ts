/**
 * What the client of NATS throws, as what it means to a cluster.
 *
 * @module
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { Conflict, NoHost, OutcomeUnknown } from "../errors.ts";

/** "Wrong last sequence: N": another message is the last. */
const WRONG_LAST_SEQUENCE = 10071;

/** "Wrong last sequence", with no number: another write of the subject is in flight, nothing was compared. */
const IN_FLIGHT = 10164;

/** "Message size exceeds maximum allowed": of a stream that was given a bound of its own. */
const TOO_LARGE = 10054;

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
  return new OutcomeUnknown(`a write of ${key}`, { cause: error });
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
