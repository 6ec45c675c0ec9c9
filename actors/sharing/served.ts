/**
 * Whether a download is being served, as its looks at the network see it.
 *
 * @module
 */
import type { TorrentStatus } from "./torrent_status.ts";

/** So many looks at the network without a peer, and another file of the name is tried. */
const LONELY_LOOKS = 3;
/** When all were tried they are tried again, after twice as many looks each time: in the end, a minute. */
const MAX_ROUNDS = 3;
/** So many looks without a byte from peers that have some, and they are taken to give none. */
const HUNGRY_LOOKS = 10;

/** How a download fares from one look at the network to the next. */
export class Served {
  /** Whether no peer had anything of what was missing, when last seen. */
  #isLonely = false;
  #downloaded = 0;
  #downloadedBefore = 0;
  #lonelyLooks = 0;
  #hungryLooks = 0;
  /** How often all that there was of the name was tried, without a byte since. */
  #rounds = 0;

  /**
   * Whether nobody had any of it for so long that another file of the name is to be tried; `again`, where
   * each of them was tried before.
   */
  isDeserted(again: boolean): boolean {
    return this.#lonelyLooks >= LONELY_LOOKS * (again ? 2 ** this.#rounds : 1);
  }

  /** Whether bytes came between the last two looks. */
  get isFed(): boolean {
    return this.#hungryLooks === 0;
  }

  /**
   * Whether peers give it: while they do, it is no matter what a list says. A slow one, or one that lets it
   * wait for its turn, gives nothing for a while.
   */
  get isServed(): boolean {
    return this.isFed || (!this.#isLonely && this.#hungryLooks < HUNGRY_LOOKS);
  }

  /** How it is by now. */
  see(status: TorrentStatus | undefined): void {
    this.#isLonely = status?.state === "fetching" &&
      status.peers.every(({ wantedCount }) => wantedCount === 0);
    this.#downloaded = status?.downloaded ?? 0;
  }

  /** The network is looked at. */
  look(): void {
    this.#lonelyLooks = this.#isLonely ? this.#lonelyLooks + 1 : 0;
    this.#hungryLooks = this.#downloaded === this.#downloadedBefore ? this.#hungryLooks + 1 : 0;
    if (this.isFed) this.#rounds = 0;
    this.#downloadedBefore = this.#downloaded;
  }

  /** Another file is fetched from now on. */
  startAnew(): void {
    this.#lonelyLooks = 0;
  }

  /** All were tried, and are tried again. */
  startRound(): void {
    this.#rounds = Math.min(MAX_ROUNDS, this.#rounds + 1);
  }
}
