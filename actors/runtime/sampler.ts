/**
 * Handlers that are timed for the instruments: one in about a thousand.
 *
 * @module
 */
import type { Clock } from "../world/world.ts";
import type { Receive } from "./behavior.ts";
import { messageType } from "./events.ts";
import type { HandledSample } from "./instruments.ts";
import type { Ref } from "./ref.ts";

/** A prime, so that no pattern of messages keeps step with it. */
const HANDLERS_A_SAMPLE = 997;

/** What a sample says of an actor. */
interface Sampled {
  readonly ref: Ref<never>;
  readonly waiting: number;
}

/** Times handlers of one system. It is made, and handlers are wrapped, only where somebody wants samples. */
export class Sampler {
  readonly #clock: Clock;
  readonly #tell: (sample: HandledSample) => void;
  /** The very first is one, so that a look at a quiet system sees something. */
  #left = 1;

  /** `tell` may not throw. */
  constructor(clock: Clock, tell: (sample: HandledSample) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The same handler, timed now and then. */
  wrap(actor: Sampled, receive: Receive<unknown>): Receive<unknown> {
    return (message) => {
      if (--this.#left > 0) return receive(message);
      this.#left = HANDLERS_A_SAMPLE;
      return this.#timed(actor, receive, message);
    };
  }

  #timed(actor: Sampled, receive: Receive<unknown>, message: unknown): void | Promise<void> {
    const startedAt = this.#clock.monotonic();
    try {
      return receive(message);
    } finally {
      const durationMs = this.#clock.monotonic() - startedAt;
      const { ref, waiting } = actor;
      this.#tell({ actor: ref, messageType: messageType(message), durationMs, waiting });
    }
  }
}
