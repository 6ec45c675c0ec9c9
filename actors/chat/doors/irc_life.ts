/**
 * Whether an IRC client is still there.
 *
 * @module
 */
import type { Connection } from "../../net/mod.ts";
import type { Cancellable } from "../../world/world.ts";
import type { MemberMessage } from "../messages.ts";

/**
 * Watches one client, which is asked for a sign of life after a time of silence, and is gone after another.
 */
export class SignsOfLife {
  readonly #context: Connection<MemberMessage>["context"];
  readonly #intervalMs: number;
  readonly #looking: Cancellable;
  #lastHeardMs: number;
  #isAsked = false;

  /** Has the client's actor told `look-for-life` each `intervalMs`. */
  constructor(context: Connection<MemberMessage>["context"], intervalMs: number) {
    this.#context = context;
    this.#intervalMs = intervalMs;
    this.#lastHeardMs = context.coarseNow;
    this.#looking = context.every(intervalMs, { type: "look-for-life" });
  }

  /** Something came. */
  heard(): void {
    this.#lastHeardMs = this.#context.coarseNow;
    this.#isAsked = false;
  }

  /** What is to be done with the client now. */
  look(): "nothing" | "ask" | "close" {
    if (this.#context.coarseNow - this.#lastHeardMs < this.#intervalMs) return "nothing";
    if (this.#isAsked) return "close";
    this.#isAsked = true;
    return "ask";
  }

  /** Looks no more. */
  stop(): void {
    this.#looking.cancel();
  }
}
