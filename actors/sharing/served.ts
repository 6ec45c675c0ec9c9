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
  #downloaded = 0;
  #downloadedBefore = 0;
  #lonelyLooks = 0;
  #hungryLooks = 0;

  /** How often it was lonely, one after the other, when the network was looked at. */
  get lonelyLooks(): number {
    return this.#lonelyLooks;
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
    this.#downloadedBefore = this.#downloaded;
  }

  /** Another file is fetched from now on. */
  startAnew(): void {
    this.#lonelyLooks = 0;
  }
}
