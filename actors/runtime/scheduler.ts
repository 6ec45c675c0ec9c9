/**
 * Who runs next: one global ring of actors that have work, drained by one microtask.
 *
 * @module
 */
import type { Cancellable, Clock, EventLoop } from "../world/world.ts";
import { Ring } from "./ring.ts";
import { SamplePace } from "./sample_pace.ts";
import { Slice, SLICE_MS } from "./slice.ts";
import { Stride } from "./stride.ts";

/** Something that holds memory or a timer which it may no longer need. */
export interface Trimmable {
  /** Nothing may have been going on for a while: gives back what is not needed. */
  trim(): void;
}

/** A scheduler, as a test that gives the turns itself sees it. */
export interface StepControl {
  /** Actors that wait for a turn. */
  readonly ready: number;
  /**
   * Stops giving turns by itself: from now on {@linkcode StepControl.step} does, until
   * {@linkcode StepControl.unpause}.
   */
  pause(): void;
  /** Goes on by itself. */
  unpause(): void;
  /** Gives one actor one turn; false when none has work. */
  step(): boolean;
}

/** The same in messages, where the world chooses who goes next: its time may stand still meanwhile. */
const CHOICES_A_SLICE = 2048;
/** One in as many starts is timed as this part of those since a slow one: each of the first 512. */
const START_TRUST_SHIFT = 8;
/** A handler that takes longer is slow: after it sockets are looked at. */
const SLOW_MS = 0.5;
/** Rings with more slots than this are given back when they are no longer needed. */
export const LARGE_RING_SLOTS = 1024;
/** The most messages of a turn; doubled while that binds, so that no burst outgrows it for long. */
export const FIRST_TURN_LIMIT = 256;
const TRIM_DELAY_MS = 50;

/** How actors are given turns. */
export interface Turns<T> {
  /** Lets one work for a while; it says how much it did through {@linkcode Scheduler.spend}. */
  readonly turn: (runnable: T) => void;
  /** Told what a turn threw: a mistake of the runtime's own, which must not end the drain. */
  readonly failed: (error: unknown) => void;
  /**
   * Told now and then who has just worked: once in about a thousand messages. False: the next one, please.
   * @default nobody wants to know
   */
  readonly sample?: ((runnable: T) => boolean) | undefined;
}

/** Gives turns to actors. One object a system; tests may single-step it. */
export class Scheduler<T> implements StepControl {
  readonly #clock: Clock;
  readonly #loop: EventLoop;
  readonly #turn: (runnable: T) => void;
  readonly #failed: (error: unknown) => void;
  readonly #samples: SamplePace<T> | undefined;
  readonly #ready = new Ring<T>();
  readonly #drain = () => this.#run();
  readonly #oversized = new Set<Trimmable>();
  #trimTimer: Cancellable | undefined;
  /** The world chooses who goes next, one message at a time. */
  readonly isChoosing: boolean;
  /** An actor is having its turn: whoever calls is, or was called by, its handler. */
  isRunning = false;
  #draining = false;
  #paused = false;
  /** Messages that may go by before the clock is read. */
  #allowance = 0;
  /** Messages that will have gone by then since it was read last. */
  #granted = 0;
  /** The messages before the last reading of the clock took too long. */
  foundSlow = false;
  readonly #stride = new Stride();
  /** Behaviours run since one was slow. */
  #starts = 0;
  #choicesLeft = CHOICES_A_SLICE;
  /** What {@linkcode Scheduler.now} says; below 0: to be read. */
  #now = -1;
  readonly #slice = new Slice();
  #lastReadAt = 0;
  /** What wall time was then, to the millisecond: it is read in half the time. */
  #wallAt = 0;
  /** Messages since then. */
  #handled = 0;
  #sliceIsOver = false;
  /** Sockets and timers have their turn: who gets work now has it from them. */
  #isPolling = false;
  /** Actors to which sockets and timers brought work while the others waited. */
  readonly #arrived = new Ring<T>();
  #markerPending = false;

  constructor(clock: Clock, loop: EventLoop, { turn, failed, sample }: Turns<T>) {
    this.#clock = clock;
    this.#loop = loop;
    this.#turn = turn;
    this.#failed = failed;
    this.#samples = sample && new SamplePace(sample);
    this.isChoosing = loop.choose !== undefined;
  }

  get ready(): number {
    return this.#ready.length + this.#arrived.length;
  }

  /** Monotonic milliseconds; while actors run, at most about a millisecond old. */
  get now(): number {
    if (this.#now >= 0) return this.#now;
    const now = this.#clock.monotonic();
    if (this.#draining) this.#now = now;
    return now;
  }

  enqueue(runnable: T): void {
    if (this.#isPolling) this.#arrived.push(runnable);
    else this.#ready.push(runnable);
    this.#wake();
  }

  /** Puts an actor that could not finish its turn in front of all others. */
  enqueueFirst(runnable: T): void {
    this.#ready.unshift(runnable);
    this.#wake();
  }

  /** Counts one message, that `runnable` has handled. False when the slice is over: the turn is to end. */
  spend(runnable?: T): boolean {
    return --this.#allowance > 0 || this.#checkSlice(runnable);
  }

  /** Counts what was done within a turn, where more follows: true when the rest is to wait for another. */
  spendWithin(): boolean {
    return !this.isChoosing && !this.spend();
  }

  /** The clock is read after so many messages at the latest: the next ones may take long. */
  readAfter(messages: number): void {
    if (this.isChoosing) return;
    // How long they take can be told only where it is known when they began.
    if (this.#slice.startedAt < 0) this.#readClock(undefined);
    this.#limitAllowance(messages);
  }

  #limitAllowance(messages: number): void {
    if (this.#allowance <= messages) return;
    this.#granted -= this.#allowance - messages;
    this.#allowance = messages;
  }

  /**
   * A function that belongs to an actor, and is none of its handlers, is about to run: its behaviour, a
   * decision about a child, what releases something.
   */
  beforeStart(): void {
    this.readAfter((this.#starts++ >> START_TRUST_SHIFT) || 1);
  }

  /** Has `trim()` called in a little while. */
  trimLater(holder: Trimmable): void {
    this.#oversized.add(holder);
    this.#trimTimer ??= this.#clock.timer(TRIM_DELAY_MS, () => this.#trim());
  }

  /** All actors are gone: forgets those that wait for a turn, and lets go of its timer. */
  dispose(): void {
    this.#ready.clear();
    this.#arrived.clear();
    this.#trimTimer?.cancel();
    this.#oversized.clear();
  }

  pause(): void {
    this.#paused = true;
  }

  unpause(): void {
    this.#paused = false;
    if (this.#draining) this.#loop.soon(this.#drain);
  }

  step(): boolean {
    const runnable = this.#next();
    if (runnable === undefined) return false;
    this.isRunning = true;
    this.#give(runnable);
    this.isRunning = false;
    this.#sliceIsOver = false;
    this.#now = -1;
    if (this.ready === 0) this.#draining = false;
    return true;
  }

  #wake(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (!this.#paused) this.#loop.soon(this.#drain);
  }

  #next(): T | undefined {
    const ready = this.#ready;
    if (this.#arrived.length > 0) return this.#arrived.shift();
    if (this.#loop.choose !== undefined && ready.length > 1) {
      ready.swapToFront(this.#loop.choose(ready.length));
    }
    return ready.shift();
  }

  #run(): void {
    if (this.#paused) return;
    this.#now = -1;
    this.#isPolling = false;
    // What went on after an `await`, between the turns, has used the slice up.
    if (this.#sliceIsOver && !this.isChoosing) return this.#yield();
    if (this.#slice.isNext && this.ready > 0) this.#beginSlice();
    this.isRunning = true;
    if (this.#arrived.length > 0) this.#runArrived();
    else if (this.#runReady()) this.#yield();
    else this.#rest();
    this.isRunning = false;
  }

  /** Gives turns until none is ready, or, and then it is true, until the slice is over. */
  #runReady(): boolean {
    const ready = this.#ready;
    for (;;) {
      // What a turn throws costs that turn, and no other.
      try {
        for (;;) {
          const runnable = this.isChoosing ? this.#next() : ready.shift();
          if (runnable === undefined) return false;
          this.#turn(runnable);
          if (this.#sliceIsOver) return true;
        }
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #give(runnable: T): void {
    try {
      this.#turn(runnable);
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * Who has work from sockets and timers goes before a backlog of others, and what it writes goes out before
   * that backlog's slice: a peer beside a flood waits for one slice, not for two. At most a slice of it, so
   * that neither starves the other.
   */
  #runArrived(): void {
    const arrived = this.#arrived;
    while (arrived.length > 0 && !this.#sliceIsOver) {
      const runnable = arrived.shift();
      if (runnable !== undefined) this.#give(runnable);
    }
    for (let late = arrived.shift(); late !== undefined; late = arrived.shift()) this.#ready.push(late);
    this.#endSlice();
    this.#slice.isNext = true;
    this.#loop.soon(this.#drain);
  }

  #checkSlice(runnable: T | undefined): boolean {
    if (this.isChoosing) {
      this.#samples?.count(runnable, 1, -this.#choicesLeft);
      return this.#countChoice();
    }
    this.#sliceIsOver ||= this.#lookAtClock(runnable);
    return !this.#sliceIsOver;
  }

  /** Where the world chooses, turns are of one message. */
  #countChoice(): false {
    this.#slice.startedAt = 0;
    this.#sliceIsOver ||= --this.#choicesLeft <= 0;
    return false;
  }

  /** Says whether the slice is over. */
  #lookAtClock(runnable: T | undefined): boolean {
    const granted = this.#granted;
    this.#handled += granted;
    this.#stride.count(granted);
    // By the wall clock's ticks alone a slice would be of one millisecond or of two.
    const mayBeOver = this.#slice.count(granted) || this.#slice.startedAt < 0;
    // What took less than a millisecond is quick: the clock that costs more need not be read.
    if (mayBeOver || this.#clock.now() !== this.#wallAt) return this.#readClock(runnable);
    this.#stride.lengthen();
    this.#allowance = this.#granted = this.#stride.messages;
    return false;
  }

  /**
   * Reads the clock, and sets how many messages may go by until it is read again: about a quarter of a slice.
   */
  #readClock(runnable: T | undefined): boolean {
    const wall = this.#clock.now();
    this.#samples?.count(runnable, this.#handled, wall);
    // Of the last stride is known that it began in the millisecond of `#wallAt`.
    const strideMs = wall - this.#wallAt - 1;
    this.#wallAt = wall;
    const now = this.#clock.monotonic();
    this.#now = now;
    if (this.#slice.startedAt < 0) this.#beginLate(now);
    else if (strideMs >= 1) this.#surprised(strideMs);
    else this.#learn(now - this.#lastReadAt, Math.max(1, this.#handled));
    if (this.foundSlow) {
      this.#starts = 0;
      this.#stride.distrust();
    }
    this.#lastReadAt = now;
    this.#handled = 0;
    this.#allowance = this.#granted = this.#stride.messages;
    return this.#slice.isOver(now);
  }

  #beginSlice(): void {
    this.#wallAt = this.#clock.now();
    this.#lastReadAt = this.#clock.monotonic();
    this.#slice.begin(this.#lastReadAt);
    this.foundSlow = false;
    this.#handled = 0;
  }

  #beginLate(now: number): void {
    this.#slice.beginLate(now);
    this.foundSlow = false;
    this.#stride.beginLate();
  }

  /** The last stride alone took so long; a pause of the garbage collector may have been in it. */
  #surprised(strideMs: number): void {
    this.foundSlow = strideMs > SLOW_MS * this.#granted;
    this.#stride.surprised();
  }

  /** @param elapsed milliseconds that the last `handled` messages took */
  #learn(elapsed: number, handled: number): void {
    this.foundSlow = elapsed > SLOW_MS * handled;
    this.#stride.learn(elapsed, handled);
  }

  /** The slice is used up: sockets and timers first, then the rest. */
  #yield(): void {
    this.#endSlice();
    // Where time stands still while actors work, the slice takes its time now.
    if (this.isChoosing) this.#clock.timer(SLICE_MS, this.#drain);
    else {
      this.#isPolling = this.#slice.isNext = true;
      this.#loop.afterPoll(this.#drain);
    }
  }

  #endSlice(): void {
    this.#choicesLeft = CHOICES_A_SLICE;
    this.#slice.end();
    this.#sliceIsOver = false;
    this.#now = -1;
  }

  #rest(): void {
    this.#draining = false;
    this.#now = -1;
    // Actors that wake one another through promises never leave the microtask queue, so the slice must
    // outlive this run: it is forgotten only when the event loop is seen to turn.
    if (this.#slice.startedAt >= 0 && !this.#markerPending) {
      this.#markerPending = true;
      this.#loop.nextTurn(() => {
        this.#markerPending = false;
        this.#endSlice();
        if (!this.#draining) this.#limitAllowance(this.#stride.pause());
      });
    }
  }

  #trim(): void {
    this.#trimTimer = undefined;
    const holders = [...this.#oversized];
    this.#oversized.clear();
    for (const holder of holders) holder.trim();
    if (this.#ready.slots > LARGE_RING_SLOTS) this.#ready.trim();
  }
}
