/**
 * Entities with any behaviour, and no journal.
 *
 * @module
 */
import { checkFunctions, notAFunction } from "../runtime/check_function.ts";
import type { Behavior } from "../runtime/behavior.ts";
import { withPrivateMessages } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { EntityOptions, EntityType } from "./entity_type.ts";
import { checkTypeName } from "./names.ts";
import { type Crossing, entityOptions } from "./persistent.ts";

/** What a placed entity knows of itself, beside its context. */
export interface PlacedEntity<in C> {
  /** Its name within its type. */
  readonly id: string;
  /** Its own reference, good on every host. */
  readonly self: Ref<C>;
}

/** What a kind of placed entity does. */
export interface PlacedDefinition<C> extends EntityOptions {
  /** Name of the type in the cluster. */
  readonly type: string;
  /** The behaviour of one entity. */
  readonly behavior: (entity: PlacedEntity<C>) => Behavior<C>;
}

/**
 * Makes a kind of entity that lives once in the cluster, with a behaviour of any kind and a state that goes
 * with it.
 *
 * One that fails is started again, after 5 ms at first and a second at most, with what waits for it; it never
 * ends its host.
 *
 * Without a journal there is no fence: while the lease of a frozen host runs out, two may briefly live. What
 * must be true is for {@linkcode persistent}.
 *
 * @throws `TypeError` on a name that a type cannot have, or what is no function, `RangeError` on an option
 * out of range.
 *
 * @example
 * ```ts
 * import { joinCluster, memoryEngine, placed } from "@troupe/actors/cluster";
 * import { ActorSystem, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const echo = placed<{ text: string; replyTo: Ref<string> }>({
 *   type: "echo",
 *   behavior: ({ id }) => () => ({ text, replyTo }) => replyTo.tell(`${id}: ${text}`),
 * });
 *
 * await using system = new ActorSystem("demo");
 * await using engine = memoryEngine({ world: system.world });
 * await using cluster = await joinCluster(system, { engine, types: [echo] });
 * const valley = cluster.ref(echo, "valley");
 * assertEquals(await valley.ask({ text: "hello" }, { timeoutMs: 1000 }), "valley: hello");
 * ```
 */
export function placed<C>(definition: PlacedDefinition<C> & Crossing<C>): EntityType<C> {
  const { type, behavior } = definition;
  checkTypeName(type);
  checkFunctions(`Cannot define ${type}`, { behavior });
  return {
    name: type,
    options: entityOptions(type, definition),
    passivates: false,
    // What others send to an entity of this type is of its messages: their program was checked against it.
    behavior: ({ entity: { id }, self }) => onceMade(type, id, () => behavior({ id, self: self as Ref<C> })),
  };
}

/** A behaviour that is made at its first start: what that throws is the entity's failure, not its host's. */
function onceMade<C>(type: string, id: string, make: () => Behavior<C>): Behavior<unknown> {
  let made: Behavior<unknown> | undefined;
  return withPrivateMessages<unknown, never>((self) => {
    made ??= make() as Behavior<unknown>;
    if (typeof made !== "function") throw notAFunction(`Cannot start ${type} ${id}`, "its behaviour", made);
    return made(self);
  });
}
