/**
 * Who gets into a mailbox that is bounded, or in which some messages go first.
 *
 * @module
 */
import { type ActorRef, mailboxes } from "./actor_ref.ts";
import { sealQuestionIn } from "./ask.ts";
import type { Overflow } from "./spawn_options.ts";
import { Envelope, messageOf } from "./envelope.ts";
import { MailboxFull } from "./errors.ts";
import type { DeadLetterReason } from "./events.ts";
import { OfferQueue } from "./offers.ts";
import type { ActorSystemCore } from "./system_core.ts";

/** What the admission needs of its actor. */
export interface AdmissionHost {
  readonly ref: ActorRef<never>;
  readonly path: string;
  readonly system: ActorSystemCore;
  /** Messages that wait in the lane before the mailbox. */
  readonly urgentLength: number;
  deliverFirst(item: unknown): void;
  deadLetterOf(item: unknown, reason: DeadLetterReason): void;
  markHighWater(waiting: number): void;
}

/**
 * The bound of one mailbox. It holds for what others send: told, offered, published. An actor's own messages
 * (timers, watches, results) are taken over it and never dropped for another: who waits for one would wait
 * for ever.
 */
export class Admission {
  readonly #host: AdmissionHost;
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #isUrgent: ((message: never) => boolean) | undefined;
  /** Each message is to be looked at, and none goes the short way. */
  readonly #seesAll: boolean;
  readonly #offers = new OfferQueue<unknown>();

  constructor(
    host: AdmissionHost,
    capacity: number,
    overflow: Overflow,
    isUrgent: ((message: never) => boolean) | undefined,
    isTraced: boolean,
  ) {
    this.#host = host;
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#isUrgent = isUrgent;
    this.#seesAll = isTraced || isUrgent !== undefined;
    this.#setLimit();
  }

  /** True while one message more may wait, and nobody waits for that. */
  get hasRoom(): boolean {
    return this.#offers.isEmpty && this.#length < this.#capacity;
  }

  get #length(): number {
    return mailboxes.length(this.#host.ref) + this.#host.urgentLength;
  }

  /** To `tell` the mailbox is full while others wait to get in. */
  #setLimit(): void {
    mailboxes.setLimit(this.#host.ref, this.#seesAll || !this.#offers.isEmpty ? 0 : this.#capacity);
  }

  /** Throws `MailboxFull` where the policy is to reject. */
  tell(item: unknown): void {
    if (this.takes(item)) return;
    if (this.#overflow === "reject") {
      throw new MailboxFull(this.#host.path, this.#capacity, messageOf(item));
    }
    this.#overflows(item);
  }

  /** As `tell`, but a full mailbox is no failure of whoever publishes. */
  publish(item: unknown): void {
    if (!this.takes(item)) this.#overflows(item);
  }

  /** Takes a message that there is room for. */
  takes(item: unknown): boolean {
    this.admit();
    if (!this.hasRoom) {
      this.#host.markHighWater(this.#capacity);
      return false;
    }
    this.#put(item);
    return true;
  }

  /**
   * Resolves when the message has been taken. One that an actor offers to itself, from its handler, never
   * would be.
   */
  wait(item: unknown, signal: AbortSignal | undefined): Promise<void> {
    if (mailboxes.isInTurn(this.#host.ref)) {
      return Promise.reject(
        new TypeError(
          `Cannot wait for room in the mailbox of ${this.#host.path} in its own handler: there is none before that is done`,
        ),
      );
    }
    const waiting = this.#offers.add(item, signal);
    this.#setLimit();
    return waiting;
  }

  /** Lets in those who wait, as far as there is room. */
  admit(): void {
    if (this.#offers.isEmpty) return;
    while (this.#length < this.#capacity) {
      const offer = this.#offers.shift();
      if (offer === undefined) break;
      this.#put(offer.message);
      offer.accept();
    }
    this.#setLimit();
  }

  refuseAll(reason: () => unknown): void {
    for (let offer = this.#offers.shift(); offer !== undefined; offer = this.#offers.shift()) {
      if (!offer.refuse(reason)) this.#host.deadLetterOf(offer.message, "stopped");
    }
  }

  #overflows(item: unknown): void {
    const dropped = this.#overflow === "drop-oldest" ? this.#takeOldest() : undefined;
    if (dropped === undefined) return this.#host.deadLetterOf(item, "dropped-newest");
    // Those who wait for room were here before it: it stands at the end of their line.
    if (this.#offers.isEmpty) this.#put(item);
    else this.#offers.append(item);
    this.admit();
    this.#host.deadLetterOf(dropped.item, "dropped-oldest");
  }

  #takeOldest(): { readonly item: unknown } | undefined {
    return mailboxes.remove(this.#host.ref, (item) => !(Envelope.is(item) && item.isOwn));
  }

  #put(item: unknown): void {
    const { ref } = this.#host;
    if (this.#isUrgent !== undefined && this.#goesFirst(item)) return this.#host.deliverFirst(item);
    mailboxes.push(ref, item);
    mailboxes.wake(ref);
  }

  /** A predicate that throws is its actor's mistake: the message goes the usual way. */
  #goesFirst(item: unknown): boolean {
    // What waits here is a message of the actor's. It looks at it within the turn of who sent it.
    sealQuestionIn(messageOf(item));
    return this.#host.system.guarded(() => this.#isUrgent?.(messageOf(item) as never)) === true;
  }
}
