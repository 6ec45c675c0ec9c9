/** What is to happen in virtual time: the earliest first, and of what is due at once what was added first. */

/** Something that is to happen. */
interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A heap of what is to happen. */
export class TimedQueue {
  readonly #heap: Entry[] = [];
  #order = 0;

  add(atMs: number, run: () => void): void {
    this.#heap.push({ atMs, order: this.#order++, run });
    rise(this.#heap);
  }

  /** Takes what is due first, if it is by then. */
  take(endMs: number): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > endMs) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) {
      heap[0] = last;
      sink(heap);
    }
    return first;
  }
}

function before(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function rise(heap: Entry[]): void {
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(heap[index], heap[parent])) return;
    swap(heap, index, parent);
    index = parent;
  }
}

function sink(heap: Entry[]): void {
  let index = 0;
  for (;;) {
    let least = index;
    for (const child of [2 * index + 1, 2 * index + 2]) if (before(heap[child], heap[least])) least = child;
    if (least === index) return;
    swap(heap, index, least);
    index = least;
  }
}

function swap(heap: Entry[], a: number, b: number): void {
  const first = heap[a];
  const second = heap[b];
  if (first === undefined || second === undefined) return;
  heap[a] = second;
  heap[b] = first;
}
