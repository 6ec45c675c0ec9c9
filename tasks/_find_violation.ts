/**
 * Runs campaigns until one of them finds a violation: what `deno task mutate` asks of the simulator.
 *
 * The argument is a list of pairs in JSON: the name of a campaign, and with how many seeds it is run. First
 * each runs a quarter of its seeds, so that what any of them sees soon is seen soon. Prints a line for each
 * quarter, and in the end why it is no good: then the exit code is 1.
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

async function runQuarter({ campaign, seeds }: Share, quarter: number): Promise<void> {
  const first = Math.floor(seeds * quarter / QUARTERS);
  const count = Math.floor(seeds * (quarter + 1) / QUARTERS) - first;
  if (count === 0) return;
  await simulate(campaign.name, {
    seeds: Array.from({ length: count }, (_, index) => first + index + 1),
    replay: (name, seed) => `deno task simulate --only "${name}" --seed ${seed}`,
  }, (sim) => campaign.run(sim));
  // Who waits knows that nothing hangs.
  say(`${campaign.name}: ${first + count} of ${seeds}`);
}

async function findViolation(asked: readonly (readonly [string, number])[]): Promise<string | undefined> {
  const campaigns = await campaignsOf(await campaignFiles("tests/sim"));
  const shares = asked.map(([name, seeds]): Share => {
    const campaign = campaigns.find((one) => one.name === name);
    if (campaign === undefined) throw new TypeError(`Cannot run ${name}: there is no such campaign`);
    return { campaign, seeds };
  });
  try {
    for (const share of shares) await runQuarter(share, 0);
    for (const share of shares) {
      for (let quarter = 1; quarter < QUARTERS; quarter++) await runQuarter(share, quarter);
    }
  } catch (error) {
    return error instanceof SimulationFailure ? error.message : `Cannot go on: ${errorText(error)}`;
  }
  return undefined;
}

function isAsked(value: unknown): value is readonly [string, number][] {
  return Array.isArray(value) &&
    value.every((pair) =>
      Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && typeof pair[1] === "number"
    );
}

if (import.meta.main) {
  const asked: unknown = JSON.parse(Deno.args[0] ?? "");
  if (!isAsked(asked)) {
    throw new TypeError("Cannot run campaigns: the argument is no list of names and seeds");
  }
  const violation = await findViolation(asked);
  if (violation !== undefined) say(violation);
  Deno.exit(violation === undefined ? 0 : 1);
}
