/**
 * One core of `deno task simulate`: runs its share of the seeds of each campaign.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { simulate, SimulationFailure, type SimulationRun, type SimWorld } from "../actors/world/sim/mod.ts";
import { errorText } from "../mod.ts";

/** What to run. */
export interface WorkerOrder {
  /** URLs of the modules with the campaigns. */
  readonly files: readonly string[];
  /** Part of the name of the campaigns to run. */
  readonly only: string;
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** What came of it. */
export type WorkerReport =
  | { readonly type: "ran"; readonly runs: readonly SimulationRun[] }
  /** All is run; of each campaign that failed, the first failure. */
  | { readonly type: "done"; readonly failures: readonly string[] }
  | { readonly type: "broken"; readonly message: string };

interface Campaign {
  readonly name: string;
  run(sim: SimWorld): Promise<void>;
}

function isCampaign(value: unknown): value is Campaign {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" &&
    "run" in value && typeof value.run === "function";
}

/** Runs that are told of together. */
const BATCH = 20;

async function campaignsOf(files: readonly string[]): Promise<Campaign[]> {
  const campaigns: Campaign[] = [];
  for (const file of files) {
    const module: unknown = await import(file);
    if (typeof module === "object" && module !== null) {
      campaigns.push(...Object.values(module).filter(isCampaign));
    }
  }
  return campaigns;
}

function* seedsOf({ first, last, step }: WorkerOrder): Iterable<number> {
  for (let seed = first; seed <= last; seed += step) yield seed;
}

function report(message: WorkerReport): void {
  self.postMessage(message);
}

async function work(order: WorkerOrder): Promise<void> {
  const failures: string[] = [];
  let runs: SimulationRun[] = [];
  for (const campaign of await campaignsOf(order.files)) {
    if (!campaign.name.includes(order.only)) continue;
    try {
      await simulate(campaign.name, {
        seeds: seedsOf(order),
        replay: (name, seed) => `deno task simulate --only "${name}" --seed ${seed}`,
        progress: (run) => {
          runs.push(run);
          if (runs.length < BATCH) return;
          report({ type: "ran", runs });
          runs = [];
        },
      }, (sim) => campaign.run(sim));
    } catch (error) {
      if (!(error instanceof SimulationFailure)) throw error;
      failures.push(`${error.message}\n${error.cause instanceof Error ? error.cause.stack : error.cause}\n`);
    }
  }
  report({ type: "ran", runs });
  report({ type: "done", failures });
}

self.onmessage = ({ data }: MessageEvent<WorkerOrder>) => {
  work(data).catch((error) => report({ type: "broken", message: errorText(error) }));
};
