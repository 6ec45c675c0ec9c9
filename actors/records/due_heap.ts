/**
 * Records in order of their age.
 *
 * @module
 */
import type { WallSeconds } from "../../protocols/records.ts";

/** What a {@linkcode DueHeap} orders. Only the heap writes `place`. */
export interface Dated {
  stamp: WallSeconds;
  /** Where in the heap it stands; -1 outside. */
  place: number;
}

/**
 * A binary heap with the oldest on top, in which each member knows its place: a change of its datestamp costs the
 * logarithm of the number stored, and finding all that are due costs the number due, whatever is stored.
 */
export class DueHeap<T extends Dated> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Puts a member where its datestamp belongs: a new one, or one whose datestamp has changed. */
  put(member: T): void {
    if (member.place < 0) {
      member.place = this.#members.length;
      this.#members.push(member);
    }
    this.#sink(this.#rise(member));
  }

  remove(member: T): void {
    const { place } = member;
    const last = place < 0 ? undefined : this.#members.pop();
    if (last === undefined) return;
    member.place = -1;
    if (last === member) return;
    last.place = place;
    this.#members[place] = last;
    this.put(last);
  }

  /** All whose datestamp is not after `limit`, in no particular order. */
  notAfter(limit: WallSeconds): T[] {
    const due: T[] = [];
    // Below one that is not due, none is. `due` grows while it is walked.
    this.#addDue(0, limit, due);
    for (const { place } of due) {
      this.#addDue(2 * place + 1, limit, due);
      this.#addDue(2 * place + 2, limit, due);
    }
    return due;
  }

  #addDue(place: number, limit: WallSeconds, due: T[]): void {
    const member = this.#members[place];
    if (member !== undefined && member.stamp <= limit) due.push(member);
  }

  #rise(member: T): T {
    while (member.place > 0) {
      const above = this.#members[(member.place - 1) >> 1];
      if (above === undefined || above.stamp <= member.stamp) break;
      this.#swap(member, above);
    }
    return member;
  }

  #sink(member: T): void {
    for (;;) {
      const left = this.#members[2 * member.place + 1];
      const right = this.#members[2 * member.place + 2];
      const older = right !== undefined && left !== undefined && right.stamp < left.stamp ? right : left;
      if (older === undefined || older.stamp >= member.stamp) break;
      this.#swap(member, older);
    }
  }

  #swap(a: T, b: T): void {
    const place = a.place;
    a.place = b.place;
    b.place = place;
    this.#members[a.place] = a;
    this.#members[b.place] = b;
  }
}
