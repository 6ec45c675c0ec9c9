/**
 * A priority queue.
 *
 * @module
 */

/** What a {@linkcode Heap} holds. Only the heap writes `place`. */
export interface HeapMember {
  /** Where in the heap it stands; -1 outside. */
  place: number;
}

/**
 * A binary heap in which each member knows its place: to add, remove or reorder one costs the logarithm of
 * how many there are.
 */
export class Heap<T extends HeapMember> {
  readonly #before: (left: T, right: T) => boolean;
  #members: T[] = [];

  /** @param before whether `left` goes strictly before `right` */
  constructor(before: (left: T, right: T) => boolean) {
    this.#before = before;
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.length;
  }

  /** The first member, left where it is. */
  get first(): T | undefined {
    return this.#members[0];
  }

  /** Puts a member where it belongs: a new one, or one whose order has changed. */
  put(member: T): void {
    if (member.place < 0) {
      member.place = this.#members.length;
      this.#members.push(member);
    }
    this.#rise(member);
    this.#sink(member);
  }

  /** Takes a member out; one that is not in the heap is left alone. */
  remove(member: T): void {
    const { place } = member;
    const last = place < 0 ? undefined : this.#members.pop();
    if (last === undefined) return;
    member.place = -1;
    if (last === member) return;
    last.place = place;
    this.#members[place] = last;
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes all members out. */
  clear(): void {
    for (const member of this.#members) member.place = -1;
    this.#members = [];
  }

  /**
   * The members for which `isDue` holds, in no particular order, at a cost by how many these are. Where it
   * holds for a member it must hold for all that go before it.
   */
  due(isDue: (member: T) => boolean): T[] {
    const due: T[] = [];
    const look = (place: number) => {
      const member = this.#members[place];
      if (member !== undefined && isDue(member)) due.push(member);
    };
    look(0);
    // Below one that is not due, none is. `due` grows while it is walked.
    for (const { place } of due) {
      look(2 * place + 1);
      look(2 * place + 2);
    }
    return due;
  }

  #rise(member: T): void {
    let { place } = member;
    while (place > 0) {
      const abovePlace = (place - 1) >> 1;
      const above = this.#members[abovePlace];
      if (above === undefined || !this.#before(member, above)) break;
      this.#set(above, place);
      place = abovePlace;
    }
    this.#set(member, place);
  }

  #sink(member: T): void {
    let { place } = member;
    for (;;) {
      let belowPlace = 2 * place + 1;
      let below = this.#members[belowPlace];
      const right = this.#members[belowPlace + 1];
      if (below !== undefined && right !== undefined && this.#before(right, below)) {
        below = right;
        belowPlace++;
      }
      if (below === undefined || !this.#before(below, member)) break;
      this.#set(below, place);
      place = belowPlace;
    }
    this.#set(member, place);
  }

  #set(member: T, place: number): void {
    this.#members[place] = member;
    member.place = place;
  }
}
