/**
 * When questions are given up.
 *
 * No question reads the clock, nor stands in a list of deadlines: that would be a third of its cost. The
 * event loop's next turn finds, in their targets' lists, those that are open still, few, and gives them a
 * deadline from the time it is then. So a question has all of its time, however long what is running now may
 * run on.
 *
 * @module
 */
import type { Cancellable, Clock, EventLoop } from "../world/world.ts";
import { type AskDeadline, type AskList, type Deadlines, type PendingAsk, questions } from "./ask.ts";
import { inWords } from "./in_words.ts";
import type { Trimmable } from "./scheduler.ts";

/** What deadlines need of their system. */
interface DeadlinesHost {
  readonly clock: Clock;
  readonly loop: EventLoop;
  /** Has `trim()` called in a little while. */
  trimLater(holder: Trimmable): void;
}

/**
 * All questions with a timeout: a list for each length of timeout, so that each is in order of deadline by
 * itself.
 */
export class AskDeadlines implements Deadlines {
  readonly #host: DeadlinesHost;
  readonly #lists = new Map<number, DeadlineList>();
  /** Lists that may have questions without a deadline. */
  #unstamped: AskList[] = [];
  #giveUp: ((ask: PendingAsk<never>) => void) | undefined;

  constructor(host: DeadlinesHost) {
    this.#host = host;
  }

  check(timeoutMs: number | undefined): number {
    if (typeof timeoutMs === "number" && timeoutMs > 0) return timeoutMs;
    throw new RangeError(`Cannot ask with a timeout of ${inWords(timeoutMs)}: it takes milliseconds above 0`);
  }

  stampLater(asks: AskList): void {
    asks.willBeStamped = true;
    this.#unstamped.push(asks);
    if (this.#unstamped.length === 1) this.#host.loop.nextTurn(() => this.#stamp());
  }

  /** No deadline counts any more: `giveUp` gets the questions that are open, and those that come later. */
  dispose(giveUp: (ask: PendingAsk<never>) => void): void {
    this.#giveUp = giveUp;
    for (const list of this.#lists.values()) list.end(giveUp);
  }

  #stamp(): void {
    const unstamped = this.#unstamped;
    this.#unstamped = [];
    const now = this.#host.clock.monotonic();
    for (const asks of unstamped) {
      asks.willBeStamped = false;
      let ask = asks.lastStamped === undefined ? asks.oldest : questions.newer(asks.lastStamped);
      for (; ask !== undefined; ask = questions.newer(ask)) {
        const timeoutMs = questions.timeoutMs(ask);
        if (this.#giveUp !== undefined) this.#giveUp(ask);
        else if (timeoutMs > 0) this.#list(timeoutMs).add(ask, now + timeoutMs);
      }
      asks.lastStamped = asks.newest;
    }
  }

  #list(timeoutMs: number): DeadlineList {
    let list = this.#lists.get(timeoutMs);
    if (list === undefined) {
      list = new DeadlineList(timeoutMs, this.#host, () => this.#lists.delete(timeoutMs));
      this.#lists.set(timeoutMs, list);
    }
    return list;
  }
}

/** When one question is given up: a node of a list of them. */
class Deadline implements AskDeadline {
  readonly ask: PendingAsk<never>;
  readonly atMs: number;
  readonly #list: DeadlineList;
  earlier: Deadline | undefined;
  later: Deadline | undefined;

  constructor(ask: PendingAsk<never>, atMs: number, list: DeadlineList) {
    this.ask = ask;
    this.atMs = atMs;
    this.#list = list;
  }

  remove(): void {
    this.#list.remove(this);
  }
}

/** The questions of one length of timeout, earliest deadline first, with one timer for the first. */
class DeadlineList implements Trimmable {
  readonly #timeoutMs: number;
  readonly #host: DeadlinesHost;
  readonly #closed: () => void;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #timer: Cancellable | undefined;
  #isTrimming = false;

  constructor(timeoutMs: number, host: DeadlinesHost, closed: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#host = host;
    this.#closed = closed;
  }

  add(ask: PendingAsk<never>, atMs: number): void {
    const deadline = new Deadline(ask, atMs, this);
    questions.setDeadline(ask, deadline);
    const last = this.#last;
    deadline.earlier = last;
    if (last === undefined) this.#first = deadline;
    else last.later = deadline;
    this.#last = deadline;
    if (this.#timer === undefined) this.#arm(this.#timeoutMs);
  }

  remove({ earlier, later }: Deadline): void {
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    if (this.#first !== undefined || this.#isTrimming) return;
    // The timer stays for the next question; it goes when none comes for a while.
    this.#isTrimming = true;
    this.#host.trimLater(this);
  }

  trim(): void {
    this.#isTrimming = false;
    if (this.#first !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#closed();
  }

  end(giveUp: (ask: PendingAsk<never>) => void): void {
    this.#timer?.cancel();
    // Nobody is to begin to trim what is over.
    this.#isTrimming = true;
    for (let next = this.#first; next !== undefined;) {
      const { ask, later } = next;
      giveUp(ask);
      next = later;
    }
  }

  #arm(delayMs: number): void {
    this.#timer = this.#host.clock.timer(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#host.clock.monotonic();
    for (let next = this.#first; next !== undefined; next = this.#first) {
      if (next.atMs > now) return this.#arm(Math.max(1, next.atMs - now));
      // Closing it takes it out of this list.
      questions.expire(next.ask, this.#timeoutMs);
    }
  }
}
