/**
 * Reading from a client that more than one thing may hold back.
 *
 * @module
 */
import type { Connection } from "../../net/mod.ts";

/** A reason to stop reading from a client. */
export type PauseReason = "commands" | "rate";

/** Reads from a connection while nothing holds it back: one that has waited enough must not undo another. */
export class ReadGate {
  readonly #connection: Pick<Connection, "pause" | "resume">;
  readonly #reasons = new Set<PauseReason>();

  constructor(connection: Pick<Connection, "pause" | "resume">) {
    this.#connection = connection;
  }

  /** Stops reading, for one more reason. */
  pause(reason: PauseReason): void {
    if (this.#reasons.size === 0) this.#connection.pause();
    this.#reasons.add(reason);
  }

  /** Takes a reason back; reads on when it was the last. */
  resume(reason: PauseReason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#connection.resume();
  }
}
