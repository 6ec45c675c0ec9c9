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

/** What one life holds. Made when first needed: most hold nothing. */
export class Holdings<M> {
  controller: AbortController | undefined;
  /** Timers, subscriptions, watches. */
  readonly held = new Set<Cancellable>();
  readonly releases: (() => void | Promise<void>)[] = [];
  /** Those that came while the life was ending. */
  #lateReleases = 0;
  stash: LifeStash<M> | undefined;
  receiveTimeout: ReceiveTimeout | undefined;
  receiveTimeoutHeld: Cancellable | undefined;
  stateTimeout: Cancellable | undefined;

  /** The life is about to end: what it waits for is called off. */
  abort(reason: () => unknown): void {
    this.controller?.abort(reason());
    for (const held of [...this.held]) held.cancel();
  }

  /** Throws `RangeError` on one too many. */
  countLateRelease({ path }: { readonly path: string }): void {
    if (++this.#lateReleases <= MAX_LATE_RELEASES) return;
    throw new RangeError(`Cannot release more at ${path}: its releases go on registering releases`);
  }
}
