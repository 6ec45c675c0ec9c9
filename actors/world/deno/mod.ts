/**
 * The real world of Deno: this machine's clock, chance, event loop, network and disk, and the process's
 * streams for the log.
 *
 * @module
 */
export { denoWorld } from "./world.ts";
