/**
 * The world of a process of Deno.
 *
 * @module
 */
import { realDisk } from "../real/disk.ts";
import { type RealWorld, type RealWorldOptions, worldOf } from "../real/world.ts";
import { DenoFile } from "./disk_file.ts";
import { denoFiles } from "./files.ts";
import { DenoLoop } from "./loop.ts";
import { DenoNet } from "./net.ts";
import { DenoProcess } from "./process.ts";
import { DenoThreads } from "./threads.ts";

/**
 * The real world of Deno.
 *
 * A permission that is missing is a `WorldError` of kind `permission-denied` that names the flag.
 *
 * @example
 * ```ts
 * import { denoWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const world = denoWorld({ log: { level: "warn", write: (line) => lines.push(line) } });
 * world.log.write({ level: "info", actor: "/demo", message: "thrown away" });
 * world.log.write({ level: "warn", actor: "/demo", message: "kept" });
 * await world.flush();
 * assertEquals(lines, ["[WARN] kept\n"]);
 * ```
 */
export function denoWorld(options: RealWorldOptions = {}): RealWorld {
  const loop = new DenoLoop();
  return worldOf({
    loop,
    net: new DenoNet(),
    disk: realDisk(denoFiles, (path, file) => new DenoFile(path, file), loop),
    // A compiled program has no main module that a thread could run again.
    ...(Deno.build.standalone ? {} : { threads: new DenoThreads() }),
    output: { stdout: Deno.stdout, stderr: Deno.stderr },
    process: (flush) => new DenoProcess(flush),
  }, options);
}
