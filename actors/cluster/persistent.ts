/**
 * Entities that are what happened to them: event sourcing.
 *
 * @module
 */
import type { ActorLog } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { Topic } from "../runtime/topics.ts";
import type { Cancellable, World } from "../world/world.ts";
import type { Epoch } from "./engine.ts";
import type { EntityOptions, EntityType } from "./entity_type.ts";
import { checkTypeName } from "./names.ts";
import { PersistentActor } from "./persistent_actor.ts";

/** What a command comes to. */
export interface Decision<E> {
  /** What happens by it, oldest first: all of it is kept, or nothing. */
  readonly events?: readonly E[];
  /** Sent when the events, and all before them, are durable. */
  readonly replies?: readonly Reply[];
  /** Run then, after the replies: once at most, and not at all when the host dies in between. */
  readonly then?: () => void;
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

/** The parts of a message that cannot go to another host: functions and symbols. */
export type Uncrossable<T> = T extends
  string | number | boolean | bigint | null | undefined | Date | Uint8Array ? never
  : T extends Ref<never> ? never
  : T extends ((...args: never) => unknown) | symbol ? T
  : T extends readonly (infer V)[] ? Uncrossable<V>
  : T extends ReadonlyMap<infer K, infer V> ? Uncrossable<K> | Uncrossable<V>
  : T extends ReadonlySet<infer V> ? Uncrossable<V>
  : T extends Error ? never
  : T extends object ? { [K in keyof T]-?: Uncrossable<T[K]> }[keyof T]
  : never;

/** Makes messages an error that cannot go to another host. */
export type Crossing<C> = [Uncrossable<C>] extends [never] ? unknown
  : { readonly "a message that cannot cross hosts": Uncrossable<C> };

/**
 * Makes a kind of persistent entity: its state is what its events make of it, and no answer is given before
 * the events behind it are durable.
 *
 * A command with a field `operationId` is carried out once, however often it is sent: the second time the
 * first answer is given again.
 *
 * @example
 * ```ts
 * import { joinCluster, memoryEngine, persistent, reply } from "@troupe/actors/cluster";
 * import { ActorSystem, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Command =
 *   | { type: "add"; by: number; operationId?: string; replyTo: Ref<number> }
 *   | { type: "get"; replyTo: Ref<number> };
 *
 * const counter = persistent({
 *   type: "counter",
 *   initial: () => 0,
 *   decide: (count: number, command: Command) => {
 *     if (command.type === "get") return { replies: [reply(command.replyTo, count)] };
 *     return { events: [{ added: command.by }], replies: [reply(command.replyTo, count + command.by)] };
 *   },
 *   evolve: (count, event: { added: number }) => count + event.added,
 * });
 *
 * await using system = new ActorSystem("demo");
 * await using engine = memoryEngine({ world: system.world });
 * await using cluster = await joinCluster(system, { engine, types: [counter] });
 * const visits = cluster.ref(counter, "visits");
 * await visits.ask({ type: "add", by: 2, operationId: "first" }, { timeoutMs: 1000 });
 * await visits.ask({ type: "add", by: 2, operationId: "first" }, { timeoutMs: 1000 }); // the same one
 * assertEquals(await visits.ask({ type: "get" }, { timeoutMs: 1000 }), 2);
 * ```
 *
 * @throws `TypeError` on a name that a type cannot have, `RangeError` on an option out of range.
 */
export function persistent<S, C, E>(definition: PersistentDefinition<S, C, E> & Crossing<C>): EntityType<C> {
  const { type, snapshotEvery = 200, rememberedOperations = 1000 } = definition;
  checkTypeName(type);
  if (!(snapshotEvery >= 1)) throw new RangeError(`Cannot define ${type}: snapshotEvery is 1 or more`);
  if (!(rememberedOperations >= 0)) {
    throw new RangeError(`Cannot define ${type}: rememberedOperations is 0 or more`);
  }
  return {
    name: type,
    options: entityOptions(type, definition),
    passivates: true,
    behavior: (life) => (self) => new PersistentActor(definition, life, self).start(),
  };
}

/** Options, checked and complete. */
export function entityOptions(type: string, options: EntityOptions): Required<EntityOptions> {
  const { placement = "spread", idleTimeoutMs = 60_000, mailboxCapacity = 10_000 } = options;
  if (!(idleTimeoutMs > 0)) throw new RangeError(`Cannot define ${type}: idleTimeoutMs is above 0`);
  if (!(Number.isInteger(mailboxCapacity) && mailboxCapacity >= 1)) {
    throw new RangeError(`Cannot define ${type}: mailboxCapacity is a whole number from 1`);
  }
  return { placement, idleTimeoutMs, mailboxCapacity };
}
