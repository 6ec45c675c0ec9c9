/**
 * One TCP connection as an actor.
 *
 * @module
 */

/** Limits of one connection. */
export interface ConnectionLimits {
  /** Milliseconds in which the peer sends nothing, and is sent nothing, after which the connection is closed; 0 is no limit. @default 0 */
  readonly idleTimeoutMs: number;
  /** Milliseconds for which the peer may take none of what waits for it. @default 10000 */
  readonly slowClientMs: number;
  /** Bytes that may wait for the peer. @default 1048576 */
  readonly maxOutboundBytes: number;
}
