/**
 * One core of `deno task simulate`: runs its share of the seeds of each campaign.
 *
 * @module
 */
/// <reference lib="deno.worker" />
// Before the simulator sets its traps: when it is loaded, Yjs takes a hold of chance, which it asks for the
// name of each new document.
import "yjs";
import { simulate, SimulationFailure, type SimulationRun } from "../actors/world/sim/mod.ts";
import { errorText } from "../mod.ts";
import { campaignsOf } from "./_campaigns.ts";

/** What to run. */
export interface WorkerOrder {
  /** URLs of the modules with the campaigns. */
  readonly files: readonly string[];
  /** Part of the name of the campaigns to run. */
  readonly only: string;
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Whether the first failure is the last thing that is done. */
  readonly failFast: boolean;
}

/** The first failure of a campaign. */
export interface CampaignFailure {
  readonly campaign: string;
  readonly text: string;
}

/** What came of it. */
export type WorkerReport =
  | { readonly type: "ran"; readonly campaign: string; readonly runs: readonly SimulationRun[] }
  | { readonly type: "failed"; readonly failure: CampaignFailure }
  /** All is run. */
  | { readonly type: "done" }
  | { readonly type: "broken"; readonly message: string };

/** Runs that are told of together: so many, or fewer that had so many events. There is no clock to ask. */
const BATCH = 20;
const BATCH_EVENTS = 20_000;

function* seedsOf({ first, last, step }: WorkerOrder): Iterable<number> {
  for (let seed = first; seed <= last; seed += step) yield seed;
}

function report(message: WorkerReport): void {
  self.postMessage(message);
}

async function work(order: WorkerOrder): Promise<void> {
  for (const campaign of await campaignsOf(order.files)) {
    if (!campaign.name.includes(order.only)) continue;
    let runs: SimulationRun[] = [];
    let events = 0;
    let failed: CampaignFailure | undefined;
    const tell = () => {
      report({ type: "ran", campaign: campaign.name, runs });
      runs = [];
      events = 0;
    };
    try {
      await simulate(campaign.name, {
        seeds: seedsOf(order),
        replay: (name, seed) => `deno task simulate --only "${name}" --seed ${seed}`,
        progress: (run) => {
          runs.push(run);
          events += run.events;
          if (runs.length >= BATCH || events >= BATCH_EVENTS) tell();
        },
      }, (sim) => campaign.run(sim));
    } catch (error) {
      if (!(error instanceof SimulationFailure)) throw error;
      const why = error.cause instanceof Error ? error.cause.stack : errorText(error.cause);
      failed = { campaign: campaign.name, text: `${error.message}\n${why}\n` };
    }
    // First what was run: with --fail-fast nothing is heard after a failure.
    tell();
    if (failed !== undefined) report({ type: "failed", failure: failed });
    if (order.failFast && failed !== undefined) break;
  }
  report({ type: "done" });
}

self.onmessage = ({ data }: MessageEvent<WorkerOrder>) => {
  work(data).catch((error) => report({ type: "broken", message: errorText(error) }));
};
