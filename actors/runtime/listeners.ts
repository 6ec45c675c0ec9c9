/**
 * Functions that want to be told.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";

/**
 * Those who listen for values of type `T`.
 *
 * What one of them throws is handed to `failed` and keeps neither the others nor the teller: in the middle of
 * an actor's end there is nobody who could do anything about it.
 */
export class Listeners<T> {
  readonly #failed: (error: unknown) => void;
  readonly #entries = new Set<(value: T) => void>();

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(listener: (value: T) => void): Cancellable {
    // An entry of its own, so that the same function may listen twice.
    const entry = (value: T) => listener(value);
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /**
   * Tells those who listen now: not who comes while they are told, nor who leaves before it is their turn.
   */
  tell(value: T): void {
    if (this.#entries.size === 0) return;
    for (const entry of [...this.#entries]) {
      if (this.#entries.has(entry)) this.#call(entry, value);
    }
  }

  #call(entry: (value: T) => void, value: T): void {
    try {
      entry(value);
    } catch (error) {
      try {
        this.#failed(error);
      } catch {
        // What tells of failures fails itself: there is nobody left to tell.
      }
    }
  }
}
