/**
 * A cluster, for those who look at one of its hosts. The engine is asked only while somebody looks.
 *
 * @module
 */
import type {
  InspectorCluster,
  InspectorClusterHost,
  InspectorPlace,
} from "../../protocols/inspector_cluster.ts";

/** A host of a cluster. */
export interface InspectedClusterHost {
  /** Its name. */
  readonly id: string;
  /** Which life of it. */
  readonly incarnation: string;
}

/** What an inspector needs of a cluster: `Cluster` of `@troupe/actors/cluster` is one. */
export interface InspectedCluster {
  /** The host as it is now. */
  snapshot(options: { readonly skip: number; readonly count: number }): {
    readonly host?: InspectedClusterHost;
    readonly leaseAgeMs?: number;
    readonly isConnected: boolean;
    readonly entityCount: number;
    readonly entities: InspectorCluster["entities"];
  };
  /** The hosts that live. */
  hosts(): Promise<readonly InspectedClusterHost[]>;
  /** Where an entity lives. */
  where(type: { readonly name: string }, id: string): Promise<
    { readonly owner: InspectedClusterHost; readonly epoch: number } | undefined
  >;
}

/** The hosts are asked for so often at most. */
const REFRESH_MS = 1000;
/** Hosts that are shown. */
const MAX_HOSTS = 200;

/** Looks at a cluster for all pages. */
export class ClusterWatch {
  readonly #find: () => InspectedCluster | undefined;
  readonly #now: () => number;
  #hosts: readonly InspectedClusterHost[] | undefined;
  #refreshedAt = -Infinity;
  #isRefreshing = false;

  /** `find` gives the cluster once it was joined; `now` is monotonic. */
  constructor(find: () => InspectedCluster | undefined, now: () => number) {
    this.#find = find;
    this.#now = now;
  }

  /** There is a cluster. */
  get isThere(): boolean {
    return this.#find() !== undefined;
  }

  /** The cluster, with the hosts as the engine said last; undefined where there is none. */
  look(skip: number, count: number): InspectorCluster | undefined {
    const cluster = this.#find();
    if (cluster === undefined) return undefined;
    if (this.#now() - this.#refreshedAt >= REFRESH_MS) void this.#refresh(cluster);
    const { host, leaseAgeMs, isConnected, entityCount, entities } = cluster.snapshot({ skip, count });
    const isHere = (each: InspectedClusterHost) =>
      each.id === host?.id && each.incarnation === host.incarnation;
    const hosts = this.#hosts?.map(({ id, incarnation }): InspectorClusterHost => ({
      ...{ id, incarnation },
      isHere: isHere({ id, incarnation }),
    }));
    return {
      ...(host === undefined ? {} : { host: host.id }),
      ...(leaseAgeMs === undefined ? {} : { leaseAgeMs }),
      isConnected,
      ...(hosts === undefined ? {} : { hosts }),
      entityCount,
      entities: entities.map(({ type, id, epoch, path }) => ({ type, id, epoch, path })),
    };
  }

  /** The same, after the engine was asked, if it answers. */
  async lookAfresh(skip: number, count: number): Promise<InspectorCluster | undefined> {
    const cluster = this.#find();
    if (cluster !== undefined) await this.#refresh(cluster);
    return this.look(skip, count);
  }

  /** Where an entity lives; undefined where there is no cluster. */
  async place(type: string, id: string): Promise<InspectorPlace | undefined> {
    const cluster = this.#find();
    if (cluster === undefined) return undefined;
    try {
      const placed = await cluster.where({ name: type }, id);
      if (placed === undefined) return { type, id, isUnknown: false };
      return { type, id, host: placed.owner.id, epoch: placed.epoch, isUnknown: false };
    } catch (error) {
      // What no entity can be called lives nowhere.
      return { type, id, isUnknown: !(error instanceof TypeError) };
    }
  }

  async #refresh(cluster: InspectedCluster): Promise<void> {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    try {
      this.#hosts = (await cluster.hosts()).slice(0, MAX_HOSTS);
    } catch {
      // What was known last is shown, and that the engine cannot be reached.
    }
    this.#refreshedAt = this.#now();
    this.#isRefreshing = false;
  }
}
