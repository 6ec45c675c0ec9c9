/**
 * The least that passes messages at all: a ring of slots an actor, one global queue, synchronous handlers. No
 * supervision, no stop, no bound, no asynchronous handler, no turn for sockets unless it is told to: what an
 * actor toolkit can be measured against.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** What the queue holds. */
interface Turnable {
  turn(): void;
}

const ready: Turnable[] = [];
let isDraining = false;
let doesYield = false;

/** A slice of turns, after which sockets have theirs: the event loop of Deno polls them at each 61st tick. */
const SLICE_MS = 1;
const TICKS_TO_POLL = 61;
/** Turns between two looks at the clock. */
const TURNS_A_LOOK = 256;

/** Has the loop yield to sockets and timers, as the toolkit's does, or not. */
export function setYielding(yields: boolean): void {
  doesYield = yields;
}

function drain(): void {
  const sliceEndsAt = doesYield ? performance.now() + SLICE_MS : Infinity;
  for (let i = 0, turns = 1; i < ready.length; i++, turns++) {
    ready[i]?.turn();
    if (turns % TURNS_A_LOOK === 0 && doesYield && performance.now() > sliceEndsAt) {
      ready.splice(0, i + 1);
      return afterPoll(TICKS_TO_POLL);
    }
    if (i === 4095) {
      ready.splice(0, 4096);
      i = -1;
    }
  }
  ready.length = 0;
  isDraining = false;
}

function afterPoll(ticks: number): void {
  if (ticks === 0) drain();
  else setImmediate(afterPoll, ticks - 1);
}

/** One actor of the floor. */
export class FloorActor<M> {
  slots: (M | undefined)[] = new Array(8);
  head = 0;
  length = 0;
  isReady = false;
  receive: (message: M) => void;

  constructor(receive: (message: M) => void) {
    this.receive = receive;
  }

  tell(message: M): void {
    if (this.length === this.slots.length) this.grow();
    this.slots[(this.head + this.length) & (this.slots.length - 1)] = message;
    this.length++;
    if (this.isReady) return;
    this.isReady = true;
    ready.push(this);
    if (isDraining) return;
    isDraining = true;
    queueMicrotask(drain);
  }

  turn(): void {
    this.isReady = false;
    for (let left = this.length; left > 0; left--) {
      const message = this.slots[this.head] as M;
      this.slots[this.head] = undefined;
      this.head = (this.head + 1) & (this.slots.length - 1);
      this.length--;
      this.receive(message);
    }
    if (this.length === 0 || this.isReady) return;
    this.isReady = true;
    ready.push(this);
  }

  grow(): void {
    const old = this.slots;
    this.slots = new Array(old.length * 2);
    for (let i = 0; i < this.length; i++) this.slots[i] = old[(this.head + i) & (old.length - 1)];
    this.head = 0;
  }
}
