/**
 * The engine of a simulated world: virtual time, the queue of what will happen, and the loop that makes it
 * happen.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";
import { whenSettled } from "./_real_loop.ts";
import { EventQueue } from "./event_queue.ts";
import { mix, SeededRandom } from "./random.ts";
import type { Stepper } from "./stepper.ts";
import { Tally } from "./tally.ts";
import { Trace } from "./trace.ts";

/** Somebody who waits for a time to come, or for a condition to hold. */
interface Waiter {
  readonly deadlineMs: number;
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly expire: () => void;
  readonly reject: (error: unknown) => void;
}

/** Clock readings within one event that cost no time. */
const FREE_READINGS = 16;
/** What each reading beyond costs, so that code which works until its time is up comes to an end. */
const READING_COSTS_MS = 0.05;

/** Events of one moment that cost no time: beyond, what is planned for at once costs a little. */
const FREE_EVENTS = 256;

/** Time and order, for all hosts together. */
export class Simulation {
  readonly seed: number;
  readonly #stepper: Stepper | undefined;
  /** For the order of what is ready at once. */
  readonly random: SeededRandom;
  readonly trace: Trace;
  /** What really occurred. */
  readonly tally: Tally = new Tally();
  #now = 0;
  #queue = new EventQueue();
  #tieSeed: number;
  #waiters: Waiter[] = [];
  #running = false;
  #readings = 0;
  #eventsOfNow = 0;
  #closed = false;
  #still: () => void = () => {};
  #failure: { readonly error: unknown } | undefined;

  constructor(seed: number, traceLength: number, stepper?: Stepper) {
    this.seed = seed;
    this.#stepper = stepper;
    this.random = new SeededRandom(`${seed} order`);
    this.trace = new Trace(traceLength);
    this.#tieSeed = this.random.uint32();
  }

  /** Virtual milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The time, as code under test reads it. */
  read(): number {
    if (++this.#readings > FREE_READINGS) this.#now += READING_COSTS_MS;
    return this.#now;
  }

  /**
   * Plans `task`. Tasks of one lane that fall on one moment keep their order; lanes are in a seeded order, a
   * new one at each moment.
   */
  schedule(delayMs: number, lane: number, task: () => void): Cancellable {
    const timeMs = this.#soonest(delayMs);
    const tie = mix(this.#tieSeed ^ Math.imul(lane + 1, 0x9e3779b1) ^ Math.floor(timeMs * 1000));
    return this.#add(timeMs, tie, task);
  }

  /** Plans `task` after everything else that is ready now. */
  scheduleLast(task: () => void): Cancellable {
    return this.#add(this.#soonest(0), Infinity, task);
  }

  /** Code that plans itself anew for at once must not keep time from passing. */
  #soonest(delayMs: number): number {
    return this.#now + (delayMs > 0 ? delayMs : this.#eventsOfNow > FREE_EVENTS ? READING_COSTS_MS : 0);
  }

  #add(timeMs: number, tie: number, task: () => void): Cancellable {
    const event = this.#queue.add(timeMs, tie, task);
    if (timeMs <= this.#now) this.#wake();
    return event;
  }

  /** Resolves when `delayMs` of virtual time have gone by. */
  advance(delayMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wait({
      deadlineMs: this.#now + delayMs,
      isDone: () => false,
      resolve,
      expire: resolve,
      reject,
    });
    return promise;
  }

  /** Resolves once the condition holds; rejects when it does not within the time. */
  until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wait({
      deadlineMs: this.#now + withinMs,
      isDone: condition,
      resolve,
      expire: () => reject(new Error(`Cannot wait any longer for ${what}: ${withinMs} ms went by`)),
      reject,
    });
    return promise;
  }

  /**
   * Calls `still` whenever nothing is under way and nobody waits for time to go by; also when nothing ever
   * begins.
   */
  onStill(still: () => void): void {
    this.#still = still;
    this.#wake();
  }

  /** Makes all who wait fail: the simulation itself went wrong. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** Throws what went wrong in an event, if something did. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends it: nothing happens any more. */
  close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#waiters = [];
    this.#still = () => {};
  }

  #wait(waiter: Waiter): void {
    if (this.#closed) {
      waiter.reject(new Error("Cannot advance the simulation: it is closed"));
      return;
    }
    this.#waiters.push(waiter);
    this.#wake();
  }

  #wake(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    whenSettled(this.#step);
  }

  /** One event, or one waiter that is served; what their promises cause settles before the next. */
  #step = (): void => {
    this.#readings = 0;
    if (this.#closed) return;
    // Held, it goes on with this same step.
    if (this.#stepper?.mayHappen(() => whenSettled(this.#goOn)) === false) return;
    this.#goOn();
  };

  #goOn = (): void => {
    if (this.#closed) return;
    if (this.#next()) {
      whenSettled(this.#step);
    } else {
      this.#running = false;
      this.#still();
    }
  };

  #next(): boolean {
    if (this.#failure !== undefined && this.#waiters.length > 0) {
      for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#failure.error);
      return true;
    }
    let first: Waiter | undefined;
    for (const waiter of this.#waiters) {
      if (waiter.isDone()) {
        this.#serve(waiter, waiter.resolve);
        return true;
      }
      if (first === undefined || waiter.deadlineMs < first.deadlineMs) first = waiter;
    }
    const event = this.#queue.next;
    // With nobody waiting, time stands still; what is ready happens all the same.
    const limit = first === undefined ? this.#now : Math.max(first.deadlineMs, this.#now);
    if (event !== undefined && event.timeMs <= limit) {
      event.cancel();
      if (event.timeMs > this.#now) {
        this.#now = event.timeMs;
        this.#eventsOfNow = 0;
      }
      this.#eventsOfNow++;
      this.#happen(event.task);
      return true;
    }
    if (first === undefined) return false;
    this.#now = Math.max(this.#now, first.deadlineMs);
    this.#serve(first, first.expire);
    return true;
  }

  #serve(waiter: Waiter, how: () => void): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    how();
  }

  #happen(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.fail(error);
    }
  }
}
