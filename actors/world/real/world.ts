/**
 * What real worlds have in common: this machine's clock, chance, network and disk, and the process's streams
 * for the log.
 *
 * @module
 */
import { nodeHash } from "../_node_hash.ts";
import type { HostProcess } from "../process.ts";
import type { World } from "../world.ts";
import { RealClock } from "./clock.ts";
import { environmentVariable } from "./environment.ts";
import { RealLog, type RealLogOptions } from "./log.ts";
import type { LogStream, Output } from "./output.ts";
import { realRandom } from "./random.ts";

/** Options of {@linkcode realWorld}. */
export interface RealWorldOptions {
  /** Where log lines go, and which. */
  readonly log?: RealLogOptions;
}

/** A real world, with what only a real one needs. */
export interface RealWorld extends World {
  /** Writes the log lines that are still gathered, within a second: await it before the process ends. */
  flush(): Promise<void>;
  /** Writes log lines that another thread of this process has made, each with its line end. */
  logLines(lines: string, stream: LogStream): void;
  /** Why local times are those of UTC, although the environment asks for others: for a warning. */
  readonly zoneProblem: string | undefined;
}

/** What each platform has of its own. */
export interface Platform extends Pick<World, "loop" | "net" | "disk" | "threads"> {
  /** The process's streams. */
  readonly output: Output;
  /** The process; `flush` writes what is gathered for the log. */
  process(flush: () => Promise<void>): HostProcess;
}

/** The world of this process, out of what its platform has. */
export function worldOf(
  { loop, net, disk, threads, output, process }: Platform,
  options: RealWorldOptions,
): RealWorld {
  const clock = new RealClock(environmentVariable("TZ") ?? "");
  const log = new RealLog(options.log ?? {}, output, () => clock.now(), (task) => loop.nextTurn(task));
  const flush = () => log.flush();
  return {
    ...{ clock, random: realRandom, hash: nodeHash, loop, net, disk, log, flush },
    ...(threads && { threads }),
    logLines: (lines, stream) => log.lines(lines, stream),
    process: process(flush),
    zoneProblem: clock.zoneProblem,
  };
}
