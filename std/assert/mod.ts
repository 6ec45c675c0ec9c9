/**
 * `@std/assert` for machines that reach npm alone: the official module, compiled, with types of our own.
 *
 * @module
 */
// @ts-types="./mod.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
