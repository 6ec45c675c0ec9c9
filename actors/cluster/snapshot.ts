/**
 * A host of a cluster as it is at one moment, and how to come from a system to its cluster: for who looks
 * inside.
 *
 * @module
 */
import type { ActorSystem } from "../runtime/system.ts";
import type { Cluster } from "./cluster.ts";
import type { EntityId, Epoch, HostRef } from "./engine.ts";
import type { Entities } from "./entities.ts";

/** Which of the host's entities are shown. */
export interface ClusterSnapshotOptions {
  /** Entities that are left out before those that are shown. @default 0 */
  readonly skip?: number;
  /** Entities that are shown at most. @default 100 */
  readonly count?: number;
}

/** An entity that lives on this host. */
export interface LocalPlacement extends EntityId {
  /** The fencing token by which the host owns it. */
  readonly epoch: Epoch;
  /** Its actor. */
  readonly path: string;
}

/** One host. */
export interface ClusterSnapshot {
  /** Absent while the host has no lease. */
  readonly host?: HostRef;
  /** Milliseconds since its lease was renewed; absent while it has none. */
  readonly leaseAgeMs?: number;
  /** False while the engine cannot be reached. */
  readonly isConnected: boolean;
  /** How many entities live here. */
  readonly entityCount: number;
  /** Some of them, the oldest first. */
  readonly entities: readonly LocalPlacement[];
}

/** A host as it is now. */
export function snapshotOf(
  { host, leaseAgeMs, isConnected }: Pick<Cluster, "host" | "leaseAgeMs" | "isConnected">,
  entities: Pick<Entities, "size" | "placements">,
  { skip = 0, count = 100 }: ClusterSnapshotOptions,
): ClusterSnapshot {
  return {
    ...(host === undefined ? {} : { host }),
    ...(leaseAgeMs === undefined ? {} : { leaseAgeMs }),
    isConnected,
    entityCount: entities.size,
    entities: entities.placements(skip, count),
  };
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
