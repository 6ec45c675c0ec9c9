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
import { type Campaign, campaignsOf } from "./_campaigns.ts";

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

/** A violation in a campaign. */
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

/** A campaign with so many violations is run no further. */
const MAX_FAILURES = 5;

/** Runs that are told of together: so many, or fewer that had so many events. There is no clock to ask. */
const BATCH = 20;
const BATCH_EVENTS = 20_000;

/** The seeds that are left to run: who has iterated over some of them, and failed, can go on. */
class Seeds implements Iterable<number> {
  readonly #order: WorkerOrder;
  #next: number;

  constructor(order: WorkerOrder) {
    this.#order = order;
    this.#next = order.first;
  }

  get areLeft(): boolean {
    return this.#next <= this.#order.last;
  }

  *[Symbol.iterator](): Iterator<number> {
    while (this.areLeft) {
      const seed = this.#next;
      this.#next += this.#order.step;
      yield seed;
    }
  }
}

function report(message: WorkerReport): void {
  self.postMessage(message);
}

/** The first violation with these seeds, of which those that come after it are left. */
async function failureOf(
  campaign: Campaign,
  seeds: Seeds,
  progress: (run: SimulationRun) => void,
): Promise<CampaignFailure | undefined> {
  const replay = (name: string, seed: number) => `deno task simulate --only "${name}" --seed ${seed}`;
  try {
    await simulate(campaign.name, { seeds, replay, progress }, (sim) => campaign.run(sim));
    return undefined;
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    const why = error.cause instanceof Error ? error.cause.stack : errorText(error.cause);
    return { campaign: campaign.name, text: `${error.message}\n${why}\n` };
  }
}

async function work(order: WorkerOrder): Promise<void> {
  for (const campaign of await campaignsOf(order.files)) {
    if (!campaign.name.includes(order.only)) continue;
    let runs: SimulationRun[] = [];
    let events = 0;
    const tell = () => {
      report({ type: "ran", campaign: campaign.name, runs });
      runs = [];
      events = 0;
    };
    const seeds = new Seeds(order);
    const mayFail = order.failFast ? 1 : MAX_FAILURES;
    let failures = 0;
    for (; seeds.areLeft && failures < mayFail; failures++) {
      const failure = await failureOf(campaign, seeds, (run) => {
        runs.push(run);
        events += run.events;
        if (runs.length >= BATCH || events >= BATCH_EVENTS) tell();
      });
      // First what was run: with --fail-fast nothing is heard after a failure.
      tell();
      if (failure === undefined) break;
      report({ type: "failed", failure });
    }
    if (order.failFast && failures > 0) break;
  }
  report({ type: "done" });
}

self.onmessage = ({ data }: MessageEvent<WorkerOrder>) => {
  work(data).catch((error) => report({ type: "broken", message: errorText(error) }));
};
