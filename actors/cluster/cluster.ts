/**
 * A cluster, as a host has it, and how to come to it from the host's system.
 *
 * @module
 */
import type { Ref } from "../runtime/ref.ts";
import type { ActorSystem } from "../runtime/system.ts";
import type { Topic } from "../runtime/topics.ts";
import type { Cancellable } from "../world/world.ts";
import type { EntityId, HostRef, Placed } from "./engine.ts";
import type { EntityType } from "./entity_type.ts";
import type { ClusterMetrics } from "./metrics.ts";
import type { ClusterSnapshot, ClusterSnapshotOptions } from "./snapshot.ts";

/** A host's way into its cluster. */
export interface Cluster extends AsyncDisposable {
  /** This host; undefined while it has no lease. */
  readonly host: HostRef | undefined;
  /** Counters of this host. */
  readonly metrics: Readonly<ClusterMetrics>;
  /** Milliseconds since the host's lease was renewed; undefined while it has none. */
  readonly leaseAgeMs: number | undefined;
  /** False while the engine cannot be reached. */
  readonly isConnected: boolean;
  /** Entities that live here. */
  readonly localEntities: readonly EntityId[];
  /**
   * A reference to an entity: the one live instance, wherever it is. It is brought to life when it is told
   * something, moves when its host dies, and sleeps when nobody tells it anything.
   *
   * @throws `TypeError` on a name that no entity can have.
   */
  ref<C>(type: EntityType<C>, id: string): Ref<C>;
  /**
   * A reference as text, for what is kept: it is good on every host while the actor lives. Of an actor of
   * a host, {@linkcode hostIdOf} says which.
   */
  addressOf(ref: Ref<never>): string;
  /**
   * The reference of an address that {@linkcode Cluster.addressOf} gave. That it takes such messages is
   * for who kept it to know.
   *
   * @throws `TypeError` on a text that is no address.
   */
  refAt<M>(address: string): Ref<M>;
  /**
   * Sends to all subscribers of a topic, on all hosts. @throws `TypeError` on a message that cannot cross.
   */
  publish<T>(topic: Topic<T>, message: T): void;
  /** Calls `receive` with what is published on a topic, on whatever host. */
  subscribe<T>(topic: Topic<T>, receive: (message: T) => void): Promise<AsyncDisposable>;
  /** Told now and at each change whether the engine can be reached. */
  observeConnection(changed: (isConnected: boolean) => void): Cancellable;
  /** The hosts that live: a hint. */
  hosts(): Promise<HostRef[]>;
  /** Where an entity lives: a hint; undefined when it sleeps. @throws as {@linkcode Cluster.ref} does. */
  where(type: Pick<EntityType<never>, "name">, id: string): Promise<Placed | undefined>;
  /** This host now, with some of the entities that live here. */
  snapshot(options?: ClusterSnapshotOptions): ClusterSnapshot;
  /**
   * Delivers what was told, hands the entities over and leaves: others may have them at once. What cannot be
   * delivered in time is a dead letter each, and a line in the log. Twice is fine.
   */
  leave(): Promise<void>;
}

const clusters = new WeakMap<ActorSystem, Cluster>();

/**
 * The cluster that a system has joined; undefined where it is in none.
 *
 * @example
 * ```ts
 * import { clusterOf, joinCluster, memoryEngine } from "@troupe/actors/cluster";
 * import { ActorSystem } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * assertEquals(clusterOf(system), undefined);
 * const engine = memoryEngine({ world: system.world });
 * const cluster = await joinCluster(system, { engine });
 * assertEquals(clusterOf(system), cluster);
 * await cluster.leave();
 * ```
 */
export function clusterOf(system: ActorSystem): Cluster | undefined {
  return clusters.get(system);
}

/** A system has joined a cluster. */
export function noteJoined(system: ActorSystem, cluster: Cluster): void {
  clusters.set(system, cluster);
}

/** A system has left its cluster. */
export function noteLeft(system: ActorSystem): void {
  clusters.delete(system);
}
