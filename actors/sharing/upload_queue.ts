/**
 * What one peer has asked for and was not sent yet.
 *
 * @module
 */
import type { BlockPlace } from "../../protocols/peer_wire.ts";

/** The most requests that wait for one peer, which it is told (BEP 10 `reqq`). */
export const MAX_WAITING_REQUESTS = 512;

/** Requests in order, each until it is answered or cancelled, or all are dropped. */
export class UploadQueue {
  readonly #waiting: BlockPlace[] = [];

  /** Puts a request at the end; false when the queue is full. */
  add(place: BlockPlace): boolean {
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) return false;
    this.#waiting.push(place);
    return true;
  }

  /** The request that is to be answered after so many others. */
  at(index: number): BlockPlace | undefined {
    return this.#waiting[index];
  }

  /** The first request is answered. */
  shift(): void {
    this.#waiting.shift();
  }

  /** Takes a request out; false when it is not there. */
  cancel({ piece, begin, length }: BlockPlace): boolean {
    const at = this.#waiting.findIndex((place) =>
      place.piece === piece && place.begin === begin && place.length === length
    );
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Takes all requests out. */
  clear(): BlockPlace[] {
    return this.#waiting.splice(0);
  }
}
