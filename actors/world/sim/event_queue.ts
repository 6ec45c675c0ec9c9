/**
 * What will happen, in the order in which it will.
 *
 * @module
 */
import { Heap, type HeapMember } from "../heap.ts";
import type { Cancellable } from "../world.ts";

/** Something that happens at a moment of virtual time, unless it is called off. */
export class SimEvent implements Cancellable, HeapMember {
  readonly timeMs: number;
  /** Among events of one moment the lowest goes first; then the one that was planned first. */
  readonly tie: number;
  readonly sequence: number;
  readonly task: () => void;
  place = -1;
  readonly #heap: Heap<SimEvent>;

  constructor(timeMs: number, tie: number, sequence: number, task: () => void, heap: Heap<SimEvent>) {
    this.timeMs = timeMs;
    this.tie = tie;
    this.sequence = sequence;
    this.task = task;
    this.#heap = heap;
  }

  cancel(): void {
    this.#heap.remove(this);
  }
}

function before(left: SimEvent, right: SimEvent): boolean {
  if (left.timeMs !== right.timeMs) return left.timeMs < right.timeMs;
  if (left.tie !== right.tie) return left.tie < right.tie;
  return left.sequence < right.sequence;
}

/** The events to come. */
export class EventQueue {
  readonly #heap = new Heap<SimEvent>(before);
  #sequence = 0;

  add(timeMs: number, tie: number, task: () => void): SimEvent {
    const event = new SimEvent(timeMs, tie, this.#sequence++, task, this.#heap);
    this.#heap.put(event);
    return event;
  }

  /** The next event, left where it is. */
  get next(): SimEvent | undefined {
    return this.#heap.first;
  }

  clear(): void {
    this.#heap.clear();
  }
}
