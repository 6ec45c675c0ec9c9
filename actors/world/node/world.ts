/**
 * The world of a process of Node or Bun.
 *
 * @module
 */
import { realDisk } from "../real/disk.ts";
import { type RealWorld, type RealWorldOptions, worldOf } from "../real/world.ts";
import { NodeFile, nodeFiles } from "./files.ts";
import { nodeLoop } from "./loop.ts";
import { NodeNet } from "./net.ts";
import { nodeOutput } from "./output.ts";
import { NodeProcess } from "./process.ts";

/**
 * The real world of Node, from version 24 on, and of Bun.
 *
 * Files are locked against other processes of Node and Bun, on Linux and Windows; not against those of Deno.
 *
 * @example
 * ```ts
 * import { nodeWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const world = nodeWorld();
 * assertEquals(await world.net.resolve("127.0.0.1"), ["127.0.0.1"]);
 * ```
 */
export function nodeWorld(options: RealWorldOptions = {}): RealWorld {
  return worldOf({
    loop: nodeLoop,
    net: new NodeNet(),
    disk: realDisk(nodeFiles, (path, file) => new NodeFile(path, file), nodeLoop),
    output: nodeOutput,
    process: (flush) => new NodeProcess(flush),
  }, options);
}
