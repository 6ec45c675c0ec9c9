/**
 * Fetches that wait until the one before them has let go of its files.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";

/** What waits for its turn. */
interface Waiting {
  readonly observer: Ref<never>;
  readonly begin: () => void;
}

interface Ending {
  readonly swarm: Ref<never>;
  next: Waiting | undefined;
}

/** Torrents that were asked to stop and have not, by info hash, and what begins once they have. */
export class Endings {
  readonly #all = new Map<string, Ending>();

  /** A torrent was asked to stop. */
  add(key: string, swarm: Ref<never>): void {
    this.#all.set(key, { swarm, next: undefined });
  }

  /** Whether a fetch has to wait behind one that ends: `begin` is called then. */
  hasToWait(key: string, waiting: Waiting): boolean {
    const ending = this.#all.get(key);
    if (ending !== undefined) ending.next = waiting;
    return ending !== undefined;
  }

  /** For whom a fetch waits. */
  waiterOf(key: string): Ref<never> | undefined {
    return this.#all.get(key)?.next?.observer;
  }

  /** Who waits does not want it any more. */
  abandon(key: string, observer: Ref<never>): void {
    const ending = this.#all.get(key);
    if (ending?.next?.observer === observer) ending.next = undefined;
  }

  /** A torrent has stopped. */
  stopped(key: string, swarm: Ref<never>): void {
    const ending = this.#all.get(key);
    if (ending?.swarm !== swarm) return;
    this.#all.delete(key);
    ending.next?.begin();
  }
}
