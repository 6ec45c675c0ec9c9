/**
 * Counts and searches of a whole tree, in pieces: nobody waits for a tree of 100,000 actors to be walked.
 *
 * @module
 */
import type { ActorSnapshot, ActorSystem } from "../runtime/mod.ts";
import type { EventLoop } from "../world/world.ts";

/** Actors between two looks at sockets and timers: about a quarter of a millisecond. */
const PIECE = 500;

/**
 * Calls `met` with each actor, a piece of the tree at a time, until it says `false`.
 *
 * @param isOver looked at between two pieces: true ends it
 */
export async function walkInPieces(
  system: Pick<ActorSystem, "walk">,
  loop: EventLoop,
  met: (actor: ActorSnapshot) => boolean | void,
  isOver: () => boolean = () => false,
): Promise<void> {
  let left = PIECE;
  for (const actor of system.walk()) {
    if (met(actor) === false) return;
    if (--left > 0) continue;
    left = PIECE;
    await new Promise<void>((resolve) => loop.afterPoll(resolve));
    if (isOver()) return;
  }
}

/** What a tree comes to. */
export interface Totals {
  /** Actors that are there. */
  readonly actors: number;
  /** Messages handled, by those that have stopped as well. */
  readonly handled: number;
  /** Messages that wait. */
  readonly waiting: number;
  /** The most that waited in one mailbox. */
  readonly highWater: number;
}

/** What can be counted. */
export type CountedSystem = Pick<ActorSystem, "walk" | "handledByStopped">;

/** Told of each actor that is counted, and of its system. */
export type Met = (actor: ActorSnapshot, system: CountedSystem) => void;

/** Counts whole trees; `met` is called with each actor. */
export async function census(
  systems: readonly CountedSystem[],
  loop: EventLoop,
  met: Met = () => {},
): Promise<Totals> {
  let [actors, handled, waiting, highWater] = [0, 0, 0, 0];
  for (const system of systems) {
    // Before the walk: who stops meanwhile is not counted twice.
    handled += system.handledByStopped;
    await walkInPieces(system, loop, (actor) => {
      actors++;
      handled += actor.handled;
      waiting += actor.mailbox;
      highWater = Math.max(highWater, actor.highWater);
      met(actor, system);
    });
  }
  return { actors, handled, waiting, highWater };
}
