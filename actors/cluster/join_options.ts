/**
 * How a system joins a cluster.
 *
 * @module
 */
import type { Engine } from "./engine.ts";
import type { EntityType } from "./entity_type.ts";

/** Options of `joinCluster`. */
export interface JoinOptions {
  /** What the cluster stands on. It is closed by who opened it, after the host has left. */
  readonly engine: Engine;
  /** The types of entities that this host runs. @default none: it only sends */
  readonly types?: readonly EntityType<never>[];
  /** The host's name: 1 to 64 letters, digits, `_`, `-`, unlike all others'. @default a random one */
  readonly hostId?: string;
  /**
   * How long an engine that does not answer is asked again, and another host of this name is waited for,
   * before the join fails.
   *
   * @default 30000
   */
  readonly joinTimeoutMs?: number;
  /** How long `leave` waits for entities to finish, and for what was told to be taken. @default 5000 */
  readonly drainMs?: number;
}
