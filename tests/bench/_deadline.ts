/**
 * A benchmark that does not end is ended, with every process that it has started.
 *
 * @module
 */
import { Failure } from "../../tasks/_cli.ts";
import { duration } from "../../tasks/_time_left.ts";
import type { Bench, BenchOptions, Row } from "./_bench.ts";

/** The processes that run, and how they were called. */
const running = new Map<Deno.ChildProcess, string>();
let isOver = false;

/** Notes each process from now on: benchmarks start them in many places, and none is to be forgotten. */
export function noteProcesses(): void {
  class NotedCommand extends Deno.Command {
    readonly #line: string;

    constructor(program: string | URL, options?: Deno.CommandOptions) {
      super(program, options);
      this.#line = [program, ...options?.args ?? []].join(" ");
    }

    override spawn(): Deno.ChildProcess {
      if (isOver) throw new Error("Cannot start a process: the run has been ended");
      const child = super.spawn();
      running.set(child, this.#line);
      child.status.finally(() => running.delete(child));
      return child;
    }
  }
  Object.defineProperty(Deno, "Command", { value: NotedCommand });
}

/** How long a benchmark may take: many times what the longest does on a machine that is busy with more. */
export function limitOf({ quick, full }: Pick<BenchOptions, "quick" | "full">): number {
  return (quick ? 2 : full ? 45 : 15) * 60_000;
}

/**
 * Runs a benchmark.
 *
 * @throws {Failure} when it has not ended by then; its processes are named on stderr, and killed.
 */
export async function runWithin(bench: Bench, options: BenchOptions, limitMs: number): Promise<Row[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    endProcesses();
    const name = JSON.stringify(bench.name);
    late.reject(new Failure(`Cannot go on: ${name} has not ended within ${duration(limitMs / 1000)}`));
  }, limitMs);
  try {
    return await Promise.race([bench.run(options), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function endProcesses(): void {
  isOver = true;
  for (const [child, line] of running) {
    console.error(`Killed, it still ran: ${line}`);
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}
