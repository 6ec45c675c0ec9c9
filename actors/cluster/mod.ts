/**
 * Actors that outlive their machine: entities, each living once in a cluster, whose state is what happened
 * to them.
 *
 * @module
 */
export { type Cluster, clusterOf } from "./cluster.ts";
export { joinCluster } from "./host.ts";
export type { JoinOptions } from "./join_options.ts";
export { type CodecOptions, decodeValue, encodeValue } from "./codec.ts";
export type { RefCodec } from "./ref_codec.ts";
export { composeEngine } from "./compose.ts";
export type * from "./driver.ts";
export type * from "./engine.ts";
export {
  type EntityLife,
  type EntityOptions,
  type EntityType,
  Passivate,
  type PlacementPolicy,
  type Refusal,
} from "./entity_type.ts";
export * from "./errors.ts";
export type { ClusterMetrics } from "./metrics.ts";
export { hostIdOf } from "./names.ts";
export {
  type Crossing,
  type Decision,
  persistent,
  type PersistentContext,
  type PersistentDefinition,
  type Reply,
  reply,
  type Uncrossable,
} from "./persistent.ts";
export { placed, type PlacedDefinition, type PlacedEntity } from "./placed.ts";
export type { LocalPlacement } from "./entities.ts";
export type { ClusterSnapshot, ClusterSnapshotOptions } from "./snapshot.ts";
export { type LocalEngineOptions, memoryDriver, memoryEngine } from "./engines/memory.ts";
export {
  type SimConnection,
  type SimEngineFaults,
  type SimEngineOptions,
  SimEngineServer,
  type SimServing,
} from "./engines/sim.ts";
export { sqliteDriver, sqliteEngine, type SqliteEngineOptions } from "./engines/sqlite.ts";
