/**
 * What few lives need.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { Envelope } from "./envelope.ts";
import type { ReceiveTimeout } from "./life_timers.ts";
import type { LifeStash } from "./stash.ts";

/** Releases that an ending life may still be given: one that makes the next would be done never. */
const MAX_LATE_RELEASES = 1000;

/** What one life holds. Made when first needed. */
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
  /** The envelope of the message that was handled last of those that came in one. */
  current: Envelope | undefined;
  /** Which handling that is: an equal message that comes later, told by another, has none. */
  currentAt = 0;

  /** Throws `RangeError` on one too many. */
  countLateRelease({ path }: { readonly path: string }): void {
    if (++this.#lateReleases <= MAX_LATE_RELEASES) return;
    throw new RangeError(`Cannot release more at ${path}: its releases go on registering releases`);
  }
}
