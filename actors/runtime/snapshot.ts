/**
 * What tools see of an actor.
 *
 * @module
 */

/** One actor, as {@linkcode ActorSystem.tree} shows it. */
export interface ActorSnapshot {
  readonly path: string;
  readonly state: string;
  /** Messages that wait. */
  readonly mailbox: number;
  /** The most messages that waited when a turn began. */
  readonly highWater: number;
  readonly handled: number;
  readonly restarts: number;
  readonly children: readonly ActorSnapshot[];
}
