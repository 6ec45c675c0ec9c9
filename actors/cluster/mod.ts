/**
 * Actors that outlive their machine: entities, each living once in a cluster, whose state is what happened
 * to them.
 *
 * @module
 */
export { type CodecOptions, decodeValue, encodeValue } from "./codec.ts";
export type { RefCodec } from "./ref_codec.ts";
export { composeEngine } from "./compose.ts";
export type * from "./driver.ts";
export type * from "./engine.ts";
export * from "./errors.ts";
export { type LocalEngineOptions, memoryDriver, memoryEngine } from "./engines/memory.ts";
export { sqliteDriver, sqliteEngine, type SqliteEngineOptions } from "./engines/sqlite.ts";
