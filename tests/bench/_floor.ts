/**
 * The least that passes messages at all: a ring of slots an actor, one global queue, synchronous handlers. No
 * supervision, no stop, no bound, no asynchronous handler, no turn for sockets: what an actor toolkit can be
 * measured against.
 *
 * @module
 */

/** What the queue holds. */
interface Turnable {
  turn(): void;
}

const ready: Turnable[] = [];
let isDraining = false;

function drain(): void {
  for (let i = 0; i < ready.length; i++) {
    ready[i]?.turn();
    if (i === 4095) {
      ready.splice(0, 4096);
      i = -1;
    }
  }
  ready.length = 0;
  isDraining = false;
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
