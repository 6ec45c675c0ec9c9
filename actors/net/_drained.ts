/**
 * Those who wait until little is left to be sent.
 *
 * @module
 */
import { WorldError } from "../world/world.ts";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The waiters of one connection. */
export class Drained {
  readonly #remote: string;
  #waiters: Waiter[] = [];
  /** What waiters are told once the connection is closed. */
  #closed: WorldError | undefined;

  constructor(remote: string) {
    this.#remote = remote;
  }

  /** Resolves at once when that `isNow` so, or later; rejects when the connection closes first. */
  wait(isNow: boolean): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (isNow) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /**
   * Whether an error that comes back from the session is what it was told here: then it is no failure of the
   * session.
   */
  isOwn(error: unknown): boolean {
    return this.#closed !== undefined && error === this.#closed;
  }

  resolveAll(): void {
    if (this.#waiters.length === 0) return;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  /** The connection is closed. */
  rejectAll(): void {
    this.#closed = new WorldError(
      "closed",
      `Cannot wait for ${this.#remote} to read: the connection is closed`,
    );
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#closed);
  }
}
