/**
 * When questions are given up.
 *
 * No question reads the clock: that would be a third of its cost. A question waits in its list without a deadline until
 * the event loop turns; those that are still open then, few, are given one from the time it is then. So a question has
 * all of its time, however long what is running now may run on.
 *
 * @module
 */
import type { Cancellable, Clock, EventLoop } from "../world/world.ts";
import { type PendingAsk, questions } from "./ask.ts";
import type { Trimmable } from "./scheduler.ts";

/** What deadlines need of their system. */
interface DeadlinesHost {
  readonly clock: Clock;
  readonly loop: EventLoop;
  /** Has `trim()` called in a little while. */
  trimLater(holder: Trimmable): void;
}

/** All questions with a timeout: a list for each length of timeout, so that each is in order of deadline by itself. */
export class AskDeadlines {
  readonly #host: DeadlinesHost;
  readonly #lists = new Map<number, DeadlineList>();
  #recent: DeadlineList | undefined;
  /** Lists that may have questions without a deadline. */
  #unstamped: DeadlineList[] = [];

  constructor(host: DeadlinesHost) {
    this.#host = host;
  }

  /** Throws `RangeError` on a timeout that is not above 0. */
  add(ask: PendingAsk<never>, timeoutMs: number): void {
    let list = this.#recent;
    if (list === undefined || list.timeoutMs !== timeoutMs || list.isClosed) {
      list = this.#recent = this.#list(timeoutMs);
    }
    if (list.add(ask)) this.#stampLater(list);
  }

  dispose(): void {
    for (const list of this.#lists.values()) list.dispose();
  }

  #list(timeoutMs: number): DeadlineList {
    if (!(timeoutMs > 0)) {
      throw new RangeError(`Cannot ask with a timeout of ${timeoutMs}: it takes milliseconds above 0`);
    }
    let list = this.#lists.get(timeoutMs);
    if (list === undefined) {
      list = new DeadlineList(timeoutMs, this.#host, () => this.#lists.delete(timeoutMs));
      this.#lists.set(timeoutMs, list);
    }
    return list;
  }

  #stampLater(list: DeadlineList): void {
    this.#unstamped.push(list);
    if (this.#unstamped.length > 1) return;
    this.#host.loop.nextTurn(() => {
      const lists = this.#unstamped;
      this.#unstamped = [];
      const now = this.#host.clock.monotonic();
      for (const each of lists) each.stamp(now);
    });
  }
}

/** The questions of one length of timeout, earliest deadline first, with one timer for the first. */
export class DeadlineList implements Trimmable {
  readonly timeoutMs: number;
  readonly #host: DeadlinesHost;
  readonly #closed: () => void;
  first: PendingAsk<never> | undefined;
  last: PendingAsk<never> | undefined;
  /** From here on they have no deadline yet. */
  firstUnstamped: PendingAsk<never> | undefined;
  #willBeStamped = false;
  #timer: Cancellable | undefined;
  #trimming = false;
  isClosed = false;

  constructor(timeoutMs: number, host: DeadlinesHost, closed: () => void) {
    this.timeoutMs = timeoutMs;
    this.#host = host;
    this.#closed = closed;
  }

  /** True when a call of {@linkcode DeadlineList.stamp} is to be arranged. */
  add(ask: PendingAsk<never>): boolean {
    questions.link(ask, this);
    this.firstUnstamped ??= ask;
    if (this.#timer === undefined) this.#arm(this.timeoutMs);
    if (this.#willBeStamped) return false;
    return this.#willBeStamped = true;
  }

  /** It is `now`: what has no deadline yet gets one. */
  stamp(now: number): void {
    this.#willBeStamped = false;
    for (let ask = this.firstUnstamped; ask !== undefined; ask = questions.later(ask)) {
      questions.setDeadlineMs(ask, now + this.timeoutMs);
    }
    this.firstUnstamped = undefined;
  }

  /** The timer stays for the next question; it goes when none comes for a while. */
  emptied(): void {
    if (this.#trimming) return;
    this.#trimming = true;
    this.#host.trimLater(this);
  }

  trim(): void {
    this.#trimming = false;
    if (this.first !== undefined) return;
    this.isClosed = true;
    this.dispose();
    this.#closed();
  }

  dispose(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#host.clock.timer(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#host.clock.monotonic();
    // Those without a deadline were asked after the last turn of the loop.
    let ask = this.first;
    while (ask !== undefined && ask !== this.firstUnstamped && questions.deadlineMs(ask) <= now) {
      questions.expire(ask, this.timeoutMs);
      ask = this.first;
    }
    if (ask === undefined) return;
    const leftMs = ask === this.firstUnstamped ? this.timeoutMs : questions.deadlineMs(ask) - now;
    this.#arm(Math.max(1, leftMs));
  }
}
