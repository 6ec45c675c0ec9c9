/**
 * How long nobody was found who gives a download.
 *
 * @module
 */

/** Without a single peer for so long, a person is told that it is still looked for. */
export const QUIET_MS = 10_000;
/** What names no tracker is given up when its network's nodes have named no peer for so long. */
export const GIVE_UP_MS = 30_000;

/** What is to be done about a download that nobody gives. */
export type SearchVerdict = "go-on" | "say-so" | "give-up";

/** The time in which a download has had no peer at all: once one was there, nothing more is said. */
export class PeerSearch {
  readonly #hasTrackers: boolean;
  readonly #sinceMs: number;
  #isOver = false;
  #isSaid = false;

  /** Of what names trackers of its own, or does not; it begins now. */
  constructor(hasTrackers: boolean, nowMs: number) {
    this.#hasTrackers = hasTrackers;
    this.#sinceMs = nowMs;
  }

  /** A peer is there. */
  found(): void {
    this.#isOver = true;
  }

  /** Looks at the clock. */
  look(nowMs: number): SearchVerdict {
    const waitedMs = nowMs - this.#sinceMs;
    if (this.#isOver || waitedMs < QUIET_MS) return "go-on";
    if (!this.#hasTrackers && waitedMs >= GIVE_UP_MS) return "give-up";
    if (this.#isSaid) return "go-on";
    this.#isSaid = true;
    return "say-so";
  }
}
