/**
 * Letting other sockets have their turn beside peers who send so much that the event loop never waits.
 *
 * @module
 */
import type { Clock, EventLoop } from "../world/world.ts";

/** What of the world it takes. */
export interface PacedWorld {
  /** Tells how long it has been. */
  readonly clock: Pick<Clock, "monotonic">;
  /** Looks at the sockets. */
  readonly loop: Pick<EventLoop, "afterPoll">;
}

/** Blocks are taken for so long before all sockets are looked at; a look costs some 50 µs. */
const PACE_MS = 1;

/**
 * For all peers of one node: a loop in which there is always a read that can go on at once looks at other
 * sockets only after many turns, each of which takes its time. So nobody is read from after a millisecond of
 * blocks, whoever sent them, until the loop has looked.
 */
export class PollPace {
  readonly #world: PacedWorld;
  readonly #waiting: (() => void)[] = [];
  #polledMs: number;

  /** The loop has just looked. */
  constructor(world: PacedWorld) {
    this.#world = world;
    this.#polledMs = world.clock.monotonic();
  }

  /** Whether to wait before the next block is taken: then `goOn` is called. */
  mustWait(goOn: () => void): boolean {
    const { clock, loop } = this.#world;
    if (this.#waiting.length === 0) {
      if (clock.monotonic() - this.#polledMs < PACE_MS) return false;
      loop.afterPoll(this.#polled);
    }
    this.#waiting.push(goOn);
    return true;
  }

  readonly #polled = (): void => {
    this.#polledMs = this.#world.clock.monotonic();
    for (const goOn of this.#waiting.splice(0)) goOn();
  };
}
