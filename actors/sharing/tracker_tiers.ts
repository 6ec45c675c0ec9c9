/**
 * Which tracker of a torrent is asked next.
 *
 * @module
 */

/**
 * The trackers of one torrent in their tiers (BEP 12): one that answers is asked first in its tier from then
 * on. One that answers and yet names nobody of use is asked after all others: a first tracker that lies, or
 * knows nobody, does not keep the others from being asked.
 */
export class TrackerTiers {
  readonly #tiers: string[][];
  readonly #passedOver = new Set<string>();

  /** Addresses in tiers. */
  constructor(tiers: readonly (readonly string[])[]) {
    this.#tiers = tiers.map((tier) => [...tier]);
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#tiers.every((tier) => tier.length === 0);
  }

  /** All of them, in the order in which they are to be asked. */
  inOrder(): string[] {
    const all = this.#tiers.flat();
    const fresh = all.filter((tracker) => !this.#passedOver.has(tracker));
    return [...fresh, ...all.filter((tracker) => this.#passedOver.has(tracker))];
  }

  /** One has answered. */
  answered(tracker: string): void {
    for (const tier of this.#tiers) {
      const at = tier.indexOf(tracker);
      if (at < 0) continue;
      tier.splice(at, 1);
      tier.unshift(tracker);
    }
  }

  /** Nothing came of what one has answered. Says whether there are others of which that is not known. */
  passOver(tracker: string): boolean {
    this.#passedOver.add(tracker);
    const isOtherLeft = this.#tiers.flat().some((each) => !this.#passedOver.has(each));
    // Each may know better the next time.
    if (!isOtherLeft) this.#passedOver.clear();
    return isOtherLeft;
  }
}
