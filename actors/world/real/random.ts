/**
 * Real chance.
 *
 * @module
 */
import type { Random } from "../random.ts";

/** What `crypto.getRandomValues` fills at most in one call. */
const MAX_RANDOM_BYTES = 65536;

/** Chance of the platform. */
export const realRandom: Random = {
  next: () => Math.random(),
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += MAX_RANDOM_BYTES) {
      crypto.getRandomValues(bytes.subarray(start, start + MAX_RANDOM_BYTES));
    }
    return bytes;
  },
};
