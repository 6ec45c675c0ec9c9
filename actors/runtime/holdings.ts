/**
 * What few lives need.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { ReceiveTimeout } from "./life_timers.ts";
import type { LifeStash } from "./stash.ts";

/** Releases that an ending life may still be given: one that makes the next would be done never. */
const MAX_LATE_RELEASES = 1000;

type Release = () => void | Promise<void>;

/** What one life holds. Made when first needed: most hold nothing. */
export class Holdings<M> {
  controller: AbortController | undefined;
  #held: Set<Cancellable> | undefined;
  #releases: Release[] | undefined;
  /** Those that came while the life was ending. */
  #lateReleases = 0;
  stash: LifeStash<M> | undefined;
  receiveTimeout: ReceiveTimeout | undefined;
  receiveTimeoutHeld: Cancellable | undefined;
  stateTimeout: Cancellable | undefined;

  /** Timers, subscriptions, watches. Made with the first: a connection has none, and is one of thousands. */
  get held(): Set<Cancellable> {
    return this.#held ??= new Set();
  }

  /** Has it called when the life ends, before those that were given earlier. */
  addRelease(release: Release): void {
    // An array that is made by `push` has room for 16 more.
    if (this.#releases === undefined) this.#releases = [release];
    else this.#releases.push(release);
  }

  /** The next to be called. */
  takeRelease(): Release | undefined {
    return this.#releases?.pop();
  }

  /** The life is about to end: what it waits for is called off. */
  abort(reason: () => unknown): void {
    this.controller?.abort(reason());
    for (const held of [...this.#held ?? []]) held.cancel();
  }

  /** Throws `RangeError` on one too many. */
  countLateRelease({ path }: { readonly path: string }): void {
    if (++this.#lateReleases <= MAX_LATE_RELEASES) return;
    throw new RangeError(`Cannot release more at ${path}: its releases go on registering releases`);
  }
}
