/**
 * What one peer has asked for and was not sent yet.
 *
 * @module
 */
import type { BlockPlace } from "../../protocols/peer_wire.ts";

/** The most requests that wait for one peer, which it is told (BEP 10 `reqq`). */
export const MAX_WAITING_REQUESTS = 512;

/** Requests in order, each until it is answered, cancelled or all are dropped. */
export class UploadQueue {
  readonly #waiting: BlockPlace[] = [];
  /** Being read; those that were cancelled meanwhile are no longer in it. */
  readonly #reading = new Set<BlockPlace>();
  #readingCount = 0;

  /** How many are being read, with those that nobody wants any more: they take memory until they are read. */
  get readingCount(): number {
    return this.#readingCount;
  }

  /** Puts a request at the end; false when the queue is full. */
  add(place: BlockPlace): boolean {
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) return false;
    this.#waiting.push(place);
    return true;
  }

  /** The next request, which counts as being read from now on. */
  next(): BlockPlace | undefined {
    const place = this.#waiting.shift();
    if (place === undefined) return undefined;
    this.#reading.add(place);
    this.#readingCount++;
    return place;
  }

  /** The bytes of the next one. */
  get nextBytes(): number {
    return this.#waiting[0]?.length ?? 0;
  }

  /** A request has been read; false when nobody wants it any more. */
  finish(place: BlockPlace): boolean {
    this.#readingCount--;
    return this.#reading.delete(place);
  }

  /** Takes a request out; false when it is not there. */
  cancel({ piece, begin, length }: BlockPlace): boolean {
    const isIt = (place: BlockPlace) =>
      place.piece === piece && place.begin === begin && place.length === length;
    const at = this.#waiting.findIndex(isIt);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      return true;
    }
    for (const place of this.#reading) if (isIt(place)) return this.#reading.delete(place);
    return false;
  }

  /** Takes all requests out. */
  clear(): BlockPlace[] {
    const dropped = [...this.#reading, ...this.#waiting];
    this.#waiting.length = 0;
    this.#reading.clear();
    return dropped;
  }
}
