/**
 * Handlers that are timed for the instruments: one in about a thousand.
 *
 * @module
 */
import type { Clock } from "../world/world.ts";
import { type ActorRef, mailboxes } from "./actor_ref.ts";
import type { Receive } from "./behavior.ts";
import { messageType } from "./events.ts";
import type { HandledSample } from "./instruments.ts";

/** Times handlers of one system: those that the scheduler comes upon. */
export class Sampler {
  readonly #clock: Clock;
  readonly #tell: (sample: HandledSample) => void;

  /** `tell` may not throw. */
  constructor(clock: Clock, tell: (sample: HandledSample) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Has the next message of an actor timed, if it runs: other messages cost nothing more. */
  timeNext(ref: ActorRef<never>): boolean {
    if (!mailboxes.hasReceive(ref)) return false;
    const receive = mailboxes.receive(ref);
    mailboxes.setReceive(ref, (message) => {
      mailboxes.setReceive(ref, receive);
      return this.#timed(ref, receive, message);
    });
    return true;
  }

  #timed(actor: ActorRef<never>, receive: Receive<unknown>, message: unknown): void | Promise<void> {
    const startedAt = this.#clock.monotonic();
    try {
      return receive(message);
    } finally {
      const durationMs = this.#clock.monotonic() - startedAt;
      const waiting = mailboxes.length(actor);
      this.#tell({ actor, messageType: messageType(message), durationMs, waiting });
    }
  }
}
