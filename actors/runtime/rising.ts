/**
 * Things whose names come in order.
 *
 * @module
 */

/** So few are moved when one of them goes; of more, who goes from their middle ends the order. */
const MAX_MOVED = 32;

/** Whether a name comes after another: as `child-10` does after `child-9`. */
function isAfter(name: string, other: string): boolean {
  return name.length > other.length || (name.length === other.length && name > other);
}

/**
 * Things in the order of their names, as numbered ones come. A name that comes after all others is new, so
 * that to add it takes no table; and most go from an end, the youngest first or the oldest.
 */
export class Rising<T extends { readonly name: string }> {
  /** In order, from `#head` on. */
  #items: (T | undefined)[] = [];
  #head = 0;
  /** That of the last that came, whether or not it is there still. */
  #greatest = "";
  /** The name that was found to come after it: who adds one has just asked. */
  #next: string | undefined;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Whether a name comes after all that ever were there: then it is new, and may be added. */
  comesLast(name: string): boolean {
    if (!isAfter(name, this.#greatest)) return false;
    this.#next = name;
    return true;
  }

  /** Adds one, if its name comes last. */
  add(item: T): boolean {
    const { name } = item;
    if (name !== this.#next && !this.comesLast(name)) return false;
    this.#greatest = name;
    this.#next = undefined;
    this.#items.push(item);
    return true;
  }

  get(name: string): T | undefined {
    return this.#items[this.#indexOf(name)];
  }

  /** Takes one out. False where its place cannot be closed: it is there still. */
  delete(name: string): boolean {
    const items = this.#items;
    if (items.at(-1)?.name === name) items.pop();
    else {
      const index = items[this.#head]?.name === name ? this.#head : this.#indexOf(name);
      if (index === this.#head) this.#shift();
      else if (index >= 0 && this.size > MAX_MOVED) return false;
      else if (index >= 0) items.splice(index, 1);
    }
    if (this.size === 0) this.#clear();
    return true;
  }

  /** Some of them, in order: so many at most, after the first `skip`. */
  slice(skip: number, count: number): T[] {
    const from = this.#head + skip;
    return this.#items.slice(from, from + count) as T[];
  }

  #clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#greatest = "";
    this.#next = undefined;
  }

  #shift(): void {
    this.#items[this.#head++] = undefined;
    if (2 * this.#head < this.#items.length || this.#head < MAX_MOVED) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  /** Where it is, below 0 when it is not there. */
  #indexOf(name: string): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#items[middle]?.name ?? "";
      if (at === name) return middle;
      if (isAfter(name, at)) low = middle + 1;
      else high = middle;
    }
    return -1;
  }
}
