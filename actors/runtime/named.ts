/**
 * Things by name, in the order in which they came.
 *
 * @module
 */

/** So few are looked through one by one: most actors have fewer children, and need no table. */
const MAX_SCANNED = 8;
/** A search as long as this means names that were chosen to collide: they are a `Map`'s business. */
const MAX_PROBES = 64;
/** Nothing has ever been here. */
const FREE = 0;
const REMOVED = -1;

/**
 * What a `Map` by name is, for names by the hundred thousand: to add one costs half. The hashes of the names
 * stand in a table of numbers, so that a search touches no string but the one it finds, and growing moves no
 * pointers.
 */
export class Named<T extends { readonly name: string }> {
  /** In their order, with gaps where some have been removed. */
  #items: (T | undefined)[] = [];
  #size = 0;
  /**
   * An open-addressed table of pairs: where in `#items` one is, plus 1 ({@linkcode FREE},
   * {@linkcode REMOVED}), and the hash of its name. At most half of it is in use.
   */
  #table: Int32Array | undefined;
  /** In place of the table, once names have collided. */
  #map: Map<string, number> | undefined;
  /** The last name and its hash: who adds one has just looked whether it is there. */
  #lastName = "";
  #lastHash = 0;

  get size(): number {
    return this.#size;
  }

  get(name: string): T | undefined {
    if (this.#map !== undefined) return this.#items[this.#map.get(name) ?? -1];
    if (this.#table === undefined) return this.#items.find((item) => item?.name === name);
    const at = this.#find(this.#table, name);
    return at < 0 ? undefined : this.#items[(this.#table[at] ?? 0) - 1];
  }

  /** Adds one whose name is not there yet. */
  add(item: T): void {
    if (this.#items.length >= this.#capacity) this.#grow();
    this.#items.push(item);
    this.#size++;
    if (this.#map !== undefined) this.#map.set(item.name, this.#items.length - 1);
    else if (this.#table !== undefined) this.#enter(this.#table, this.#items.length, this.#hash(item.name));
  }

  delete(name: string): void {
    const index = this.#indexOf(name);
    if (index < 0) return;
    this.#items[index] = undefined;
    this.#map?.delete(name);
    if (--this.#size > 0) return;
    this.#items = [];
    this.#table = this.#map = undefined;
  }

  /** All, oldest first. */
  toArray(): T[] {
    return this.slice(0, this.#size);
  }

  /** So many at most, oldest first, after the first `skip`. */
  slice(skip: number, count: number): T[] {
    const slice: T[] = [];
    for (const item of this.#items) {
      if (slice.length >= count) break;
      if (item !== undefined && skip-- <= 0) slice.push(item);
    }
    return slice;
  }

  /** How many items and gaps there may be before it grows. */
  get #capacity(): number {
    return this.#table === undefined ? MAX_SCANNED : this.#table.length / 4;
  }

  /** Where it is in `#items`, below 0 when it is not; from the table it is taken out. */
  #indexOf(name: string): number {
    if (this.#map !== undefined) return this.#map.get(name) ?? -1;
    const table = this.#table;
    if (table === undefined) return this.#items.findIndex((item) => item?.name === name);
    const at = this.#find(table, name);
    if (at < 0) return -1;
    const index = (table[at] ?? 0) - 1;
    table[at] = REMOVED;
    return index;
  }

  /** Where it is in the table, below 0 when it is not. */
  #find(table: Int32Array, name: string): number {
    const hash = this.#hash(name);
    const mask = table.length - 1;
    for (let at = hash << 1 & mask; table[at] !== FREE; at = at + 2 & mask) {
      if (table[at + 1] !== hash) continue;
      const place = table[at] ?? FREE;
      if (place > 0 && this.#items[place - 1]?.name === name) return at;
    }
    return -1;
  }

  /** @param place where it is in `#items`, plus 1 */
  #enter(table: Int32Array, place: number, hash: number): void {
    const mask = table.length - 1;
    let at = hash << 1 & mask;
    for (let probes = 0; table[at] !== FREE; probes++) {
      if (probes === MAX_PROBES) return this.#useMap();
      at = at + 2 & mask;
    }
    table[at] = place;
    table[at + 1] = hash;
  }

  /** Makes the table twice as large; where there are gaps, closes them and makes it anew. */
  #grow(): void {
    const old = this.#table;
    if (this.#map === undefined && old !== undefined && this.#size === this.#items.length) {
      const table = this.#table = new Int32Array(2 * old.length);
      // In the order of the hashes: so the new table is filled from end to end, and not all over.
      for (let at = 0; at < old.length; at += 2) {
        const place = old[at] ?? FREE;
        if (place > 0) this.#enter(table, place, old[at + 1] ?? 0);
      }
      return;
    }
    this.#items = this.toArray();
    if (old === undefined && 2 * this.#size <= MAX_SCANNED) return;
    let entries = 4 * MAX_SCANNED;
    while (entries < 4 * this.#size) entries *= 2;
    const table = this.#table = new Int32Array(2 * entries);
    if (this.#map !== undefined) this.#useMap();
    else {
      this.#items.forEach((item, i) => item && this.#enter(table, i + 1, this.#hash(item.name)));
    }
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

/** FNV-1a over the UTF-16 units, mixed once more since its low bits are what counts. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  return hash ^ hash >>> 13;
}
