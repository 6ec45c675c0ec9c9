/**
 * How often a handler is timed for the instruments.
 *
 * @module
 */

/** A prime, so that no pattern of messages keeps step with it. */
const MESSAGES_A_SAMPLE = 997;
/** One takes some microseconds: so many are well below a hundredth of the work. */
const MIN_SAMPLE_MS = 10;

/** Picks who is sampled: asked where the clock is read, which is seldom, so that messages cost nothing. */
export class SamplePace<T> {
  readonly #sample: (runnable: T) => boolean;
  /**
   * Messages since the last sample. The very first is one, so that a look at a quiet system sees something.
   */
  #messages = MESSAGES_A_SAMPLE;
  /** What wall time was then. */
  #sampledAt = 0;

  /** `sample` is told who has just worked; false: the next one, please. */
  constructor(sample: (runnable: T) => boolean) {
    this.#sample = sample;
  }

  /** So many messages more were handled, the last one, where that is known, by `runnable`. */
  count(runnable: T | undefined, messages: number, wall: number): void {
    this.#messages += Math.max(1, messages);
    if (runnable === undefined || this.#messages < MESSAGES_A_SAMPLE) return;
    // Also where the clock was set back.
    if (Math.abs(wall - this.#sampledAt) < MIN_SAMPLE_MS || !this.#sample(runnable)) return;
    this.#messages = 0;
    this.#sampledAt = wall;
  }
}
