/**
 * Troupe: actors on the wire, for Deno.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Behavior } from "@troupe/actors";
 *
 * const greeter: Behavior<string> = (self) => (name) => self.log.info(`Hello, ${name}!`);
 *
 * await using system = new ActorSystem("hello");
 * system.spawn("greeter", greeter).tell("world");
 * ```
 *
 * @module
 */
export * from "./actors/runtime/mod.ts";
export { type DenoWorld, denoWorld, type DenoWorldOptions } from "./actors/world/deno/mod.ts";
export type { DenoLogOptions, LogFormat, LogStream } from "./actors/world/deno/log.ts";
export * from "./actors/world/world.ts";
