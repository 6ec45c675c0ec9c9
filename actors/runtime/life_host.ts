/**
 * What a life needs of its actor.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import type { Behavior, ChildEvent } from "./behavior.ts";
import type { Envelope } from "./envelope.ts";
import type { ActorStopped } from "./errors.ts";
import type { DeadLetterReason } from "./events.ts";
import type { Receive } from "./handler.ts";
import type { Holdings } from "./holdings.ts";
import type { Ref } from "./ref.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import type { GroupStrategy, SuperviseOptions } from "./supervision.ts";
import type { ActorSystemCore, Placed } from "./system_core.ts";

/** How far a life has come: it goes on, lets go of what it holds, or has released all. */
export type LifePhase = "open" | "ending" | "over";

/** The actor that lives. */
export interface LifeHost extends Placed {
  readonly system: ActorSystemCore;
  readonly ref: Ref<unknown>;
  /** Messages handled so far. */
  readonly handled: number;
  readonly hasRoom: boolean;
  /** It has nothing to do. */
  readonly isIdle: boolean;
  readonly stashCapacity: number;
  /** What its present life holds. */
  holdings: Holdings<unknown> | undefined;
  /** How far the life of that number has come. */
  phaseOf(life: number): LifePhase;
  /** The message as it came: in its envelope, if it is the one that is being handled. */
  itemOf(message: unknown): unknown;
  /** The error that says it has stopped, and why. */
  stopped(): ActorStopped;
  /** The error that says so of a child, where that has brought this actor down. */
  escalationOf(child: Ref<never>): ActorStopped | undefined;
  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions<C>): Ref<C>;
  supervise(strategy: GroupStrategy, options?: SuperviseOptions): void;
  stopSelf(): void;
  stopChild(child: Ref<never>): void;
  childRefs(): Ref<never>[];
  observeChildren(changed: (event: ChildEvent) => void): Cancellable;
  become(receive: Receive<unknown>): void;
  /** Puts a message of the actor's own behind those that wait, whatever the bound. */
  deliver(item: Envelope): void;
  deliverFirst(item: Envelope): void;
  /** What was published is bounded like what is told. */
  deliverPublished(item: Envelope): void;
  /** Puts what was set aside before all that waits. */
  putBack(items: unknown[]): void;
  deadLetterOf(item: unknown, reason: DeadLetterReason): void;
  deadLetterOfEarlierLife(message: unknown): void;
  /** Has its idle time measured. */
  watchTurns(): void;
  /** Runs what was registered too late for anybody to wait for it. */
  releaseUnawaited(release: () => void | Promise<void>): void;
  failOutside(error: unknown): void;
}
