/**
 * Warnings whose number somebody else decides: each kind is said once in a while, so that no peer fills the
 * log.
 *
 * @module
 */
import type { ActorLog } from "../runtime/mod.ts";
import type { Clock } from "../world/world.ts";

const INTERVAL_MS = 60_000;

/** Says each kind of warning at most once a minute, and then how often it has not been said. */
export class OccasionalWarnings {
  readonly #log: ActorLog;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, { saidMs: number; unsaid: number }>();

  constructor(log: ActorLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `kind` comes from a fixed set: it is kept. */
  warn(kind: string, text: string): void {
    const now = this.#clock.monotonic();
    const before = this.#kinds.get(kind);
    if (before !== undefined && now - before.saidMs < INTERVAL_MS) {
      before.unsaid++;
      return;
    }
    const unsaid = before?.unsaid ?? 0;
    this.#kinds.set(kind, { saidMs: now, unsaid: 0 });
    this.#log.warn(unsaid === 0 ? text : `${text} (and ${unsaid} times more in the last minute)`, {
      event: "repeated-warning",
    });
  }
}
