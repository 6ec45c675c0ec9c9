/**
 * Timers of one life of an actor.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";
import type { Source } from "./envelope.ts";
import { inWords } from "./in_words.ts";

/** Something that a life holds and lets go of when it ends: a timer, a watch, a subscription. */
export class Held implements Cancellable, Source {
  readonly #owner: Set<Cancellable>;
  readonly #onTaken: (() => void) | undefined;
  #isOpen = true;
  #isCancelled = false;
  #inner: Cancellable | undefined;

  constructor(owner: Set<Cancellable>, onTaken?: () => void) {
    this.#owner = owner;
    this.#onTaken = onTaken;
    owner.add(this);
  }

  /** Called off, so that what of it waits in the mailbox is not heard either. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  taken(): void {
    this.#onTaken?.();
  }

  /** What it stands for may be over before it is known: a watch of what has already stopped. */
  set inner(inner: Cancellable) {
    if (this.#isOpen) this.#inner = inner;
    else inner.cancel();
  }

  /** It has done what it was for. */
  done(): void {
    this.#isOpen = false;
    this.#owner.delete(this);
    this.#inner?.cancel();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.done();
  }
}

/** Ticks at a whole number of intervals after the first moment: lateness does not add up. */
export class Interval implements Cancellable {
  #timer: Cancellable;
  #isOpen = true;

  constructor(clock: Clock, intervalMs: number, tick: () => void) {
    let dueAt = clock.monotonic() + intervalMs;
    const arm = (): Cancellable =>
      clock.timer(Math.max(0, dueAt - clock.monotonic()), () => {
        const late = clock.monotonic() - dueAt;
        dueAt += intervalMs * (1 + Math.floor(Math.max(0, late) / intervalMs));
        this.#timer = arm();
        if (this.#isOpen) tick();
      });
    this.#timer = arm();
  }

  cancel(): void {
    this.#isOpen = false;
    this.#timer.cancel();
  }
}

/** What a receive timeout needs of its actor. */
interface IdleHost {
  readonly clock: Clock;
  /** Monotonic milliseconds, perhaps a little old. */
  readonly coarseNow: number;
  /** Running, and with nothing to do. */
  readonly isIdle: boolean;
  timedOut(): void;
}

/** One timer however many messages come: it looks at the time of the last turn when it fires. */
export class ReceiveTimeout implements Cancellable {
  readonly #host: IdleHost;
  readonly #idleMs: number;
  #heardAt: number;
  #timer: Cancellable;

  constructor(host: IdleHost, idleMs: number) {
    this.#host = host;
    this.#idleMs = idleMs;
    this.#heardAt = host.clock.monotonic();
    this.#timer = this.#arm(idleMs);
  }

  heard(): void {
    this.#heardAt = this.#host.coarseNow;
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #arm(delayMs: number): Cancellable {
    return this.#host.clock.timer(delayMs, () => this.#fire());
  }

  #fire(): void {
    const now = this.#host.clock.monotonic();
    // One that is at work, or is about to be, is not idle: the time begins when it is.
    if (!this.#host.isIdle) this.#heardAt = now;
    const left = this.#heardAt + this.#idleMs - now;
    if (left > 0) {
      this.#timer = this.#arm(left);
      return;
    }
    this.#heardAt = now;
    this.#timer = this.#arm(this.#idleMs);
    this.#host.timedOut();
  }
}

/** Throws `RangeError` on a time that cannot be waited for. */
export function checkDelay(delayMs: number): void {
  if (typeof delayMs === "number" && delayMs >= 0) return;
  throw new RangeError(`Cannot wait ${inWords(delayMs)} ms: it takes a time of 0 or more`);
}
