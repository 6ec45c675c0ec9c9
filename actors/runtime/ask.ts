/**
 * Questions that wait for their answers.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";
import { type ActorStopped, AskTimeout } from "./errors.ts";
import type { DeadLetter } from "./events.ts";
import { onAbort } from "./on_abort.ts";
import type { AskOptions, Ref } from "./ref.ts";
import type { Scheduler, Trimmable } from "./scheduler.ts";

/** What asks need of their system. */
export interface AskHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly deadlines: AskDeadlines;
  deadLetter(message: unknown, target: string, reason: DeadLetter["reason"]): void;
}

/** What asks need of the actor that is asked: the head of the list of those who wait for it. */
export interface AskTarget {
  readonly path: string;
  firstAsk: PendingAsk<never> | undefined;
  /** The error that says it has stopped, and why. */
  stopped(): ActorStopped;
}

/** One question under way. It is the reply address, too. A node of two lists: its target's, and that of its timeout. */
export class PendingAsk<R> implements Ref<R> {
  readonly #host: AskHost;
  readonly #target: AskTarget;
  readonly #resolve: (reply: R) => void;
  readonly #reject: (error: unknown) => void;
  #isOpen = true;
  #release: (() => void) | undefined;
  deadlines: DeadlineList | undefined;
  deadline = 0;
  earlier: PendingAsk<never> | undefined;
  later: PendingAsk<never> | undefined;
  #previous: PendingAsk<never> | undefined;
  #next: PendingAsk<never> | undefined;

  constructor(
    host: AskHost,
    target: AskTarget,
    resolve: (reply: R) => void,
    reject: (error: unknown) => void,
  ) {
    this.#host = host;
    this.#target = target;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get path(): string {
    return `${this.#target.path}?ask`;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Starts to wait. */
  open(options: AskOptions): void {
    const { signal, timeoutMs } = options;
    signal?.throwIfAborted();
    if (timeoutMs !== undefined || signal === undefined) this.#host.deadlines.add(this, timeoutMs ?? NaN);
    if (signal !== undefined) this.#release = onAbort(signal, () => this.fail(signal.reason));
    const first = this.#target.firstAsk;
    this.#next = first;
    if (first !== undefined) first.#previous = this;
    this.#target.firstAsk = this;
  }

  tell(reply: R): void {
    if (!this.#isOpen) return this.#host.deadLetter(reply, this.path, "not-asked");
    this.#close();
    this.#resolve(reply);
  }

  offer(reply: R): Promise<void> {
    this.tell(reply);
    return Promise.resolve();
  }

  /** A reply address takes replies, not questions: rejects with `TypeError`. */
  ask(): Promise<never> {
    return Promise.reject(new TypeError(`Cannot ask ${this.path}: it is a reply address`));
  }

  fail(error: unknown): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#reject(error);
  }

  expire(timeoutMs: number): void {
    this.fail(new AskTimeout(this.#target.path, timeoutMs));
  }

  targetStopped(): void {
    this.fail(this.#target.stopped());
  }

  #close(): void {
    this.#isOpen = false;
    this.deadlines?.remove(this);
    this.#release?.();
    const next = this.#next;
    const previous = this.#previous;
    if (next !== undefined) next.#previous = previous;
    if (previous !== undefined) previous.#next = next;
    else if (this.#target.firstAsk === this) this.#target.firstAsk = next;
    this.#next = this.#previous = undefined;
  }
}

/** All questions with a timeout: a list for each length of timeout, so that each list is in order of deadline by itself. */
export class AskDeadlines {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #lists = new Map<number, DeadlineList>();
  #recent: DeadlineList | undefined;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  add(ask: PendingAsk<never>, timeoutMs: number): void {
    let list = this.#recent;
    if (list === undefined || list.timeoutMs !== timeoutMs || list.isClosed) {
      list = this.#recent = this.#list(timeoutMs);
    }
    list.add(ask, this.#scheduler.now + timeoutMs);
  }

  #list(timeoutMs: number): DeadlineList {
    if (!(timeoutMs > 0)) {
      throw new RangeError(`Cannot ask with a timeout of ${timeoutMs}: it takes milliseconds above 0`);
    }
    let list = this.#lists.get(timeoutMs);
    if (list === undefined) {
      list = new DeadlineList(timeoutMs, this.#clock, this.#scheduler, () => this.#lists.delete(timeoutMs));
      this.#lists.set(timeoutMs, list);
    }
    return list;
  }

  dispose(): void {
    for (const list of this.#lists.values()) list.dispose();
  }
}

/** The questions of one length of timeout, earliest deadline first, with one timer for the first. */
class DeadlineList implements Trimmable {
  readonly timeoutMs: number;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #closed: () => void;
  #first: PendingAsk<never> | undefined;
  #last: PendingAsk<never> | undefined;
  #timer: Cancellable | undefined;
  #trimming = false;
  isClosed = false;

  constructor(timeoutMs: number, clock: Clock, scheduler: Scheduler, closed: () => void) {
    this.timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#closed = closed;
  }

  add(ask: PendingAsk<never>, deadline: number): void {
    ask.deadlines = this;
    ask.deadline = deadline;
    const last = this.#last;
    ask.earlier = last;
    if (last === undefined) this.#first = ask;
    else last.later = ask;
    this.#last = ask;
    if (this.#timer === undefined) this.#arm(this.timeoutMs);
  }

  remove(ask: PendingAsk<never>): void {
    const { earlier, later } = ask;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    ask.earlier = ask.later = ask.deadlines = undefined;
    if (this.#first === undefined && !this.#trimming) {
      // The timer stays for the next question; it goes when none comes for a while.
      this.#trimming = true;
      this.#scheduler.trimLater(this);
    }
  }

  trim(): void {
    this.#trimming = false;
    if (this.#first !== undefined) return;
    this.isClosed = true;
    this.dispose();
    this.#closed();
  }

  dispose(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.timer(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let ask = this.#first; ask !== undefined && ask.deadline <= now; ask = this.#first) {
      ask.expire(this.timeoutMs);
    }
    if (this.#first !== undefined) this.#arm(Math.max(1, this.#first.deadline - now));
  }
}
