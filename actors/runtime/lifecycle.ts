/**
 * Where an actor is in its life, and where it may go from there: the one table of it.
 *
 * @module
 */

/** Waits to begin a life: a new actor, or one between two lives. */
export const WAITING = 0;
/** Its behaviour runs. */
export const STARTING = 1;
/** Handles messages. */
export const RUNNING = 2;
/** Failed, and waiting for its parent's decision. */
export const FAILED = 3;
/** Ends its life: the handler finishes, the children stop, what the life holds is released. */
export const ENDING = 4;
/** Gone for good. */
export const STOPPED = 5;

/** A state. */
export type State =
  | typeof WAITING
  | typeof STARTING
  | typeof RUNNING
  | typeof FAILED
  | typeof ENDING
  | typeof STOPPED;

/** The states by name, for people. */
export const STATE_NAMES = ["waiting", "starting", "running", "failed", "stopping", "stopped"] as const;

function states(...allowed: State[]): number {
  return allowed.reduce<number>((mask, state) => mask | 1 << state, 0);
}

/** For each state, those that may follow it. */
const NEXT: readonly number[] = [
  // Of those that wait only the root has children, and so an end that takes steps.
  /* WAITING  */ states(STARTING, ENDING, STOPPED),
  /* STARTING */ states(RUNNING, FAILED, ENDING, STOPPED),
  /* RUNNING  */ states(FAILED, ENDING, STOPPED),
  // Resumed: it goes on where it was, be that in its start.
  /* FAILED   */ states(STARTING, RUNNING, ENDING, STOPPED),
  /* ENDING   */ states(WAITING, STOPPED),
  /* STOPPED  */ 0,
];

/**
 * Gives `to` back; throws where it may not follow `from`: the runtime's own mistake, which must not go
 * unseen.
 */
export function advance(from: State, to: State): State {
  if (((NEXT[from] ?? 0) >> to & 1) === 0) {
    throw new Error(`Cannot go from ${STATE_NAMES[from]} to ${STATE_NAMES[to]}`);
  }
  return to;
}
