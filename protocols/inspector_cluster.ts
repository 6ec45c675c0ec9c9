/**
 * What an inspector tells of a cluster.
 *
 * @module
 */

/** Which of the host's entities are shown. */
export interface InspectorClusterView {
  /** Entities that are left out before those that are shown. */
  readonly skip: number;
  /** Entities that are shown. */
  readonly count: number;
}

/** A host that lives. */
export interface InspectorClusterHost {
  /** Its name. */
  readonly id: string;
  /** Which life of it. */
  readonly incarnation: string;
  /** It is the one that is looked into. */
  readonly isHere: boolean;
}

/** An entity that lives on the host that is looked into. */
export interface InspectorEntity {
  /** Its type. */
  readonly type: string;
  /** Which of its type. */
  readonly id: string;
  /** The fencing token by which the host owns it. */
  readonly epoch: number;
  /** Its actor. */
  readonly path: string;
}

/** A cluster, as the host sees it that is looked into. */
export interface InspectorCluster {
  /** The host's own name; absent while it has no lease. */
  readonly host?: string;
  /** Milliseconds since its lease was renewed; absent while it has none. */
  readonly leaseAgeMs?: number;
  /** False while the engine cannot be reached. */
  readonly isConnected: boolean;
  /** The hosts that live, as the engine said last; absent before it has. */
  readonly hosts?: readonly InspectorClusterHost[];
  /** Entities that live here. */
  readonly entityCount: number;
  /** Some of them, the oldest first. */
  readonly entities: readonly InspectorEntity[];
}

/** Where an entity lives. */
export interface InspectorPlace {
  /** Its type. */
  readonly type: string;
  /** Which of its type. */
  readonly id: string;
  /** The host; absent where it lives nowhere, or could not be found out. */
  readonly host?: string;
  /** The fencing token by which that host owns it. */
  readonly epoch?: number;
  /** The engine did not answer. */
  readonly isUnknown: boolean;
}
