/**
 * Long campaigns in the simulated world: services under chaos, seed after seed, on all cores.
 *
 * @module
 */
import type { SimulationRun } from "../actors/world/sim/mod.ts";
import { defineTask, Failure, integer, runClient, text } from "./_cli.ts";
import type { WorkerOrder, WorkerReport } from "./_simulate_worker.ts";

/** The command line. */
export const task = defineTask({
  name: "simulate",
  summary: "Campaigns in the simulated world, on all cores",
  env: "SIMULATE",
  flags: {
    seeds: integer({
      help: "How many seeds each campaign is run with",
      default: 1000,
      min: 1,
      max: 1_000_000_000,
    }),
    from: integer({ help: "The first seed", default: 1, min: 0, max: 1_000_000_000 }),
    seed: integer({ help: "Run this one seed, and no other", min: 0, max: 2_000_000_000 }),
    only: text({ help: "Run the campaigns whose name has this in it", value: "NAME" }),
    workers: integer({ help: "How many run side by side", default: 2, min: 1, max: 64 }),
    folder: text({ help: "Where the files *_campaign.ts are", value: "DIR", default: "tests/sim" }),
  },
  examples: ["", "--seeds 10000 --only editor", '--only "editor under chaos" --seed 17'],
});

/** How often the progress line is written anew. */
const PROGRESS_MS = 500;

interface Totals {
  seeds: number;
  events: number;
  virtualMs: number;
}

/** Runs one worker over its share of the seeds. Resolves to what failed, if something did. */
function runWorker(
  order: WorkerOrder,
  ran: (run: SimulationRun) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const worker = new Worker(new URL("./_simulate_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const leave = () => reject(signal.reason);
  signal.addEventListener("abort", leave);
  worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => {
    if (data.type === "ran") { for (const run of data.runs) ran(run); }
    else if (data.type === "done") resolve([...data.failures]);
    else reject(new Failure(data.message));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Failure(`Cannot run a campaign: ${event.message}`));
  };
  worker.postMessage(order);
  return promise.finally(() => {
    signal.removeEventListener("abort", leave);
    worker.terminate();
  });
}

async function campaignFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && entry.name.endsWith("_campaign.ts")) files.push(entry.name);
  }
  if (files.length === 0) throw new Failure(`Cannot simulate: no file *_campaign.ts is in ${folder}`);
  const base = new URL(`${await Deno.realPath(folder)}/`, "file:///");
  return files.sort().map((name) => new URL(name, base).href);
}

/** One line that is written over itself, on a terminal; nothing elsewhere. */
class ProgressLine {
  readonly #encoder = new TextEncoder();
  readonly #isTerminal = Deno.stderr.isTerminal();

  show(line: string): void {
    if (this.#isTerminal) Deno.stderr.writeSync(this.#encoder.encode(`\r\x1b[K${line}`));
  }
}

if (import.meta.main) {
  await runClient(task, async ({ seeds, from, seed, only, workers, folder }, { signal }) => {
    const files = await campaignFiles(folder);
    const first = seed ?? from;
    const count = seed === undefined ? seeds : 1;
    const share = Math.min(workers, count);
    const totals: Totals = { seeds: 0, events: 0, virtualMs: 0 };
    const startedAt = performance.now();
    const line = new ProgressLine();
    const report = () => {
      const seconds = (performance.now() - startedAt) / 1000;
      return `${totals.seeds} runs, ${(totals.events / 1e6).toFixed(2)} M events, ` +
        `${(totals.virtualMs / 3_600_000).toFixed(2)} h of virtual time in ${seconds.toFixed(1)} s ` +
        `(${(totals.seeds / seconds).toFixed(1)} runs/s)`;
    };
    const timer = setInterval(() => line.show(report()), PROGRESS_MS);
    try {
      const failures = await Promise.all(Array.from({ length: share }, (_, index) => {
        const order: WorkerOrder = {
          files,
          only: only ?? "",
          first: first + index,
          last: first + count - 1,
          step: share,
        };
        return runWorker(order, (run) => {
          totals.seeds++;
          totals.events += run.events;
          totals.virtualMs += run.virtualMs;
        }, signal);
      }));
      line.show("");
      for (const failure of failures.flat()) console.log(failure);
      if (totals.seeds === 0 && failures.flat().length === 0) {
        throw new Failure(`Cannot simulate: no campaign is called ${only}`);
      }
      console.log(
        `${report()}: ${failures.flat().length === 0 ? "all passed" : `${failures.flat().length} failed`}`,
      );
      return failures.flat().length === 0 ? 0 : 1;
    } finally {
      clearInterval(timer);
    }
  });
}
