/**
 * The timers of many connections, nearly all of which are cancelled before their time.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";

/** What a connection's timers need of a clock. */
export type TimerClock = Pick<Clock, "monotonic" | "timer">;

/**
 * Gives out timers like those of a clock. All of one delay share one of the clock's, which costs as much as
 * a tenth of a connection that comes, says one thing and goes.
 */
export class SharedTimers implements TimerClock {
  readonly #clock: Clock;
  /** By delay, in whole milliseconds. */
  readonly #lanes = new Map<number, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  timer(delayMs: number, task: () => void): Cancellable {
    const delay = Math.ceil(delayMs);
    let lane = this.#lanes.get(delay);
    if (lane === undefined) {
      lane = new Lane(this.#clock, delay, () => void this.#lanes.delete(delay));
      this.#lanes.set(delay, lane);
    }
    return lane.add(task);
  }
}

/** Those of one delay: who was added first is due first. */
class Lane {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #emptied: () => void;
  #first: SharedTimer | undefined;
  #last: SharedTimer | undefined;
  #timer: Cancellable | undefined;

  constructor(clock: Clock, delayMs: number, emptied: () => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#emptied = emptied;
  }

  add(task: () => void): SharedTimer {
    const added = new SharedTimer(this, this.#clock.monotonic() + this.#delayMs, task, this.#last);
    if (this.#last === undefined) {
      this.#first = added;
      this.#arm(this.#delayMs);
    } else {
      this.#last.next = added;
    }
    return this.#last = added;
  }

  /** Takes one out. */
  remove({ previous, next }: SharedTimer): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    if (this.#first !== undefined) return;
    this.#timer?.cancel();
    this.#emptied();
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.timer(delayMs, this.#run);
  }

  readonly #run = (): void => {
    // A timer may come a fraction of a millisecond early.
    const now = this.#clock.monotonic() + 1;
    try {
      for (let due = this.#first; due !== undefined && due.at <= now; due = this.#first) {
        due.cancel();
        due.task();
      }
    } finally {
      if (this.#first !== undefined) this.#arm(Math.max(1, this.#first.at - now + 1));
    }
  };
}

class SharedTimer implements Cancellable {
  readonly at: number;
  readonly task: () => void;
  previous: SharedTimer | undefined;
  next: SharedTimer | undefined;
  #lane: Lane | undefined;

  constructor(lane: Lane, at: number, task: () => void, previous: SharedTimer | undefined) {
    this.#lane = lane;
    this.at = at;
    this.task = task;
    this.previous = previous;
  }

  cancel(): void {
    this.#lane?.remove(this);
    this.#lane = undefined;
  }
}
