/**
 * What actors need of the system they are in.
 *
 * @module
 */
import type { Cancellable, World } from "../world/world.ts";
import type { AskDeadlines } from "./ask.ts";
import type { StopReason } from "./behavior.ts";
import type { ActorFailed, DeadLetterReason, EventStream } from "./events.ts";
import type { Ref } from "./ref.ts";
import type { LocalRegistry } from "./registry.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Topics } from "./topics.ts";

/** The parts of an actor system that its actors share. */
export interface ActorSystemCore {
  readonly world: World;
  readonly scheduler: Scheduler;
  readonly deadlines: AskDeadlines;
  readonly events: EventStream;
  readonly registry: LocalRegistry;
  readonly topics: Topics;
  deadLetter(message: unknown, target: string, reason: DeadLetterReason): void;
  report(failure: ActorFailed): void;
  /** Calls back once when an actor has stopped, at once when it has already. */
  onStopped(ref: Ref<never>, stopped: (reason: StopReason) => void): Cancellable;
  /** The root failed. */
  rootFailed(error: unknown): void;
  /** The root is gone. */
  rootGone(): void;
}
