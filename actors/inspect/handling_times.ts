/**
 * How long the messages of each actor take, from samples.
 *
 * @module
 */

/** So many actors are remembered, those that were seen last. */
const MAX_ACTORS = 5000;
/** A new sample counts this much: what was long ago fades. */
const WEIGHT = 0.2;

/** Mean times by path. */
export class HandlingTimes {
  readonly #means = new Map<string, number>();

  /** Adds a sample. */
  add(path: string, durationMs: number): void {
    const mean = this.#means.get(path);
    // Those that were seen last stand last.
    this.#means.delete(path);
    this.#means.set(path, mean === undefined ? durationMs : mean + WEIGHT * (durationMs - mean));
    if (this.#means.size <= MAX_ACTORS) return;
    const [oldest] = this.#means.keys();
    if (oldest !== undefined) this.#means.delete(oldest);
  }

  /** Milliseconds that a message of the actor takes; undefined where none was timed. */
  mean(path: string): number | undefined {
    return this.#means.get(path);
  }
}
