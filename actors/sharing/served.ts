/**
 * Whether a download is being served, as its looks at the network see it.
 *
 * @module
 */
import type { TorrentStatus } from "./torrent_status.ts";

/** So many looks without a byte from peers that have some, and they are taken to give none. */
const HUNGRY_LOOKS = 10;

/** How a download fares from one look at the network to the next. */
export class Served {
  /** Whether no peer had anything of what was missing, when last seen. */
  #isLonely = false;
  #isFetching = false;
  #downloaded = 0;
  #downloadedBefore = 0;
  #lonelyLooks = 0;
  #hungryLooks = 0;
  /** Hungry ones, while it was all that it waited for. */
  #starvedLooks = 0;

  /**
   * Whether for so many looks, one after the other, nobody had any of it, or for ten times as many somebody
   * had, and gave nothing.
   */
  isDesertedFor(looks: number): boolean {
    return this.#lonelyLooks >= looks || this.#starvedLooks >= looks * HUNGRY_LOOKS;
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
    this.#isFetching = status?.state === "fetching";
    this.#isLonely = this.#isFetching && status?.peers.every(({ wantedCount }) => wantedCount === 0) === true;
    this.#downloaded = status?.downloaded ?? 0;
  }

  /** The network is looked at. */
  look(): void {
    this.#lonelyLooks = this.#isLonely ? this.#lonelyLooks + 1 : 0;
    const isHungry = this.#downloaded === this.#downloadedBefore;
    this.#hungryLooks = isHungry ? this.#hungryLooks + 1 : 0;
    this.#starvedLooks = isHungry && this.#isFetching ? this.#starvedLooks + 1 : 0;
    this.#downloadedBefore = this.#downloaded;
  }

  /** Another file is fetched from now on. */
  startAnew(): void {
    this.#lonelyLooks = this.#starvedLooks = 0;
  }
}
