/** Numbers in a row, eight bytes each. */
export class HashList {
  #hashes = new Float64Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(index: number): number | undefined {
    return index < this.#length ? this.#hashes[index] : undefined;
  }

  truncate(length: number): void {
    this.#length = length;
  }

  push(hash: number): void {
    if (this.#length === this.#hashes.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#length++] = hash;
  }
}

/**
 * 53 bits out of a line: two hashes in the manner of FNV-1a, which differ in how they start and how they mix.
 */
export function hashOf(line: string): number {
  let high = 0x811c9dc5;
  let low = 0x050c5d1f;
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b);
    low ^= low >>> 15;
  }
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0);
}
