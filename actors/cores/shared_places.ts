/**
 * Places for clients that the cores give away together.
 *
 * @module
 */
import type { Places } from "../world/world.ts";

/** Where the number of all stands; behind it, one for each core. */
const TOTAL = 0;

/** Memory for the places of one server. */
export function placesMemory(cores: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * (cores + 1));
}

/** The same places, as one core takes them. */
export class SharedPlaces implements Places {
  readonly #counts: Int32Array;
  readonly #index: number;

  /** `index` counts the cores from 1. */
  constructor(memory: SharedArrayBuffer, index: number) {
    this.#counts = new Int32Array(memory);
    this.#index = index;
  }

  take(max: number): boolean {
    for (let taken = Atomics.load(this.#counts, TOTAL); taken < max;) {
      const before = Atomics.compareExchange(this.#counts, TOTAL, taken, taken + 1);
      if (before === taken) {
        Atomics.add(this.#counts, this.#index, 1);
        return true;
      }
      // Another core was first.
      taken = before;
    }
    return false;
  }

  add(change: number): void {
    Atomics.add(this.#counts, TOTAL, change);
    Atomics.add(this.#counts, this.#index, change);
  }

  /** Gives back all that the core has: it is gone. */
  clear(): void {
    Atomics.sub(this.#counts, TOTAL, Atomics.exchange(this.#counts, this.#index, 0));
  }
}
