/**
 * What goes over a port in one turn of the loop, as one message: a message costs more than what is in it.
 *
 * @module
 */
import type { Cancellable, ThreadPort, World } from "../../world/world.ts";

/** What nobody waits for goes after so long at the latest. */
const LAZY_MS = 2;

/** Sends lists of what is pushed. */
export class PortOutbox<T> {
  readonly port: ThreadPort;
  readonly #world: Pick<World, "clock" | "loop">;
  #waiting: T[] = [];
  #isPlanned = false;
  #lazily: Cancellable | undefined;
  #isOver = false;

  constructor(port: ThreadPort, world: Pick<World, "clock" | "loop">) {
    this.port = port;
    this.#world = world;
  }

  /** Sends it with all else of this turn. Nothing once it is closed. */
  push(item: T): void {
    if (this.#isOver) return;
    this.#waiting.push(item);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#world.loop.nextTurn(() => this.#flush());
  }

  /** Sends it with what is sent next, or in a moment. */
  pushLazily(item: T): void {
    if (this.#isOver) return;
    this.#waiting.push(item);
    this.#lazily ??= this.#world.clock.timer(LAZY_MS, () => {
      this.#lazily = undefined;
      this.#flush();
    });
  }

  /** Sends what waits, and closes the port. Twice is fine. */
  close(): void {
    this.#flush();
    this.#isOver = true;
    this.#lazily?.cancel();
    this.port.close();
  }

  #flush(): void {
    this.#isPlanned = false;
    if (this.#isOver || this.#waiting.length === 0) return;
    const items = this.#waiting;
    this.#waiting = [];
    this.port.post(items);
  }
}
