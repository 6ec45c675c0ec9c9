/**
 * States that are asked for again and again.
 *
 * @module
 */

/** A state of something, with what it is called: when the name is the same, so is the state. */
export interface Versioned<T> {
  /** Another at each change. */
  readonly version: string;
  /** The state. */
  readonly value: T;
}
