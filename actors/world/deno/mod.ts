/**
 * The real world: this machine's clock, chance, event loop, network and disk, and the process's streams for
 * the log.
 *
 * @module
 */
export { type DenoWorld, denoWorld, type DenoWorldOptions } from "./world.ts";
export type { DenoLogOptions, LogFormat, LogStream } from "./log.ts";
