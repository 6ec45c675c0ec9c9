/**
 * How fast something goes.
 *
 * @module
 */

/** Time after which what was counted weighs a third of what is counted now. */
const MEMORY_MS = 3000;

/** Bytes a second over the last few seconds. It is told the time and reads no clock. */
export class RateMeter {
  #total = 0;
  #counted = 0;
  #rate = 0;
  #atMs: number;
  readonly #sinceMs: number;

  /** Nothing was counted before `nowMs`. */
  constructor(nowMs: number) {
    this.#atMs = this.#sinceMs = nowMs;
  }

  /** All that was counted. */
  get total(): number {
    return this.#total;
  }

  /** Counts. */
  add(bytes: number): void {
    this.#total += bytes;
    this.#counted += bytes;
  }

  /** Bytes a second. To be asked a few times a second at most. */
  rate(nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs < 100) return this.#rate;
    // At the beginning there is no more than a moment to go by.
    const weight = Math.max(
      1 - Math.exp(-elapsedMs / MEMORY_MS),
      Math.min(1, elapsedMs / (nowMs - this.#sinceMs)),
    );
    this.#rate += weight * (this.#counted * 1000 / elapsedMs - this.#rate);
    this.#counted = 0;
    this.#atMs = nowMs;
    return this.#rate;
  }
}
