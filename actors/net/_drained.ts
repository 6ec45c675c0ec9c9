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
  readonly #waiters: Waiter[] = [];
  #isClosed: boolean;
  /** What waiters are told once the connection is closed: made when there is one, as its stack takes time. */
  #error: WorldError | undefined;

  constructor(remote: string, isClosed: boolean) {
    this.#remote = remote;
    this.#isClosed = isClosed;
  }

  /** Resolves at once when that `isNow` so, or later; rejects when the connection closes first. */
  wait(isNow: boolean): Promise<void> {
    if (this.#isClosed) return Promise.reject(this.#closed());
    if (isNow) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /**
   * Whether an error that comes back from the session is what it was told here: then it is no failure of the
   * session.
   */
  isOwn(error: unknown): boolean {
    return this.#error !== undefined && error === this.#error;
  }

  resolveAll(): void {
    if (this.#waiters.length === 0) return;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  /** The connection is closed. */
  rejectAll(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#closed());
  }

  #closed(): WorldError {
    return this.#error ??= new WorldError(
      "closed",
      `Cannot wait for ${this.#remote} to read: the connection is closed`,
    );
  }
}
