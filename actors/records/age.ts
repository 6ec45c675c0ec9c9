/**
 * Which records are old enough to be refreshed.
 *
 * @module
 */
import type { WallSeconds } from "../../protocols/records.ts";
import { Heap } from "../world/heap.ts";

/** What the age of a datestamp is judged by. */
export interface AgeLimit {
  readonly now: WallSeconds;
  /** The latest datestamp that is old. */
  readonly notAfter: WallSeconds;
}

/**
 * Whether a record with this datestamp is to be refreshed. One that is still to come says nothing: it counts
 * as old.
 */
export function isDue(stamp: WallSeconds, { now, notAfter }: AgeLimit): boolean {
  return stamp <= notAfter || stamp > now;
}

/** A record, as its age is known. Only {@linkcode Ages} writes `place`. */
export interface Aged {
  stamp: WallSeconds;
  /** Where in the order by age it stands; -1 outside. */
  place: number;
}

/**
 * Records by their age. Finding all that are due costs the number due, whatever is stored; only where the
 * clock has gone back all are looked at.
 */
export class Ages<T extends Aged> {
  readonly #byAge = new Heap<T>((left, right) => left.stamp < right.stamp);
  readonly #all: () => Iterable<T>;
  /** Those whose datestamp was still to come when it was last looked at. */
  readonly #ahead = new Set<T>();
  #latestNow: WallSeconds = -Infinity;

  /** @param all gives all records that were put and not removed */
  constructor(all: () => Iterable<T>) {
    this.#all = all;
  }

  /** Takes a record in, or notes that its datestamp has changed. */
  put(member: T, now: WallSeconds): void {
    this.#setNow(now);
    this.#byAge.put(member);
    if (member.stamp > now) this.#ahead.add(member);
    else this.#ahead.delete(member);
  }

  remove(member: T): void {
    this.#byAge.remove(member);
    this.#ahead.delete(member);
  }

  /** All that are due, in no particular order. */
  due(limit: AgeLimit): T[] {
    this.#setNow(limit.now);
    const due = new Set(this.#byAge.due(({ stamp }) => stamp <= limit.notAfter));
    for (const member of this.#ahead) {
      if (member.stamp > limit.now) due.add(member);
      else this.#ahead.delete(member);
    }
    return [...due];
  }

  #setNow(now: WallSeconds): void {
    if (now < this.#latestNow) {
      for (const member of this.#all()) if (member.stamp > now) this.#ahead.add(member);
    }
    this.#latestNow = now;
  }
}
