/**
 * What tools see of an actor.
 *
 * @module
 */

/** Where an actor is in its life: `waiting` is between two lives, `failed` before the decision of its parent. */
export type ActorState = "waiting" | "starting" | "running" | "failed" | "stopping" | "stopped";

/** One actor, as {@linkcode ActorSystem.tree} shows it. */
export interface ActorSnapshot {
  /** Where it stands in the tree. */
  readonly path: string;
  /** Where it is in its life. */
  readonly state: ActorState;
  /** Messages that wait. */
  readonly mailbox: number;
  /** The most messages that waited when a turn began. */
  readonly highWater: number;
  /** Messages handled, in all its lives. */
  readonly handled: number;
  /** Restarts so far. */
  readonly restarts: number;
  /** Its children, oldest first. */
  readonly children: readonly ActorSnapshot[];
}

/** A snapshot to which the children are still to be added. */
export interface ShallowSnapshot extends ActorSnapshot {
  readonly children: ShallowSnapshot[];
}
