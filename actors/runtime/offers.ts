/**
 * Senders that wait for room in a mailbox.
 *
 * @module
 */
import { onAbort } from "./on_abort.ts";

/** One who waits. */
class Offer<M> {
  readonly message: M;
  readonly #settle: ((error?: { readonly reason: unknown }) => void) | undefined;
  earlier: Offer<M> | undefined;
  later: Offer<M> | undefined;

  /** Nobody waits where there is no `settle`. */
  constructor(message: M, settle?: (error?: { readonly reason: unknown }) => void) {
    this.message = message;
    this.#settle = settle;
  }

  accept(): void {
    this.#settle?.();
  }

  /** False when there is nobody to be told. */
  refuse(reason: () => unknown): boolean {
    this.#settle?.({ reason: reason() });
    return this.#settle !== undefined;
  }
}

/** First come, first served. A list, so that whoever gives up can leave at no cost, however many wait. */
export class OfferQueue<M> {
  #first: Offer<M> | undefined;
  #last: Offer<M> | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Resolves when the message has been taken; rejects when it is refused, or with the signal's reason. */
  add(message: M, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let release: (() => void) | undefined;
      const offer = new Offer(message, (error) => {
        release?.();
        if (error === undefined) resolve();
        else reject(error.reason);
      });
      if (signal !== undefined) {
        release = onAbort(signal, () => {
          this.#remove(offer);
          reject(signal.reason);
        });
      }
      this.#append(offer);
    });
  }

  /** Puts a message at the end of the line, for which nobody waits. */
  append(message: M): void {
    this.#append(new Offer(message));
  }

  /** Takes out who has waited longest: accept or refuse it. */
  shift(): Offer<M> | undefined {
    const first = this.#first;
    if (first !== undefined) this.#remove(first);
    return first;
  }

  #append(offer: Offer<M>): void {
    const last = this.#last;
    offer.earlier = last;
    if (last === undefined) this.#first = offer;
    else last.later = offer;
    this.#last = offer;
  }

  #remove({ earlier, later }: Offer<M>): void {
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
  }
}
