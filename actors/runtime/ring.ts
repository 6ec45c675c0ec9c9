/**
 * A first-in-first-out queue in a circle of slots, whose number is a power of two and doubles when it is
 * full.
 *
 * No message costs an allocation: that is what makes it faster here than a list or a shifted array.
 */
const FIRST_SLOTS = 8;
/** Shared by all that hold nothing yet. */
const NO_SLOTS = makeSlots(1);
NO_SLOTS.length = 0;

/**
 * Filled, so that V8 gives all of them one kind of elements, whatever they will hold: else each access asks
 * which.
 */
function makeSlots(count: number): undefined[] {
  return new Array(count).fill(undefined);
}

export class Ring<T> {
  #slots: (T | undefined)[] = NO_SLOTS;
  #head = 0;
  length = 0;

  /** How many items fit before it grows. */
  get slots(): number {
    return this.#slots.length;
  }

  push(item: T): void {
    if (this.length === this.#slots.length) this.#resize(this.length * 2 || FIRST_SLOTS);
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = item;
    this.length++;
  }

  unshift(item: T): void {
    if (this.length === this.#slots.length) this.#resize(this.length * 2 || FIRST_SLOTS);
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.length++;
  }

  /** Takes the oldest item; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const head = this.#head;
    const item = this.#slots[head];
    this.#slots[head] = undefined;
    this.#head = (head + 1) & (this.#slots.length - 1);
    this.length--;
    return item;
  }

  /** Brings the item at `index` to the front, in exchange for the one that is there. */
  swapToFront(index: number): void {
    const slots = this.#slots;
    const other = (this.#head + index) & (slots.length - 1);
    const front = slots[this.#head];
    slots[this.#head] = slots[other];
    slots[other] = front;
  }

  /** Takes out the oldest item of which `isWanted` holds, and keeps the order of the others. */
  remove(isWanted: (item: T) => boolean): T | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let i = 0; i < this.length; i++) {
      const item = slots[(this.#head + i) & mask] as T;
      if (!isWanted(item)) continue;
      for (let j = i; j > 0; j--) slots[(this.#head + j) & mask] = slots[(this.#head + j - 1) & mask];
      this.shift();
      return item;
    }
    return undefined;
  }

  /** Gives back the slots that a flood needed and nobody needs now. */
  trim(): void {
    if (this.length === 0) this.clear();
  }

  /** Lets go of all. */
  clear(): void {
    this.#slots = NO_SLOTS;
    this.#head = this.length = 0;
  }

  #resize(slots: number): void {
    const old = this.#slots;
    const head = this.#head;
    const grown: (T | undefined)[] = makeSlots(slots);
    for (let i = 0; i < this.length; i++) grown[i] = old[(head + i) & (old.length - 1)];
    this.#slots = grown;
    this.#head = 0;
  }
}
