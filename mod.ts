/**
 * Troupe: actors on the wire, for Deno.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const greeter: Behavior<{ name: string; replyTo: Ref<string> }> = () => {
 *   let greeted = 0; // state lives here: a restart makes it anew
 *   return ({ name, replyTo }) => replyTo.tell(`Hello, ${name}, you are number ${++greeted}!`);
 * };
 *
 * await using system = new ActorSystem("hello");
 * const ref = system.spawn("greeter", greeter);
 * const greeting = await ref.ask({ name: "world" }, { timeoutMs: 1000 });
 * console.log(greeting);
 * assertEquals(greeting, "Hello, world, you are number 1!");
 * ```
 *
 * @module
 */
export * from "./actors/runtime/mod.ts";
export {
  type Core,
  type CoreLogOptions,
  type CoreProgram,
  type CoresOptions,
  run,
} from "./actors/cores/mod.ts";
export { denoWorld } from "./actors/world/deno/mod.ts";
export { nodeWorld } from "./actors/world/node/mod.ts";
export {
  type LogFormat,
  type LogStream,
  type RealLogOptions,
  type RealWorld,
  realWorld,
  type RealWorldOptions,
} from "./actors/world/real/mod.ts";
export * from "./actors/world/world.ts";
