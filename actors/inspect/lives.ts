/**
 * What the lives of threads report that come and go, so that no sum falls.
 *
 * @module
 */

/** Options of {@linkcode Lives}. */
export interface LivesOptions<Report, Sum> {
  /** What ended lives come to, when none has. */
  readonly none: Sum;
  /** Adds the last report of a life that has ended: of what only grows. */
  readonly add: (ended: Sum, last: Report) => Sum;
}

/**
 * Remembers the last report of each life: for one that does not answer in time it stands. What one that has
 * ended has counted stays in the sum.
 */
export class Lives<Report, Sum> {
  readonly #add: LivesOptions<Report, Sum>["add"];
  readonly #last = new Map<number, Report>();
  #ended: Sum;

  constructor({ none, add }: LivesOptions<Report, Sum>) {
    this.#ended = none;
    this.#add = add;
  }

  /** Of all lives that have ended. */
  get ended(): Sum {
    return this.#ended;
  }

  /** The last reports of those that go on. */
  get last(): readonly Report[] {
    return [...this.#last.values()];
  }

  /** What a life has reported last; undefined where it has not. */
  of(life: number): Report | undefined {
    return this.#last.get(life);
  }

  /** Takes a report of a life. */
  report(life: number, report: Report): void {
    this.#last.set(life, report);
  }

  /** These go on; of the others, those that have reported have ended. */
  goOn(living: Iterable<number>): void {
    const going = new Set(living);
    for (const [life, last] of this.#last) {
      if (going.has(life)) continue;
      this.#last.delete(life);
      this.#ended = this.#add(this.#ended, last);
    }
  }
}
