/**
 * Tells what comes back from what comes.
 *
 * @module
 */

/** What was sent is expected back for so long: no way there and back takes longer. */
const WINDOW_MS = 1000;
/** The most datagrams that may be expected back. */
const MAX_EXPECTED = 4096;

/** A datagram that was sent, and may come back. */
interface Expected {
  readonly key: string;
  readonly untilMs: number;
}

/**
 * For a server that returns what it is sent: a datagram that is the same as one that it has just sent to that
 * peer may be that one, returned by a server of the same kind, and is not answered again. So an exchange
 * between two of them ends with the first return, whoever forged its beginning; and a client that says the
 * same twice within a second asks again, as it must where datagrams get lost.
 *
 * Pure: it is told the time and reads no clock.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Reflections } from "./reflections.ts";
 *
 * const reflections = new Reflections();
 * const bytes = Uint8Array.of(1, 2, 3);
 * assertEquals(reflections.mayAnswer(bytes, 0), true);
 * assertEquals(reflections.mayAnswer(bytes, 1), false);
 * assertEquals(reflections.mayAnswer(Uint8Array.of(4), 2), true);
 * ```
 */
export class Reflections {
  /** How many of each are expected back. */
  readonly #counts = new Map<string, number>();
  /** The oldest first. */
  readonly #expected: Expected[] = [];
  #forgotten = 0;

  /** Whether a datagram may be returned at the monotonic time `nowMs`; if so, it is expected back. */
  mayAnswer(bytes: Uint8Array, nowMs: number): boolean {
    this.#forget(nowMs);
    const key = digest(bytes);
    if (this.#take(key)) return false;
    if (this.#expected.length - this.#forgotten >= MAX_EXPECTED) return false;
    this.#expected.push({ key, untilMs: nowMs + WINDOW_MS });
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return true;
  }

  #take(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count === 0) return false;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
    return true;
  }

  #forget(nowMs: number): void {
    for (let oldest; (oldest = this.#expected[this.#forgotten]) !== undefined && oldest.untilMs <= nowMs;) {
      this.#take(oldest.key);
      this.#forgotten++;
    }
    if (this.#forgotten < MAX_EXPECTED / 4 && this.#forgotten < this.#expected.length) return;
    this.#expected.splice(0, this.#forgotten);
    this.#forgotten = 0;
  }
}

/** Length and FNV-1a (Fowler, Noll, Vo; 32 bits): no secret, and a wrong match costs one datagram. */
function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${bytes.length}:${hash >>> 0}`;
}
