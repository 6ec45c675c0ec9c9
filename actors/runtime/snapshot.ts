/**
 * What tools see of an actor.
 *
 * @module
 */
import { inWords } from "./in_words.ts";

/**
 * Where an actor is in its life: `waiting` is between two lives, `failed` before the decision of its parent.
 */
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
  /** How many children it has. */
  readonly childCount: number;
  /** Its children, oldest first: those that were asked for. */
  readonly children: readonly ActorSnapshot[];
}

/** One actor, and how it was made: see {@linkcode ActorSystem.details}. */
export interface ActorDetails {
  /** The actor, without its children. */
  readonly actor: ActorSnapshot;
  /** Its options, in words. */
  readonly options: ActorOptionsText;
  /** Paths of the actors that watch it: so many at most as were asked for. */
  readonly watchers: readonly string[];
  /** How many watch it. */
  readonly watcherCount: number;
}

/** The options of an actor, in words for people. */
export interface ActorOptionsText {
  /** `no bound`, `at most 100, then reject`. */
  readonly mailbox: string;
  /** `restart, 3 in 5000 ms`, `stop`, `decided by a function`. */
  readonly onFailure: string;
  /** `permanent`, `transient`, `temporary`. */
  readonly restart: string;
  /** The most messages that it may put aside. */
  readonly stashCapacity: number;
  /** Milliseconds that its stop may take. */
  readonly shutdownMs: number;
}

/**
 * How much of a tree is shown: a system may have a hundred thousand actors, and whoever looks has one screen.
 */
export interface TreeOptions {
  /** Levels below the first actor. @default all */
  readonly levels?: number;
  /** Children shown of each actor. @default all */
  readonly maxChildren?: number;
  /**
   * Children of the first actor that are left out before those that are shown: for the next page.
   * @default 0
   */
  readonly skipChildren?: number;
  /** Actors shown in all. @default all */
  readonly maxActors?: number;
}

/** A snapshot to which the children are still to be added. */
export interface ShallowSnapshot extends ActorSnapshot {
  readonly children: ShallowSnapshot[];
}

/** Throws `RangeError` on an invalid number, or one below 0. */
export function checkTreeOptions(options: TreeOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (value >= 0 && (value === Infinity || Number.isInteger(value)))) continue;
    throw new RangeError(
      `Cannot show the tree with ${name} ${inWords(value)}: it takes a whole number from 0`,
    );
  }
}
