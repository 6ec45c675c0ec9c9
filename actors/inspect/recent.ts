/**
 * The last things of a kind that happened, for any number of readers, each of whom is somewhere else.
 *
 * @module
 */

/** A bounded list to which things are added at one end. */
export class Recent<T extends { readonly number: number }> {
  readonly #capacity: number;
  readonly #maxPerSecond: number;
  #items: T[] = [];
  #count = 0;
  #secondAt = -Infinity;
  #inSecond = 0;

  /** Keeps so many, and of those of one second so many; beyond, they are counted. */
  constructor(capacity: number, maxPerSecond: number) {
    this.#capacity = capacity;
    this.#maxPerSecond = maxPerSecond;
  }

  /** How many there ever were. */
  get count(): number {
    return this.#count;
  }

  /** Adds one, which is made only when it is kept. */
  add(nowMs: number, make: (number: number) => T): void {
    const number = ++this.#count;
    // A clock that was set back begins a second, too.
    if (Math.abs(nowMs - this.#secondAt) >= 1000) {
      this.#secondAt = nowMs;
      this.#inSecond = 0;
    }
    if (++this.#inSecond > this.#maxPerSecond) return;
    this.#items.push(make(number));
    if (this.#items.length >= 2 * this.#capacity) this.#items = this.#items.slice(-this.#capacity);
  }

  /** Those that are kept of what came after a number, oldest first. */
  after(number: number): T[] {
    const { length } = this.#items;
    let from = length;
    while (from > 0 && length - from < this.#capacity && (this.#items[from - 1]?.number ?? 0) > number) {
      from--;
    }
    return this.#items.slice(from);
  }
}
