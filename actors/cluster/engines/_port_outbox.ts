/**
 * What goes over a port in one turn of the loop, as one message: a message costs more than what is in it.
 *
 * @module
 */
import type { ThreadPort, World } from "../../world/world.ts";

/** Sends lists of what is pushed. */
export class PortOutbox<T> {
  readonly port: ThreadPort;
  readonly #world: Pick<World, "loop">;
  #waiting: T[] = [];
  #isOver = false;

  constructor(port: ThreadPort, world: Pick<World, "loop">) {
    this.port = port;
    this.#world = world;
  }

  /** Sends it with all else of this turn. Nothing once it is closed. */
  push(item: T): void {
    if (this.#isOver || this.#waiting.push(item) > 1) return;
    this.#world.loop.nextTurn(() => this.#flush());
  }

  /** Sends what waits, and closes the port. Twice is fine. */
  close(): void {
    this.#flush();
    this.#isOver = true;
    this.port.close();
  }

  #flush(): void {
    if (this.#isOver || this.#waiting.length === 0) return;
    const items = this.#waiting;
    this.#waiting = [];
    this.port.post(items);
  }
}
