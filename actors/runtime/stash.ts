/**
 * Messages that an actor puts aside.
 *
 * @module
 */
import { Envelope, type Source } from "./envelope.ts";

/**
 * Messages put aside: what came too early, to be handled when its time has come.
 *
 * A restart puts them back; not one on which the handler that put it aside has failed.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Behavior } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const done = Promise.withResolvers<void>();
 * const gate: Behavior<string> = (self) => (message) => {
 *   if (message !== "open") return self.stash.push(message);
 *   self.become((each) => {
 *     seen.push(each);
 *     if (each === "2") done.resolve();
 *   });
 *   self.stash.unstashAll();
 * };
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn("gate", gate);
 * for (const message of ["1", "open", "2"]) ref.tell(message);
 * await done.promise;
 * assertEquals(seen, ["1", "2"]);
 * ```
 */
export interface Stash<in M> {
  /** How many are put aside. */
  readonly size: number;
  /** The most that it holds: `stashCapacity` of the options of {@linkcode Context.spawn}. */
  readonly capacity: number;
  /** Puts a message aside. Over its capacity it does not: the message is a dead letter. */
  push(message: M): void;
  /** Puts all that was put aside back, before what waits in the mailbox, in its old order. */
  unstashAll(): void;
}

/** What a stash needs of the life whose it is. */
interface StashHost<M> {
  /** All has been released: nothing can be kept any more. */
  readonly isOver: boolean;
  /** How many messages the actor has begun to handle: what tells one handling from the next. */
  readonly handled: number;
  /** The message as it came: in its envelope, if it is the one that is being handled. */
  itemOf(message: M): unknown;
  putBack(items: unknown[]): void;
  deadLetter(message: M, reason: "stash-full" | "earlier-life"): void;
}

/** One that was put aside. It is called off where the handler that put it aside fails on it after all. */
class PutAside implements Source {
  isCancelled = false;
}

/** The stash of one life of an actor. */
export class LifeStash<M> implements Stash<M> {
  readonly #host: StashHost<M>;
  readonly capacity: number;
  #items: unknown[] = [];
  /** What was put aside by the handler that did so last, and which handling that was. */
  #latest: Envelope[] = [];
  #latestAt = 0;

  constructor(host: StashHost<M>, capacity: number) {
    this.#host = host;
    this.capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  push(message: M): void {
    if (this.#host.isOver) return this.#host.deadLetter(message, "earlier-life");
    if (this.#items.length >= this.capacity) return this.#host.deadLetter(message, "stash-full");
    const item = this.#itemOf(message);
    this.#items.push(item);
    if (!(item.source instanceof PutAside)) return;
    const { handled } = this.#host;
    if (handled !== this.#latestAt) this.#latest = [];
    this.#latestAt = handled;
    this.#latest.push(item);
  }

  #itemOf(message: M): Envelope {
    const item = this.#host.itemOf(message);
    if (!Envelope.is(item)) return new Envelope(message, undefined, new PutAside(), false);
    // What the actor sent itself belongs to this life, and no restart puts it back.
    return item.source === undefined && item.life === undefined
      ? new Envelope(message, undefined, new PutAside(), item.isOwn, item.context)
      : item;
  }

  /**
   * The message that is being handled has failed: it is not put back, wherever it is now. To fail on it again
   * and again would bring the actor down for one message.
   */
  failed(message: unknown): void {
    if (this.#latestAt !== this.#host.handled) return;
    for (const { source, message: put } of this.#latest) {
      if (Object.is(put, message) && source instanceof PutAside) source.isCancelled = true;
    }
    this.#items = this.#items.filter((item) => !(Envelope.is(item) && item.source?.isCancelled));
  }

  unstashAll(): void {
    this.#host.putBack(this.take());
  }

  /** Takes all out, oldest first. */
  take(): unknown[] {
    const taken = this.#items;
    this.#items = [];
    return taken;
  }
}
