/**
 * What a cluster knows of a kind of entity.
 *
 * @module
 */
import type { Behavior } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { Topic } from "../runtime/topics.ts";
import type { EntityId, Epoch, Journal } from "./engine.ts";
import type { ClusterMetrics } from "./metrics.ts";

/** Where an entity comes to life that lives nowhere. */
export type PlacementPolicy =
  /** On any host that runs its type, in turn. */
  | "spread"
  /** On the host that needs it, where that runs its type. */
  | "local";

/** How a host treats entities of a type. */
export interface EntityOptions {
  /** Where one comes to life. @default "spread" */
  readonly placement?: PlacementPolicy;
  /** An entity that was told nothing for so long is put to sleep: its journal keeps it. @default 60000 */
  readonly idleTimeoutMs?: number;
  /** Messages that may wait for one entity. One more is refused. @default 10000 */
  readonly mailboxCapacity?: number;
}

/**
 * A kind of entity that takes messages of type `C`: made by {@linkcode persistent} or {@linkcode placed}.
 *
 * @typeParam C what its entities can be told
 */
export interface EntityType<in C> {
  /** Its name in the cluster. */
  readonly name: string;
  /** How a host treats its entities. */
  readonly options: Required<EntityOptions>;
  /** Whether its actors take a {@linkcode Passivate} and stop by themselves; others are stopped. */
  readonly passivates: boolean;
  /** The behaviour of one entity. What it is told comes from other hosts, and is what their program sent. */
  readonly behavior: (life: EntityLife) => Behavior<unknown>;
  /** Never there: it ties `C` to the type. */
  readonly _commands?: (command: C) => void;
}

/** Told to an entity that is to finish what it has begun, and stop. */
export class Passivate {}

/** Why a command was not carried out. */
export type Refusal =
  /** It was not, for certain: another host may. */
  | { readonly type: "retry" }
  /** Nobody knows whether it was. */
  | { readonly type: "unknown" }
  /** It cannot be: this is why. */
  | { readonly type: "failed"; readonly error: unknown };

/** One entity on one host, from its claim to its end. */
export interface EntityLife {
  /** Which entity. */
  readonly entity: EntityId;
  /** The fencing token of this host's claim. */
  readonly epoch: Epoch;
  /** Where it keeps what happened to it. */
  readonly journal: Journal;
  /** The entity's own reference: good on every host, also when it has moved. */
  readonly self: Ref<never>;
  /** False once another host may own the entity: nothing is answered from memory any more. */
  readonly isValid: boolean;
  /** The last record of its journal that this host knows to be durable; 0 where it knows of none. */
  durableSeq: number;
  /** Counters of the host. */
  readonly metrics: ClusterMetrics;
  /** Says that something cannot be done, and why; once for all entities of the host that have it at once. */
  warn(what: string, event: string, error: unknown): void;
  /** Tells who asked, where somebody did, that a command was not carried out. */
  refuse(command: unknown, why: Refusal): void;
  /** Sends to all subscribers of a topic, on all hosts. */
  publish<T>(topic: Topic<T>, message: T): void;
  /** Says that another owner was found in the journal: nothing is sent here any more. */
  fenced(): void;
}
