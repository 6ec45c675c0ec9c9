/**
 * What really occurred in a run: faults, and states that a test wants to have seen.
 *
 * @module
 */

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** One more, or `by` more. */
  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  /** How often something occurred. */
  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** All of them, by name. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([left], [right]) => left < right ? -1 : 1);
  }

  /** Adds the counts of another run. */
  add(entries: Iterable<readonly [string, number]>): void {
    for (const [name, count] of entries) this.count(name, count);
  }
}
