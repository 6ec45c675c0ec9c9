/**
 * A host of a cluster as it is at one moment, for who looks inside.
 *
 * @module
 */
import type { HostRef } from "./engine.ts";
import type { Entities, LocalPlacement } from "./entities.ts";

/** Which of the host's entities are shown. */
export interface ClusterSnapshotOptions {
  /** Entities that are left out before those that are shown. @default 0 */
  readonly skip?: number;
  /** Entities that are shown at most. @default 100 */
  readonly count?: number;
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

/** What a host knows of itself. */
interface HostState {
  readonly host: HostRef | undefined;
  readonly leaseAgeMs: number | undefined;
  readonly isConnected: boolean;
}

/** A host as it is now. */
export function snapshotOf(
  { host, leaseAgeMs, isConnected }: HostState,
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
