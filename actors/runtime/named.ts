/**
 * Things by name, in the order in which they came.
 *
 * @module
 */
import { Rising } from "./rising.ts";

/** So few are looked through one by one: most actors have fewer children, and need no table. */
const MAX_SCANNED = 8;
/** A search as long as this means names that were chosen to collide: they are a `Map`'s business. */
const MAX_PROBES = 64;
/** Nothing has ever been here. */
const FREE = 0;
const NO_HASHES = new Int32Array(0);

/**
 * What a `Map` by name is, for names by the hundred thousand: to add one costs half. A table of numbers says
 * where each is, and has as many bits of its hash as fit beside that: a search touches one number, and no
 * string but the one it finds; growing moves no pointers. As long as names come in order, there is none.
 */
export class Named<T extends { readonly name: string }> {
  /** All of them, as long as their names rise. */
  #rising: Rising<T> | undefined = new Rising();
  /** In their order, with gaps where some have been removed. */
  #items: (T | undefined)[] = [];
  #size = 0;
  /** Of the names, by where they are in `#items`. Made with the table. */
  #hashes = NO_HASHES;
  /**
   * Open-addressed, a power of two long, at most half of it in use. The low bits, as many as count its slots,
   * are where in `#items` one is, plus 1: 0 is {@linkcode FREE}, all of them set is one that was removed.
   * The others are those of the hash.
   */
  #table: Int32Array | undefined;
  /** In place of the table, once names have collided. */
  #map: Map<string, number> | undefined;
  /** The last name and its hash: who adds one has just looked whether it is there. */
  #lastName = "";
  #lastHash = 0;

  get size(): number {
    return this.#rising?.size ?? this.#size;
  }

  get(name: string): T | undefined {
    const rising = this.#rising;
    if (rising !== undefined) return rising.comesLast(name) ? undefined : rising.get(name);
    if (this.#map !== undefined) return this.#items[this.#map.get(name) ?? -1];
    if (this.#table === undefined) return this.#items.find((item) => item?.name === name);
    const at = this.#find(this.#table, name);
    return at < 0 ? undefined : this.#items[placeAt(this.#table, at) - 1];
  }

  /** Adds one whose name is not there yet. */
  add(item: T): void {
    const rising = this.#rising;
    if (rising?.add(item)) return;
    if (rising !== undefined) this.#endOrder(rising);
    if (this.#items.length >= this.#capacity) this.#grow();
    this.#items.push(item);
    this.#size++;
    if (this.#map !== undefined) this.#map.set(item.name, this.#items.length - 1);
    else if (this.#table !== undefined) {
      const hash = this.#hash(item.name);
      this.#hashes[this.#items.length - 1] = hash;
      this.#enter(this.#table, this.#items.length, hash);
    }
  }

  delete(name: string): void {
    const rising = this.#rising;
    if (rising?.delete(name)) return;
    if (rising !== undefined) this.#endOrder(rising);
    const index = this.#indexOf(name);
    if (index < 0) return;
    this.#items[index] = undefined;
    this.#map?.delete(name);
    if (--this.#size > 0) return;
    this.#items = [];
    this.#hashes = NO_HASHES;
    this.#table = this.#map = undefined;
    this.#rising = new Rising();
  }

  /** All, oldest first. */
  toArray(): T[] {
    return this.slice(0, this.size);
  }

  /** So many at most, oldest first, after the first `skip`. */
  slice(skip: number, count: number): T[] {
    if (this.#rising !== undefined) return this.#rising.slice(skip, count);
    const slice: T[] = [];
    for (const item of this.#items) {
      if (slice.length >= count) break;
      if (item !== undefined && skip-- <= 0) slice.push(item);
    }
    return slice;
  }

  /** How many items and gaps there may be before it grows. */
  get #capacity(): number {
    return this.#table === undefined ? MAX_SCANNED : this.#table.length / 2;
  }

  /** From now on names are looked up in a table. */
  #endOrder(rising: Rising<T>): void {
    this.#rising = undefined;
    this.#items = rising.slice(0, rising.size);
    this.#size = this.#items.length;
    if (this.#size > MAX_SCANNED) this.#remake();
  }

  /** Where it is in `#items`, below 0 when it is not; from the table it is taken out. */
  #indexOf(name: string): number {
    if (this.#map !== undefined) return this.#map.get(name) ?? -1;
    const table = this.#table;
    if (table === undefined) return this.#items.findIndex((item) => item?.name === name);
    const at = this.#find(table, name);
    if (at < 0) return -1;
    const index = placeAt(table, at) - 1;
    table[at] = table.length - 1;
    return index;
  }

  /** Where it is in the table, below 0 when it is not. */
  #find(table: Int32Array, name: string): number {
    const hash = this.#hash(name);
    const mask = table.length - 1;
    for (let at = hash & mask, slot; (slot = table[at] ?? FREE) !== FREE; at = at + 1 & mask) {
      // One that was removed has a place at which there is none.
      if (((slot ^ hash) & ~mask) === 0 && this.#items[(slot & mask) - 1]?.name === name) return at;
    }
    return -1;
  }

  /** @param place where it is in `#items`, plus 1 */
  #enter(table: Int32Array, place: number, hash: number): void {
    const mask = table.length - 1;
    let at = hash & mask;
    for (let probes = 0; table[at] !== FREE; probes++) {
      if (probes === MAX_PROBES) return this.#useMap();
      at = at + 1 & mask;
    }
    table[at] = hash & ~mask | place;
  }

  /** Makes the table twice as large; where there are gaps, closes them and makes it anew. */
  #grow(): void {
    const old = this.#table;
    if (this.#map === undefined && old !== undefined && this.#size === this.#items.length) {
      const table = this.#makeTable(2 * old.length);
      const hashes = this.#hashes;
      // In the order of the hashes: so the new table is filled from end to end, and not all over.
      for (let at = 0; at < old.length; at++) {
        const place = placeAt(old, at);
        if (place > 0 && place <= this.#size) this.#enter(table, place, hashes[place - 1] ?? 0);
      }
      return;
    }
    this.#items = this.toArray();
    if (old === undefined && 2 * this.#size <= MAX_SCANNED) return;
    this.#remake();
  }

  /** Makes the table of what there is: the items have no gaps. */
  #remake(): void {
    let slots = 4 * MAX_SCANNED;
    while (slots < 4 * this.#size) slots *= 2;
    const table = this.#makeTable(slots);
    if (this.#map !== undefined) this.#useMap();
    else {
      this.#items.forEach((item, i) => {
        if (item === undefined) return;
        const hash = this.#hashes[i] = this.#hash(item.name);
        this.#enter(table, i + 1, hash);
      });
    }
  }

  #makeTable(slots: number): Int32Array {
    const hashes = new Int32Array(slots / 2);
    hashes.set(this.#hashes.subarray(0, this.#items.length));
    this.#hashes = hashes;
    return this.#table = new Int32Array(slots);
  }

  #useMap(): void {
    this.#map = new Map(this.#items.flatMap((item, i) => item === undefined ? [] : [[item.name, i]]));
  }

  #hash(name: string): number {
    if (name === this.#lastName) return this.#lastHash;
    this.#lastName = name;
    return this.#lastHash = hashOf(name);
  }
}

/** Where in the items is what stands in a slot, plus 1. */
function placeAt(table: Int32Array, at: number): number {
  return (table[at] ?? FREE) & table.length - 1;
}

/** FNV-1a over the UTF-16 units, mixed once more since its low bits are what counts. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  return hash ^ hash >>> 13;
}
