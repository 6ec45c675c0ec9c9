/**
 * Writes to JetStream on condition of what is the last message of their subject.
 *
 * @module
 */
import type { JetStreamClient } from "@nats-io/jetstream";
import type { Clock } from "../../world/world.ts";
import { OutcomeUnknown } from "../errors.ts";
import { isUndecided, writeError } from "./_nats_errors.ts";

/** The pause before the second repetition; the first is made at once. */
const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 50;

/** Options of {@linkcode ConditionalPublisher}. */
export interface ConditionalPublisherOptions {
  readonly js: Pick<JetStreamClient, "publish">;
  readonly clock: Pick<Clock, "monotonic">;
  /** How long one write may take, with all its repetitions. */
  readonly timeoutMs: number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Publishes by compare-and-set. */
export class ConditionalPublisher {
  readonly #options: ConditionalPublisherOptions;

  constructor(options: ConditionalPublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes where `expected` is the sequence of the subject's last message, 0 where there is none, and
   * gives the new one's.
   *
   * The leader of several servers compares nothing while a write of the same subject is in flight there; and
   * it acknowledges a write a moment before that counts as over. Its refusal then decides nothing, and may be
   * due to the caller's own write before: so the same is sent again until the leader has compared.
   *
   * @throws `Conflict` when another message is the last, `RangeError` when the body is too large,
   * `OutcomeUnknown`.
   */
  async publish(key: string, subject: string, body: string, expected: number): Promise<number> {
    const { js, clock, timeoutMs, pause } = this.#options;
    const endsAtMs = clock.monotonic() + timeoutMs;
    const expect = { lastSubjectSequence: expected };
    for (let pauseMs = 0;; pauseMs = Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), MAX_PAUSE_MS)) {
      const timeout = endsAtMs - clock.monotonic();
      if (timeout <= 0) throw new OutcomeUnknown(`a write of ${key}, with another in flight all the time`);
      try {
        return (await js.publish(subject, body, { timeout, expect })).seq;
      } catch (error) {
        if (!isUndecided(error)) throw writeError(key, error);
      }
      if (pauseMs > 0) await pause(pauseMs);
    }
  }
}
