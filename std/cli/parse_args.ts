/**
 * `@std/cli/parse-args` for machines that reach npm alone: the official module, compiled, with types of our
 * own.
 *
 * @module
 */
// @ts-types="./parse_args.d.ts"
export * from "npm:deno-std@1.4.0/cli/parse_args.js";
