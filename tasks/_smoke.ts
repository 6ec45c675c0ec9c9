/**
 * What shows in a moment that a service works.
 *
 * @module
 */

/**
 * A short talk with a service that listens: what is sent and what must come back, as lines (TCP) or
 * datagrams (UDP).
 */
export interface Smoke {
  readonly says: readonly string[];
  readonly hears: readonly RegExp[];
  /** What the server's log must show, for a service that does not answer who speaks. */
  readonly logs?: RegExp;
}
