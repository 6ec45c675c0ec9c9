/**
 * The engine of a process of its own: nothing outlives it.
 *
 * @module
 */
import type { World } from "../../world/world.ts";
import { composeEngine } from "../compose.ts";
import type { Driver } from "../driver.ts";
import type { Engine } from "../engine.ts";
import { LocalBus } from "./_local_bus.ts";
import { MemoryKeys } from "./_memory_keys.ts";
import { MemoryRecords } from "./_memory_records.ts";

/** Options of engines that live in one process. */
export interface LocalEngineOptions {
  /** Its clock and event loop. */
  readonly world: World;
  /** How long a host is believed alive without a word. @default 2000 */
  readonly leaseTtlMs?: number;
  /** The most bytes of a commit, a snapshot or a message between hosts. @default 8388608 */
  readonly maxBytes?: number;
}

/** The default of {@linkcode LocalEngineOptions.leaseTtlMs}. */
export const DEFAULT_LEASE_TTL_MS = 2000;
/** The default of {@linkcode LocalEngineOptions.maxBytes}. */
export const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Makes what engines in memory are made of. All hosts that are given engines of one driver are one cluster:
 * see {@linkcode composeEngine}.
 */
export function memoryDriver(options: LocalEngineOptions): Driver {
  const { world, leaseTtlMs = DEFAULT_LEASE_TTL_MS, maxBytes = DEFAULT_MAX_BYTES } = options;
  let revision = 0;
  return {
    name: "memory",
    transport: new LocalBus(world, maxBytes),
    records: new MemoryRecords(maxBytes),
    keys: new MemoryKeys(world.clock, leaseTtlMs, () => ++revision),
    ...ALWAYS_CONNECTED,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What a driver without a network says of its connection. */
export const ALWAYS_CONNECTED: Pick<Driver, "isConnected" | "observeConnection"> = {
  isConnected: true,
  observeConnection(changed) {
    changed(true);
    return { cancel: () => {} };
  },
};

/**
 * An engine in memory: event sourcing, with nothing that outlives the process. For tests, and for programs
 * that want entities without durability. Several hosts of one process may share it.
 *
 * @example
 * ```ts
 * import { memoryEngine } from "@troupe/actors/cluster";
 * import { denoWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using engine = memoryEngine({ world: denoWorld() });
 * const entity = { type: "counter", id: "a" };
 * const { log } = await engine.journal.open(entity, 1);
 * await log.append([{ events: ["added"] }]);
 * const { commits } = await engine.journal.read(entity);
 * assertEquals(commits.map(({ entries }) => entries), [[], [{ events: ["added"] }]]);
 * ```
 */
export function memoryEngine(options: LocalEngineOptions): Engine {
  return composeEngine(memoryDriver(options), options.world);
}
