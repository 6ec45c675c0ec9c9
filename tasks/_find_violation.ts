/**
 * Runs campaigns until one of them finds a violation: what `deno task mutate` asks of the simulator.
 *
 * The argument is JSON: `campaigns`, a list of pairs of the name of a campaign and with how many seeds it is
 * run, and perhaps `first`, a campaign and the one seed that is run before all. Then each runs a quarter of
 * its seeds, so that what any of them sees soon is seen soon. Prints a line for each quarter, and in the end
 * why it is no good: then the exit code is 1.
 *
 * @module
 */
// Before the simulator sets its traps: see _simulate_worker.ts.
import "yjs";
import { simulate, SimulationFailure } from "../actors/world/sim/mod.ts";
import { errorText } from "../mod.ts";
import { type Campaign, campaignFiles, campaignsOf } from "./_campaigns.ts";
import { say } from "./_stdio.ts";

const QUARTERS = 4;

/** A campaign under way. */
interface Share {
  readonly campaign: Campaign;
  readonly seeds: number;
}

type Pair = readonly [name: string, count: number];

interface Asked {
  readonly first?: Pair;
  readonly campaigns: readonly Pair[];
}

async function runSeeds(campaign: Campaign, seeds: Iterable<number>): Promise<void> {
  await simulate(campaign.name, {
    seeds,
    replay: (name, seed) => `deno task simulate --only "${name}" --seed ${seed}`,
  }, (sim) => campaign.run(sim));
}

async function runQuarter({ campaign, seeds }: Share, quarter: number): Promise<void> {
  const first = Math.floor(seeds * quarter / QUARTERS);
  const count = Math.floor(seeds * (quarter + 1) / QUARTERS) - first;
  if (count === 0) return;
  await runSeeds(campaign, Array.from({ length: count }, (_, index) => first + index + 1));
  // Who waits knows that nothing hangs.
  say(`${campaign.name}: ${first + count} of ${seeds}`);
}

async function findViolation({ first, campaigns: asked }: Asked): Promise<string | undefined> {
  const campaigns = await campaignsOf(await campaignFiles("tests/sim"));
  const named = (name: string) => {
    const campaign = campaigns.find((one) => one.name === name);
    if (campaign === undefined) throw new TypeError(`Cannot run ${name}: there is no such campaign`);
    return campaign;
  };
  const shares = asked.map(([name, seeds]): Share => ({ campaign: named(name), seeds }));
  try {
    if (first !== undefined) await runSeeds(named(first[0]), [first[1]]);
    for (const share of shares) await runQuarter(share, 0);
    for (const share of shares) {
      for (let quarter = 1; quarter < QUARTERS; quarter++) await runQuarter(share, quarter);
    }
  } catch (error) {
    return error instanceof SimulationFailure ? error.message : `Cannot go on: ${errorText(error)}`;
  }
  return undefined;
}

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" &&
    typeof value[1] === "number";
}

function isAsked(value: unknown): value is Asked {
  if (typeof value !== "object" || value === null) return false;
  const { first, campaigns }: { first?: unknown; campaigns?: unknown } = value;
  return (first === undefined || isPair(first)) && Array.isArray(campaigns) && campaigns.every(isPair);
}

if (import.meta.main) {
  const asked: unknown = JSON.parse(Deno.args[0] ?? "");
  if (!isAsked(asked)) {
    throw new TypeError("Cannot run campaigns: the argument names none with their seeds");
  }
  const violation = await findViolation(asked);
  if (violation !== undefined) say(violation);
  Deno.exit(violation === undefined ? 0 : 1);
}
