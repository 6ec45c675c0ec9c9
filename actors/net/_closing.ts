/**
 * How a connection ends: one table of phases, one deadline.
 *
 * @module
 */
import type { Cancellable, Clock } from "../world/world.ts";
import type { CloseReason } from "./session.ts";

/** What a connection is at. Phases follow each other in this order; some may be left out. */
export type Phase =
  /** The transport is not ready yet: a TLS handshake is under way. There is no session. */
  | "opening"
  | "open"
  /** Sends what is queued. Nothing is taken from the peer or the session any more. */
  | "flushing"
  /** All is sent; waits for the peer to close, so that what it still sends does not reset the connection. */
  | "lingering"
  | "closed";

/** What moves a connection from one phase to the next. */
export type Step = "opened" | "end" | "flushed" | "peer-closed" | "cut";

const NEXT: Readonly<Record<Phase, Readonly<Partial<Record<Step, Phase>>>>> = {
  opening: { opened: "open", end: "closed", cut: "closed" },
  open: { end: "flushing", cut: "closed" },
  flushing: { flushed: "lingering", cut: "closed" },
  lingering: { "peer-closed": "closed", cut: "closed" },
  closed: {},
};

// Reasons that carry nothing of one connection.
export const ENDED: CloseReason = Object.freeze({ type: "ended" });
export const CLOSED_HERE: CloseReason = Object.freeze({ type: "closed" });
export const IDLE: CloseReason = Object.freeze({ type: "idle" });
export const SLOW: CloseReason = Object.freeze({ type: "slow" });
export const VANISHED: CloseReason = Object.freeze({ type: "vanished" });
export const LATE_HANDSHAKE: CloseReason = Object.freeze({ type: "late", phase: "handshake" });
export const LATE_LOGIN: CloseReason = Object.freeze({ type: "late", phase: "login" });

/** What an actor may take to end once its connection is cut. */
const GRACE_MS = 100;

/** When a connection is cut that has not ended by itself, so that its actor has ended within `drainMs`. */
export function cutAfterMs(drainMs: number): number {
  return Math.max(drainMs - GRACE_MS, drainMs / 2);
}

/** Where one connection stands on its way to the end, why it ends, and when it must have ended. */
export class Closing {
  readonly #clock: Clock;
  readonly #late: () => void;
  #phase: Phase = "opening";
  #reason = CLOSED_HERE;
  /** Monotonic time at which the connection is cut. It only ever moves nearer. */
  #deadline = Infinity;
  #timer: Cancellable | undefined;

  /** `late` is called at the deadline. */
  constructor(clock: Clock, late: () => void) {
    this.#clock = clock;
    this.#late = late;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get reason(): CloseReason {
    return this.#reason;
  }

  /** Takes a step if the phase allows it; says whether it did. */
  step(step: Step): boolean {
    const next = NEXT[this.#phase][step];
    if (next === undefined) return false;
    this.#phase = next;
    if (next === "closed") this.#timer?.cancel();
    return true;
  }

  /** Gives the reason. One that says what the peer did wrong is kept. */
  because(reason: CloseReason): void {
    const { type } = this.#reason;
    if (type === "closed" || type === "ended") this.#reason = reason;
  }

  /** Has the connection closed in at most so many milliseconds from now. */
  limit(limitMs: number): void {
    if (this.#phase === "closed") return;
    const deadline = this.#clock.monotonic() + limitMs;
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    this.#timer?.cancel();
    this.#timer = this.#clock.timer(limitMs, this.#late);
  }
}
