/**
 * What a peer is at the moment: choking, interested.
 *
 * @module
 */
import { TokenBucket } from "../../protocols/token_bucket.ts";

/** Changes beyond these are gathered, and the last state is told. */
const TOLD = { perSecond: 20, burst: 10 } as const;
const GATHER_MS = 50;

/** Options of {@linkcode PeerStates}. */
export interface PeerStatesOptions {
  /** The present time in milliseconds. */
  readonly now: () => number;
  /** Has {@linkcode PeerStates.flush} called after so long. */
  readonly later: (delayMs: number) => void;
  readonly tellChoking: (isChoking: boolean) => void;
  readonly tellInterest: (isInterested: boolean) => void;
}

/** Tells changes on, but no more of them than anybody needs: each costs the swarm a look at its peers. */
export class PeerStates {
  readonly #options: PeerStatesOptions;
  readonly #bucket: TokenBucket;
  #isChoking = true;
  #isInterested = false;
  /** What was asked for before is dropped by a choke, also where an unchoke has followed it. */
  #wasChoked = false;
  #toldChoking = true;
  #toldInterest = false;
  #isGathering = false;

  /** As every connection begins: choking, and not interested. */
  constructor(options: PeerStatesOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(TOLD, options.now());
  }

  /** It chokes, or no longer does. */
  choke(isChoking: boolean): void {
    this.#isChoking = isChoking;
    this.#wasChoked ||= isChoking;
    this.#changed();
  }

  /** It is interested, or no longer. */
  interest(isInterested: boolean): void {
    this.#isInterested = isInterested;
    this.#changed();
  }

  #changed(): void {
    if (this.#isGathering) return;
    if (this.#bucket.take(this.#options.now())) return this.flush();
    this.#isGathering = true;
    this.#options.later(GATHER_MS);
  }

  /** Tells what has changed since it was told last. */
  flush(): void {
    this.#isGathering = false;
    const { tellChoking, tellInterest } = this.#options;
    if (this.#wasChoked && !this.#toldChoking) tellChoking(this.#toldChoking = true);
    this.#wasChoked = false;
    if (this.#isChoking !== this.#toldChoking) tellChoking(this.#toldChoking = this.#isChoking);
    if (this.#isInterested !== this.#toldInterest) tellInterest(this.#toldInterest = this.#isInterested);
  }
}
