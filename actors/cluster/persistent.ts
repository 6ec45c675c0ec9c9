/**
 * Entities that are what happened to them: event sourcing.
 *
 * @module
 */
import { checkFunctions } from "../runtime/check_function.ts";
import type { Ref } from "../runtime/ref.ts";
import type { EntityOptions, EntityType } from "./entity_type.ts";
import { checkTypeName } from "./names.ts";
import { PersistentActor } from "./persistent_actor.ts";
import type { PersistentDefinition } from "./persistent_definition.ts";

export * from "./persistent_definition.ts";

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
 * @throws `TypeError` on a name that a type cannot have, or what is no function, `RangeError` on an option
 * out of range.
 */
export function persistent<S, C, E>(definition: PersistentDefinition<S, C, E> & Crossing<C>): EntityType<C> {
  const { type, snapshotEvery = 200, rememberedOperations = 1000 } = definition;
  checkTypeName(type);
  const { initial, decide, evolve, upcast, upcastState, started } = definition;
  checkFunctions(`Cannot define ${type}`, { initial, decide, evolve }, { upcast, upcastState, started });
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
