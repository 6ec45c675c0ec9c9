/**
 * The real event loop.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { EventLoop } from "../loop.ts";

/**
 * How many turns of Deno's loop pass between two looks at its sockets: tokio's event interval.
 *
 * One `setImmediate` is one turn. With fewer of them an actor that floods itself holds up every socket by
 * tens of milliseconds; all 61 empty turns together cost about 40 µs.
 */
const TURNS_PER_POLL = 61;

/** Deno's event loop. */
export class DenoLoop implements EventLoop {
  /** What runs when the turns that are being counted are over. */
  #waiting: (() => void)[] = [];
  /** What came while they were being counted: it is owed a count of its own. */
  #later: (() => void)[] = [];
  #turnsLeft = 0;

  soon(task: () => void): void {
    queueMicrotask(task);
  }

  afterPoll(task: () => void): void {
    if (this.#turnsLeft > 0) {
      this.#later.push(task);
      return;
    }
    this.#waiting.push(task);
    this.#turnsLeft = TURNS_PER_POLL;
    setImmediate(this.#turn);
  }

  nextTurn(task: () => void): void {
    setImmediate(task);
  }

  #turn = (): void => {
    if (--this.#turnsLeft > 0) {
      setImmediate(this.#turn);
      return;
    }
    const tasks = this.#waiting;
    this.#waiting = this.#later;
    this.#later = [];
    if (this.#waiting.length > 0) {
      this.#turnsLeft = TURNS_PER_POLL;
      setImmediate(this.#turn);
    }
    for (const task of tasks) task();
  };
}
