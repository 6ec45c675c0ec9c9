/**
 * The real world of Node and Bun, over `node:net`, `node:dgram`, `node:fs`, `node:http` and `node:crypto`.
 *
 * @module
 */
export { nodeWorld } from "./world.ts";
