/**
 * Giving others their turn, in the middle of long work.
 *
 * @module
 */
import type { World } from "../world/world.ts";

/** Work may go on for so long before sockets have their turn; a look at them costs some 50 µs. */
const SLICE_MS = 1;

/**
 * Work that is done in steps of well under a millisecond. Awaiting a read between them is not enough: one
 * that is done at once is gone on with at once, and so tens of them hold up every socket.
 */
export class Slices {
  readonly #world: Pick<World, "clock" | "loop">;
  #beganMs: number;

  /** The first slice begins. */
  constructor(world: Pick<World, "clock" | "loop">) {
    this.#world = world;
    this.#beganMs = world.clock.monotonic();
  }

  /** To be awaited after each step: lets sockets and timers have their turn, if the slice is over. */
  async yield(): Promise<void> {
    const { clock, loop } = this.#world;
    if (clock.monotonic() - this.#beganMs < SLICE_MS) return;
    await new Promise<void>((resolve) => loop.afterPoll(resolve));
    this.#beganMs = clock.monotonic();
  }
}
