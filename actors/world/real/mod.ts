/**
 * The real world of whatever runs this.
 *
 * @module
 */
import { denoWorld } from "../deno/mod.ts";
import { nodeWorld } from "../node/mod.ts";
import type { RealWorld, RealWorldOptions } from "./world.ts";

export type { RealWorld, RealWorldOptions } from "./world.ts";
export type { LogFormat, RealLogOptions } from "./log.ts";
export type { LogStream } from "./output.ts";

/**
 * The world of this process: {@linkcode denoWorld} under Deno, {@linkcode nodeWorld} under Node and Bun.
 *
 * @example
 * ```ts
 * import { ActorSystem, realWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const world = realWorld({ log: { level: "warn", format: "json", write: (line) => lines.push(line) } });
 * await using system = new ActorSystem("demo", { world });
 * await system.started(system.spawn("quiet", (self) => {
 *   self.log.info("thrown away");
 *   self.log.warn("kept");
 *   return () => {};
 * }));
 * await world.flush();
 * assertEquals(lines.map((line) => JSON.parse(line).msg), ["kept"]);
 * ```
 */
export function realWorld(options: RealWorldOptions = {}): RealWorld {
  return "Deno" in globalThis ? denoWorld(options) : nodeWorld(options);
}
