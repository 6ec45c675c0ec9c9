/**
 * What a persistent entity is defined by: what its commands come to, and what that makes of it.
 *
 * @module
 */
import type { ActorLog } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { Topic } from "../runtime/topics.ts";
import type { Cancellable, World } from "../world/world.ts";
import type { Epoch } from "./engine.ts";
import type { EntityOptions } from "./entity_type.ts";

/** What a command comes to. */
export interface Decision<E> {
  /** What happens by it, oldest first: all of it is kept, or nothing. */
  readonly events?: readonly E[];
  /** Sent when the events, and all before them, are durable. */
  readonly replies?: readonly Reply[];
  /** Run then, after the replies: once at most, and not at all when the host dies in between. */
  readonly then?: () => void;
  /** Never there: a decision is no promise. */
  readonly catch?: never;
}

/** An answer that waits until it is true: see {@linkcode reply}. */
export interface Reply {
  /** Whom it is for. */
  readonly to: Ref<never>;
  /** What is sent. */
  readonly message: unknown;
  /** Sends it. */
  readonly send: () => void;
}

/**
 * An answer of a {@linkcode Decision}: sent once what was decided is durable.
 *
 * @example
 * ```ts
 * import { reply } from "@troupe/actors/cluster";
 * import { ActorSystem, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const actor = system.spawn<{ replyTo: Ref<number> }>("actor", () => ({ replyTo }) => {
 *   reply(replyTo, 1).send();
 * });
 * assertEquals(await actor.ask({}, { timeoutMs: 1000 }), 1);
 * ```
 */
export function reply<T>(to: Ref<T>, message: T): Reply {
  return { to, message, send: () => to.tell(message) };
}

/** What a persistent entity knows of itself. */
export interface PersistentContext<in C> {
  /** Its name within its type. */
  readonly id: string;
  /** Its own reference, good on every host. */
  readonly self: Ref<C>;
  /**
   * The fencing token of its owner: to be passed to systems outside that have to tell a stale owner from the
   * new one.
   */
  readonly epoch: Epoch;
  /** Time and chance; what is decided by them is kept as an event. */
  readonly world: World;
  /** Log lines in its name. */
  readonly log: ActorLog;
  /** Has the entity told something after a while, if it is still here then. */
  after(delayMs: number, command: C): Cancellable;
  /**
   * Sends to all subscribers of a topic, on all hosts: in `then`, of what is durable.
   *
   * @throws `TypeError` on a message that cannot cross.
   */
  publish<T>(topic: Topic<T>, message: T): void;
}

/**
 * What a kind of persistent entity does.
 *
 * @typeParam S its state, to be treated as immutable
 * @typeParam C what it can be told; a field `replyTo` is a reply address, a field `operationId` names the
 * operation
 * @typeParam E what can happen to it
 */
export interface PersistentDefinition<S, C, E> extends EntityOptions {
  /** Name of the type in the cluster and in the journal: never to be changed. */
  readonly type: string;
  /** The state before anything has happened. */
  readonly initial: (id: string) => S;
  /** What a command comes to. What it throws is the answer to who asked, and nothing has happened. */
  readonly decide: (state: S, command: C, context: PersistentContext<C>) => Decision<NoInfer<E>> | void;
  /** The state after an event: pure, and a new object. What it throws is taken as thrown by `decide`. */
  readonly evolve: (state: S, event: E) => S;
  /** Events from one snapshot to the next. @default 200 */
  readonly snapshotEvery?: number;
  /** What an event of the journal, perhaps of an older version of the program, is today. @default as it is */
  readonly upcast?: (stored: unknown) => NoInfer<E>;
  /** What a state of a snapshot, perhaps of an older version of the program, is today. @default as it is */
  readonly upcastState?: (stored: unknown) => S;
  /**
   * What a command that has no events may be answered from: the memory, while the host's lease lasts
   * (`lease`), or after the journal has said that nobody else has written (`barrier`). @default "lease"
   */
  readonly reads?: "lease" | "barrier";
  /** Operations that are known when they come again: so many of the newest. @default 1000 */
  readonly rememberedOperations?: number;
  /** Called when the entity has come to life here, with what it is. */
  readonly started?: (state: S, context: PersistentContext<C>) => void;
}
