/**
 * The real world: this machine's clock, chance, event loop, network and disk, and the process's streams for
 * the log.
 *
 * @module
 */
import { nodeHash } from "../_node_hash.ts";
import type { World } from "../world.ts";
import { DenoClock } from "./clock.ts";
import { DenoDisk } from "./disk.ts";
import { DenoLog, type DenoLogOptions } from "./log.ts";
import { DenoLoop } from "./loop.ts";
import { DenoNet } from "./net.ts";
import { DenoProcess } from "./process.ts";
import { denoRandom } from "./random.ts";

/** Options of {@linkcode denoWorld}. */
export interface DenoWorldOptions {
  /** Where log lines go, and which. */
  readonly log?: DenoLogOptions;
}

/** The real world, with what only a real one needs. */
export interface DenoWorld extends World {
  /** Writes the log lines that are still gathered: await it before `Deno.exit`. It takes a second at most. */
  flush(): Promise<void>;
  /** Why local times are those of UTC, although the environment asks for others: for a warning. */
  readonly zoneProblem: string | undefined;
}

/**
 * The world of this process.
 *
 * A permission that is missing is a {@linkcode WorldError} of kind `permission-denied` that names the flag.
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
export function denoWorld(options: DenoWorldOptions = {}): DenoWorld {
  const clock = new DenoClock();
  const loop = new DenoLoop();
  const log = new DenoLog(
    options.log ?? {},
    () => clock.now(),
    (task) => loop.nextTurn(task),
  );
  return {
    clock,
    random: denoRandom,
    hash: nodeHash,
    loop,
    net: new DenoNet(),
    disk: new DenoDisk(),
    log,
    process: new DenoProcess(() => log.flush()),
    flush: () => log.flush(),
    zoneProblem: clock.zoneProblem,
  };
}
