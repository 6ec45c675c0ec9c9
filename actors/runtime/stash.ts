/**
 * Messages that an actor puts aside.
 *
 * @module
 */
import type { Stash } from "./behavior.ts";

/** What a stash needs of the life whose it is. */
interface StashHost<M> {
  /** All has been released: nothing can be kept any more. */
  readonly isOver: boolean;
  /** The message as it came: in its envelope, if it is the one that is being handled. */
  itemOf(message: M): unknown;
  putBack(items: unknown[]): void;
  deadLetter(message: M, reason: "stash-full" | "earlier-life"): void;
}

/** The stash of one life of an actor. */
export class LifeStash<M> implements Stash<M> {
  readonly #host: StashHost<M>;
  readonly capacity: number;
  #items: unknown[] = [];

  constructor(host: StashHost<M>, capacity: number) {
    this.#host = host;
    this.capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  push(message: M): void {
    if (this.#host.isOver) return this.#host.deadLetter(message, "earlier-life");
    if (this.#items.length >= this.capacity) return this.#host.deadLetter(message, "stash-full");
    this.#items.push(this.#host.itemOf(message));
  }

  unstashAll(): void {
    this.#host.putBack(this.take());
  }

  /** Takes all out, oldest first. */
  take(): unknown[] {
    const taken = this.#items;
    this.#items = [];
    return taken;
  }
}
