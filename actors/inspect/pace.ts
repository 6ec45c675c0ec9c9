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

/** Work that is under way once, however many wait for it. Who comes too soon has what was done before. */
export class SharedWork {
  readonly #pace: Pace;
  readonly #work: () => Promise<unknown>;
  #running: Promise<unknown> | undefined;

  /** `work` is done as often as `pace` lets it. */
  constructor(pace: Pace, work: () => Promise<unknown>) {
    this.#pace = pace;
    this.#work = work;
  }

  /** Resolves once it was done, or at once where it is too soon for that. */
  async run(): Promise<void> {
    if (this.#running === undefined && !this.#pace.isDue) return;
    await (this.#running ??= this.#pace.take(this.#work).finally(() => this.#running = undefined));
  }
}
