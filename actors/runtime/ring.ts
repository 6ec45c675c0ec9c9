/**
 * What mailboxes and the scheduler queue in.
 *
 * @module
 */

const FIRST_SLOTS = 8;
/** Counts go round after so many: small integers to every build of V8. */
const COUNTS = 2 ** 30 - 1;
/** Shared by all that hold nothing yet. */
const NO_SLOTS = makeSlots<never>(1);
NO_SLOTS.length = 0;

/**
 * Filled, so that V8 gives all of them one kind of elements, whatever they will hold: else each access asks
 * which. With `null`, since it keeps `undefined` among numbers, which is another kind.
 */
function makeSlots<T>(count: number): (T | undefined)[] {
  return new Array(count).fill(null);
}

/**
 * A first-in-first-out queue in a circle of slots, whose number is a power of two and doubles when it is
 * full. No item costs an allocation: that is what makes it faster here than a list or a shifted array.
 */
export class Ring<T> {
  #slots: (T | undefined)[] = NO_SLOTS;
  /** Where the oldest item is, and where the next one goes: they count on, and are masked for use. */
  #head = 0;
  #tail = 0;

  get length(): number {
    return (this.#tail - this.#head) & COUNTS;
  }

  /** How many items fit before it grows. */
  get slots(): number {
    return this.#slots.length;
  }

  push(item: T): void {
    const tail = this.#tail;
    if (((tail - this.#head) & COUNTS) === this.#slots.length) return this.#pushGrown(item);
    this.#slots[tail & (this.#slots.length - 1)] = item;
    this.#tail = (tail + 1) & COUNTS;
  }

  unshift(item: T): void {
    if (this.length === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & COUNTS;
    this.#slots[this.#head & (this.#slots.length - 1)] = item;
  }

  /** Takes the oldest item; `undefined` when there is none. */
  shift(): T | undefined {
    const head = this.#head;
    if (head === this.#tail) return undefined;
    const slots = this.#slots;
    const index = head & (slots.length - 1);
    const item = slots[index];
    slots[index] = undefined;
    this.#head = (head + 1) & COUNTS;
    return item;
  }

  /** Brings the item at `index` to the front, in exchange for the one that is there. */
  swapToFront(index: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const first = this.#head & mask;
    const other = (this.#head + index) & mask;
    const front = slots[first];
    slots[first] = slots[other];
    slots[other] = front;
  }

  /**
   * Takes out the oldest item of which `isWanted` holds, and keeps the order of the others. Undefined where
   * there is none: the item itself may be that.
   */
  remove(isWanted: (item: T) => boolean): { readonly item: T } | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let i = 0; i < this.length; i++) {
      const item = slots[(this.#head + i) & mask] as T;
      if (!isWanted(item)) continue;
      for (let j = i; j > 0; j--) slots[(this.#head + j) & mask] = slots[(this.#head + j - 1) & mask];
      this.shift();
      return { item };
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
    this.#head = this.#tail = 0;
  }

  #pushGrown(item: T): void {
    this.#grow();
    this.push(item);
  }

  #grow(): void {
    const old = this.#slots;
    const { length } = this;
    const grown = makeSlots<T>(length * 2 || FIRST_SLOTS);
    for (let i = 0; i < length; i++) grown[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = grown;
    this.#head = 0;
    this.#tail = length;
  }
}
