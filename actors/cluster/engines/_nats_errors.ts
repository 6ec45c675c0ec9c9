/**
 * What the client of NATS throws, as what it means to a cluster.
 *
 * @module
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { Conflict, NoHost, OutcomeUnknown } from "../errors.ts";

/** Codes of the server for "wrong last sequence": of a single server, and of one in a cluster. */
const WRONG_LAST_SEQUENCE = [10071, 10164];

/** "Message size exceeds maximum allowed": of a stream that was given a bound of its own. */
const TOO_LARGE = 10054;

/** The error of a write to a key: a refusal, or something of which the outcome is not known. */
export function writeError(key: string, error: unknown): Error {
  if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code)) {
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
