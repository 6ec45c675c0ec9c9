/**
 * How often work may be done whose length others decide.
 *
 * @module
 */

/** Work that is over sooner may be done at any time. */
const FREE_MS = 20;
/** Between two pieces of longer work lies so many times what the first one took. */
const REST = 4;

/** Keeps work to a fifth of the time, however many ask for it. */
export class Pace {
  readonly #now: () => number;
  #notBefore = -Infinity;

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** It may be done now. */
  get isDue(): boolean {
    return this.#now() >= this.#notBefore;
  }

  /** Does it, and sees how long it takes. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = this.#now();
    try {
      return await work();
    } finally {
      const tookMs = this.#now() - startedAt;
      if (tookMs >= FREE_MS) this.#notBefore = startedAt + (1 + REST) * tookMs;
    }
  }
}
