/**
 * Long campaigns in the simulated world: services under chaos, seed after seed, on all cores.
 *
 * @module
 */
import { neverIn, type SimulationRun, Tally } from "../actors/world/sim/mod.ts";
import { type Campaign, campaignFiles, campaignsOf } from "./_campaigns.ts";
import type { SocketAddress } from "../actors/world/world.ts";
import { defineTask, Failure, integer, port, runClient, text, toggle, UsageError } from "./_cli.ts";
import { replayCampaign } from "./_replay.ts";
import { Progress, timeLeft } from "./_time_left.ts";
import { SEED_VARIABLE } from "../actors/world/sim/_ambient.ts";
import { faultTable } from "./_fault_table.ts";
import type { CampaignFailure, WorkerOrder, WorkerReport } from "./_simulate_worker.ts";
import { say } from "./_stdio.ts";
import { loadPages } from "./_web_flags.ts";
import { paint } from "./_terminal.ts";

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
    seed: integer({
      help: "Run this one seed, and no other",
      min: 0,
      max: 2_000_000_000,
      env: ["SIMULATE_SEED", SEED_VARIABLE],
    }),
    only: text({ help: "Run the campaigns whose name has this in it", value: "NAME" }),
    workers: integer({ help: "How many run side by side", default: 2, min: 1, max: 64 }),
    failFast: toggle({ help: "End at the first violation", env: [] }),
    list: toggle({ help: "Print the names of the campaigns, and end", env: [] }),
    counts: toggle({ help: "Say what occurred in each campaign, and how often", env: [] }),
    faults: toggle({ help: "Print how often each fault came in each campaign, as a table", env: [] }),
    inspect: toggle({
      help: "Show the run of one seed in a page, and go through it event by event",
      env: [],
    }),
    inspectPort: port({ help: "Port of that page; 0 takes any free one", default: 0 }),
    folder: text({ help: "Where the files *_campaign.ts are", value: "DIR", default: "tests/sim" }),
  },
  examples: [
    ...["--list", "--seeds 10000 --only editor", '--only "editor under chaos" --seed 17'],
    "--only editor --seed 17 --inspect",
  ],
});

/** In so many runs of a campaign all has occurred that must sometimes; in fewer it is only told of. */
const ENOUGH_RUNS = 1000;

/** What has been run. */
class Totals {
  readonly byCampaign = new Map<string, { runs: number; events: number; virtualMs: number; tally: Tally }>();
  readonly #startedAt = performance.now();

  add(campaign: string, runs: readonly SimulationRun[]): void {
    const totals = this.byCampaign.get(campaign) ?? { runs: 0, events: 0, virtualMs: 0, tally: new Tally() };
    for (const { events, virtualMs, counts } of runs) {
      totals.runs++;
      totals.events += events;
      totals.virtualMs += virtualMs;
      totals.tally.add(counts);
    }
    this.byCampaign.set(campaign, totals);
  }

  /** How often all occurred in a campaign, a line each. */
  counts(name: string): string[] {
    const { tally } = this.byCampaign.get(name) ?? { tally: new Tally() };
    return tally.entries().map(([what, count]) => `${String(count).padStart(10)}  ${what}`);
  }

  /** What never occurred in a campaign, though it must sometimes. */
  never({ name, sometimes = [] }: Campaign): string[] {
    return neverIn(this.byCampaign.get(name)?.tally ?? new Tally(), sometimes);
  }

  /** How often each fault came in these campaigns, as a table. */
  faults(campaigns: readonly Campaign[]): string {
    return faultTable(campaigns.map(({ name }) => {
      const { runs, tally } = this.byCampaign.get(name) ?? { runs: 0, tally: new Tally() };
      return { name, runs, tally };
    }));
  }

  get runs(): number {
    return [...this.byCampaign.values()].reduce((sum, { runs }) => sum + runs, 0);
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** All of it in one line. */
  toString(): string {
    let [events, virtualMs] = [0, 0];
    for (const totals of this.byCampaign.values()) {
      events += totals.events;
      virtualMs += totals.virtualMs;
    }
    return `${this.runs} runs, ${(events / 1e6).toFixed(2)} M events, ` +
      `${(virtualMs / 3_600_000).toFixed(2)} h of virtual time in ${this.seconds.toFixed(1)} s ` +
      `(${(this.runs / this.seconds).toFixed(1)} runs/s)`;
  }
}

/**
 * Runs one worker over its share of the seeds, and tells what it reports. Resolves when all is run, or
 * `enough` is aborted.
 */
function runWorker(
  order: WorkerOrder,
  told: (report: WorkerReport) => void,
  enough: AbortSignal,
): Promise<void> {
  if (enough.aborted) return Promise.resolve();
  const worker = new Worker(new URL("./_simulate_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  enough.addEventListener("abort", () => resolve());
  worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => {
    if (data.type === "done") resolve();
    else if (data.type === "broken") reject(new Failure(data.message));
    else told(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Failure(`Cannot run a campaign: ${event.message}`));
  };
  worker.postMessage(order);
  return promise.finally(() => worker.terminate());
}

/**
 * Says what came of it: the violations, each campaign where there are several, and all in one line. Gives how
 * much went wrong.
 */
function sayOutcome(
  campaigns: readonly Campaign[],
  totals: Totals,
  failures: readonly CampaignFailure[],
  asked: { readonly count: number; readonly counts: boolean; readonly isReplay: boolean },
): number {
  let failed = failures.length;
  for (const { campaign, text } of failures) {
    say(`${paint("red", `VIOLATION in "${campaign}"`)}\n${text}`);
  }
  if (failures.length > 0) say("With --inspect such a run is shown in a page, event by event.\n");
  for (const campaign of campaigns) {
    const { name } = campaign;
    const { runs = 0 } = totals.byCampaign.get(name) ?? {};
    const isWhole = runs >= asked.count;
    // What is run again, or is not whole, need not see everything.
    const never = asked.isReplay || !isWhole ? [] : totals.never(campaign);
    const hasMissed = never.length > 0 && runs >= ENOUGH_RUNS;
    if (hasMissed) failed++;
    const occurrences = [
      ...(asked.counts && !asked.isReplay ? totals.counts(name) : []),
      ...never.map((what) => `     never  ${what}`),
    ];
    const outcome = hasMissed || failures.some((failure) => failure.campaign === name)
      ? paint("red", "FAILED")
      : isWhole
      ? paint("green", "passed")
      : paint("yellow", "stopped");
    if (campaigns.length > 1 || occurrences.length > 0) say(`  ${outcome}  ${name} (${runs} runs)`);
    for (const line of occurrences) say(line);
  }
  const isWhole = totals.runs >= asked.count * campaigns.length;
  const passed = isWhole ? "all passed" : `stopped before the end of ${asked.count * campaigns.length}`;
  say(`${totals}: ${failed === 0 ? passed : `${failed} failed`}`);
  return failed;
}

if (import.meta.main) {
  await runClient(
    task,
    async (options, { signal, world }) => {
      const { seeds, from, seed, only = "", workers, folder, failFast, list, counts } = options;
      const files = await campaignFiles(folder);
      const campaigns = (await campaignsOf(files)).filter(({ name }) => name.includes(only));
      if (campaigns.length === 0) {
        throw new Failure(`Cannot simulate: no campaign is called ${only}. --list shows them`);
      }
      if (list) {
        for (const { name } of campaigns) say(name);
        return 0;
      }
      const [campaign, ...others] = campaigns;
      if (options.inspect && campaign !== undefined) {
        if (seed === undefined) throw new UsageError("--inspect shows the run of one seed: give --seed");
        const address = { hostname: "127.0.0.1", port: options.inspectPort };
        const onListening = ({ port }: SocketAddress) =>
          say(`${campaign.name}, seed ${seed}: open http://127.0.0.1:${port}/ in a browser; Ctrl-C ends it`);
        if (others.length > 0) {
          say(`The first of ${campaigns.length} campaigns is shown; --only NAME shows another:`);
          for (const { name } of others) say(`  ${name}`);
        }
        const pages = await loadPages(world, "inspector");
        if (pages === undefined) throw new Failure("Cannot show the run: `deno task pages` makes the page");
        await replayCampaign({ world, campaign, seed, address, pages, onListening, signal });
        return 0;
      }
      const first = seed ?? from;
      const count = seed === undefined ? seeds : 1;
      const share = Math.min(workers, count);
      const all = count * campaigns.length;
      const totals = new Totals();
      const failures: CampaignFailure[] = [];
      const found = new AbortController();
      {
        using _progress = new Progress(() =>
          `${totals} of ${all}${timeLeft(totals.runs / all, totals.seconds)}`
        );
        const told = (report: WorkerReport) => {
          if (report.type === "ran") totals.add(report.campaign, report.runs);
          if (report.type !== "failed") return;
          failures.push(report.failure);
          if (failFast) found.abort();
        };
        const enough = AbortSignal.any([signal, found.signal]);
        const workers = Array.from({ length: share }, (_, index) => {
          const seeds = { first: first + index, last: first + count - 1, step: share };
          return runWorker({ files, only, ...seeds, failFast }, told, enough);
        });
        await Promise.all(workers);
      }
      // Who reads stdout through a pipe has heard of Ctrl-C too, and may be gone.
      if (signal.aborted && !Deno.stdout.isTerminal()) console.error(`${totals} of ${all}: stopped`);
      if (options.faults) say(`${totals.faults(campaigns)}\n`);
      const failed = sayOutcome(campaigns, totals, failures, { count, counts, isReplay: seed !== undefined });
      return failed === 0 ? 0 : 1;
    },
  );
}
