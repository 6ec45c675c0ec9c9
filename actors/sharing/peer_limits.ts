/**
 * What of a peer reaches its swarm: what it was asked for, what is new, and so much of the rest.
 *
 * @module
 */
import { TokenBucket } from "../../protocols/token_bucket.ts";
import { AwaitedBlocks } from "./awaited_blocks.ts";
import { Bitfield } from "./bitfield.ts";
import type { Welcome } from "./messages.ts";

/** How often a peer may say what nobody asked for. */
const LIMITS = {
  /**
   * aria2 says by another one what is new, as soon as that is shorter than so many `have`: with a fast seed
   * 72 times in a download, whatever its size.
   */
  "bitfields": { perSecond: 2, burst: 100 },
  /** Chokes, unchokes and the like: between two fast peers that fetch they follow every piece. */
  "state changes": { perSecond: 500, burst: 5000 },
  /** What it says to have once more. */
  "pieces that it has": { perSecond: 500, burst: 5000 },
  /** BEP 6: some ten. */
  "pieces to ask for": { perSecond: 10, burst: 200 },
  /** Of requests that were cancelled, answers may be under way. */
  "blocks that nobody asked for": { perSecond: 100, burst: 1000 },
  /** Keep-alives, and what only other extensions know: some a minute. */
  "messages that say nothing": { perSecond: 20, burst: 500 },
  /** At the end of a download, each block that others were asked for too. */
  "cancelled requests": { perSecond: 500, burst: 5000 },
  /** What is under way when it is choked, and beyond what it was told it may ask for at once. */
  "requests that are not served": { perSecond: 100, burst: 2500 },
  /** The largest metadata has 512 pieces. */
  "messages of extensions": { perSecond: 100, burst: 1500 },
} as const;

type Limited = keyof typeof LIMITS;
type Place = { readonly piece: number; readonly begin: number };

/** What one peer may do. */
export class PeerLimits {
  readonly #now: () => number;
  readonly #part: (reason: string) => void;
  readonly #buckets = new Map<Limited, TokenBucket>();
  readonly #awaited = new AwaitedBlocks();
  /** What it said to have by single messages. */
  #said: Bitfield | undefined;

  /** `now` is the present time in milliseconds; `part` ends the connection, and says why. */
  constructor(now: () => number, part: (reason: string) => void) {
    this.#now = now;
    this.#part = part;
  }

  /** Whether it may say one more of these; else it is parted from. */
  may(what: Limited): boolean {
    let bucket = this.#buckets.get(what);
    if (bucket === undefined) this.#buckets.set(what, bucket = new TokenBucket(LIMITS[what], this.#now()));
    if (bucket.take(this.#now())) return true;
    this.#part(`it sent too many ${what}`);
    return false;
  }

  /** A block is asked for. */
  asked(place: Place): void {
    this.#awaited.add(place);
  }

  /** A block is not needed any more. */
  cancelled(place: Place): void {
    this.#awaited.delete(place);
  }

  /** Whether a block that comes, or is refused, was asked for: each is once. */
  isAwaited(place: Place): boolean {
    if (this.#awaited.delete(place)) return true;
    this.may("blocks that nobody asked for");
    return false;
  }

  /** Whether it says for the first time that it has a piece. Who fetches metadata does not want to know. */
  isNews(piece: number, welcome: Welcome | undefined): boolean {
    // The welcome may be under way.
    if (welcome?.source === undefined) return this.may("pieces that it has") && welcome === undefined;
    if (piece >= welcome.pieceCount) {
      this.#part("it has a piece that there is not");
      return false;
    }
    this.#said ??= new Bitfield(welcome.pieceCount);
    if (this.#said.add(piece)) return true;
    this.may("pieces that it has");
    return false;
  }
}
