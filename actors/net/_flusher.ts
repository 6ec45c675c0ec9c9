/**
 * When the connections of one server write.
 *
 * @module
 */
import type { EventLoop } from "../world/world.ts";

/** Something that has bytes to write. */
export interface Flushable {
  /** Begins the write. */
  flush(): void;
}

/**
 * Begins the writes of many connections in one go, when the running code has returned: the peers that wake up
 * find the next ones busy, and nothing is scheduled for each.
 */
export class Flusher {
  readonly #loop: EventLoop;
  readonly #waiting: (Flushable | undefined)[] = [];
  #count = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** Has it flushed soon. Not twice before it was. */
  add(flushable: Flushable): void {
    this.#waiting[this.#count++] = flushable;
    if (this.#count === 1) this.#loop.soon(this.#flush);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    for (let index = 0; index < this.#count; index++) {
      const flushable = waiting[index];
      waiting[index] = undefined;
      flushable?.flush();
    }
    this.#count = 0;
  };
}
