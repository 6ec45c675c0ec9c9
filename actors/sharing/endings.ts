/**
 * Fetches that wait until the one before them has let go of its files.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { AnnounceAs } from "./announcer.ts";
import type { FetchOrder } from "./swarms_commands.ts";
import type { TorrentNotice } from "./torrent_status.ts";

/** What is fetched for whom. */
export interface Fetch {
  readonly order: FetchOrder;
  readonly observer: Ref<TorrentNotice>;
  /** By which other hash its pieces are to be had by now. */
  readonly as?: AnnounceAs | undefined;
}

interface Ending {
  readonly swarms: Set<Ref<never>>;
  next: Fetch | undefined;
}

/** Torrents that were asked to stop and have not, by info hash, and what begins once they have. */
export class Endings {
  readonly #all = new Map<string, Ending>();

  /** A torrent was asked to stop. */
  add(key: string, swarm: Ref<never>): void {
    const ending = this.#all.get(key) ?? { swarms: new Set(), next: undefined };
    ending.swarms.add(swarm);
    this.#all.set(key, ending);
  }

  /** Whether a fetch has to wait behind one that ends. */
  hasToWait(key: string, next: Fetch): boolean {
    const ending = this.#all.get(key);
    if (ending !== undefined) ending.next = next;
    return ending !== undefined;
  }

  /** The fetch that waits. */
  waiting(key: string): Fetch | undefined {
    return this.#all.get(key)?.next;
  }

  /** The pieces of what waits are to be had under another hash. */
  follow(key: string, as: AnnounceAs): void {
    const next = this.waiting(key);
    if (next !== undefined) this.hasToWait(key, { ...next, as });
  }

  /** Who waits does not want it any more. */
  abandon(key: string, observer: Ref<never>): void {
    const ending = this.#all.get(key);
    if (ending?.next?.observer === observer) ending.next = undefined;
  }

  /** A torrent has stopped: says what begins. */
  stopped(key: string, swarm: Ref<never>): Fetch | undefined {
    const ending = this.#all.get(key);
    if (!ending?.swarms.delete(swarm) || ending.swarms.size > 0) return undefined;
    this.#all.delete(key);
    return ending.next;
  }
}
