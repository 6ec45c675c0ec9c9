/**
 * What happens in an actor system, for those who watch over it.
 *
 * @module
 */
import { checkFunctions } from "./check_function.ts";
import type { Cancellable } from "../world/world.ts";
import { Listeners } from "./listeners.ts";

/** Why an actor is no longer there. */
export type StopReason =
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly error: unknown };

/** Why a message was not handled. */
export type DeadLetterReason =
  /** The actor had stopped, or stopped before it came to the message. */
  | "stopped"
  /** The mailbox was full, policy `drop-newest`. */
  | "dropped-newest"
  /** The mailbox was full, policy `drop-oldest`. */
  | "dropped-oldest"
  /** It was for an earlier life of the actor: a tick, a watch, the outcome of a promise. */
  | "restarted"
  /** The actor put it aside, and its stash was full. */
  | "stash-full"
  /** An answer that came too late, or twice. */
  | "not-asked";

/** A message that nobody will handle. */
export interface DeadLetter {
  /** What happened. */
  readonly type: "dead-letter";
  /** The message. */
  readonly message: unknown;
  /** Path of the actor it was for. */
  readonly target: string;
  /** Why nobody handles it. */
  readonly reason: DeadLetterReason;
}

/** In what an actor failed. */
export type FailurePhase = "start" | "message" | "child" | "stop" | "shutdown-timeout";

/** What was done about a failure. */
export type FailureDecision = "restart" | "stop" | "resume" | "escalate" | "none";

/** An actor failed. The fields are the same each time. */
export interface ActorFailed {
  /** What happened. */
  readonly type: "failed";
  /** Path of the actor. */
  readonly actor: string;
  /** In what it failed. */
  readonly phase: FailurePhase;
  /** The `type` of the message it failed on, where it has one. */
  readonly messageType: string | undefined;
  /** What was thrown. */
  readonly error: unknown;
  /** What was done about it. */
  readonly decision: FailureDecision;
  /** Restarts of this actor so far, the one just decided included. */
  readonly restarts: number;
}

/** An actor began a life: its first, or one after a restart. */
export interface ActorStarted {
  /** What happened. */
  readonly type: "started";
  /** Path of the actor. */
  readonly actor: string;
  /** Restarts so far: 0 for a first life. */
  readonly restarts: number;
}

/** An actor is gone. */
export interface ActorEnded {
  /** What happened. */
  readonly type: "stopped";
  /** Path of the actor. */
  readonly actor: string;
  /** Why. */
  readonly reason: StopReason;
}

/** What the event stream carries. */
export type ActorEvent = DeadLetter | ActorFailed | ActorStarted | ActorEnded;

/**
 * The stream of a system's events. A listener that throws is logged, and nobody else notices.
 *
 * @example
 * ```ts
 * import { ActorSystem } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const seen: string[] = [];
 * const listening = system.events.subscribe((event) => {
 *   if (event.type === "dead-letter") seen.push(`${event.message} for ${event.target}: ${event.reason}`);
 * });
 * const ref = system.spawn<string>("brief", (self) => () => self.stop());
 * ref.tell("stop");
 * while (ref.isOpen) await new Promise((resolve) => setTimeout(resolve, 1));
 * ref.tell("late");
 * assertEquals(seen, ["late for /demo/brief: stopped"]);
 * listening.cancel();
 * ```
 */
export class EventStream {
  readonly #listeners: Listeners<ActorEvent>;
  #telling = 0;

  /** Made by the system. */
  constructor(failed: (error: unknown) => void) {
    this.#listeners = new Listeners(failed);
  }

  /** False when nobody listens, so that nobody need build events. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls `listener` with each event, synchronously: it should do little. */
  subscribe(listener: (event: ActorEvent) => void): Cancellable {
    checkFunctions("Cannot listen to events", { listener });
    return this.#listeners.add(listener);
  }

  /** Tells every listener. */
  emit(event: ActorEvent): void {
    this.#telling++;
    this.#listeners.tell(event);
    this.#telling--;
  }

  /** A listener is running. */
  get isTelling(): boolean {
    return this.#telling > 0;
  }
}
