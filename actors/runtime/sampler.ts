/**
 * Handlers that are timed for the instruments: one in a thousand messages, at most of one in 10 ms.
 *
 * @module
 */
import type { Clock } from "../world/world.ts";
import { type ActorRef, FLAGS, mailboxes } from "./actor_ref.ts";
import { messageType } from "./kinds.ts";
import type { HandledSample } from "./instruments.ts";

/**
 * Times handlers of one system: those that the scheduler comes upon. No handler is wrapped: a message that is
 * timed takes the way of those in envelopes, and the compiler's view of all others stays as it was.
 */
export class Sampler {
  readonly #clock: Clock;
  readonly #tell: (sample: HandledSample) => void;
  /** Whose next message is timed. */
  #next: ActorRef<never> | undefined;

  /** `tell` may not throw. */
  constructor(clock: Clock, tell: (sample: HandledSample) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /**
   * Has the next message of an actor timed, if it runs. Who was to be the next, and had none, is passed over.
   */
  timeNext(ref: ActorRef<never>): boolean {
    if (!mailboxes.hasReceive(ref)) return false;
    if (this.#next !== undefined) mailboxes.clearFlag(this.#next, FLAGS.SAMPLED);
    this.#next = ref;
    mailboxes.setFlag(ref, FLAGS.SAMPLED);
    return true;
  }

  /** Whether the message that the actor handles now is to be timed: once. */
  takes(ref: ActorRef<never>): boolean {
    if (this.#next !== ref) return false;
    this.#next = undefined;
    mailboxes.clearFlag(ref, FLAGS.SAMPLED);
    return true;
  }

  /** Handles a message, and tells how long that took, up to its first `await`. */
  time<R>(actor: ActorRef<never>, message: unknown, handle: () => R): R {
    const startedAt = this.#clock.monotonic();
    try {
      return handle();
    } finally {
      const durationMs = this.#clock.monotonic() - startedAt;
      const waiting = mailboxes.length(actor);
      this.#tell({ actor, messageType: messageType(message), durationMs, waiting });
    }
  }
}
