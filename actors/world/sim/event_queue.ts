/**
 * What will happen, in the order in which it will.
 *
 * @module
 */
import type { Cancellable } from "../world.ts";

/** Something that happens at a moment of virtual time, unless it is called off. */
export class SimEvent implements Cancellable {
  readonly timeMs: number;
  /** Among events of one moment the lowest goes first; then the one that was planned first. */
  readonly tie: number;
  readonly sequence: number;
  task: (() => void) | undefined;
  #queue: EventQueue;

  constructor(timeMs: number, tie: number, sequence: number, task: () => void, queue: EventQueue) {
    this.timeMs = timeMs;
    this.tie = tie;
    this.sequence = sequence;
    this.task = task;
    this.#queue = queue;
  }

  cancel(): void {
    if (this.task === undefined) return;
    this.task = undefined;
    this.#queue.cancelled();
  }
}

function before(left: SimEvent, right: SimEvent): boolean {
  if (left.timeMs !== right.timeMs) return left.timeMs < right.timeMs;
  if (left.tie !== right.tie) return left.tie < right.tie;
  return left.sequence < right.sequence;
}

/** A binary heap of events. */
export class EventQueue {
  #heap: SimEvent[] = [];
  #sequence = 0;
  #cancelled = 0;

  add(timeMs: number, tie: number, task: () => void): SimEvent {
    const event = new SimEvent(timeMs, tie, this.#sequence++, task, this);
    this.#insert(event);
    return event;
  }

  /** The next event, left where it is. */
  peek(): SimEvent | undefined {
    while (true) {
      const first = this.#heap[0];
      if (first === undefined || first.task !== undefined) return first;
      this.#cancelled--;
      this.#removeFirst();
    }
  }

  /** Takes the next event out. */
  take(): SimEvent | undefined {
    const first = this.peek();
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  clear(): void {
    this.#heap = [];
    this.#cancelled = 0;
  }

  /** Told by an event that was called off: when most are, they are swept out. */
  cancelled(): void {
    this.#cancelled++;
    if (this.#cancelled < 64 || this.#cancelled * 2 < this.#heap.length) return;
    const kept = this.#heap.filter((event) => event.task !== undefined);
    this.#heap = [];
    this.#cancelled = 0;
    for (const event of kept) this.#insert(event);
  }

  #insert(event: SimEvent): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || before(parent, event)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    while (true) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && before(right, child)) {
        childIndex++;
        child = right;
      }
      if (before(last, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}
