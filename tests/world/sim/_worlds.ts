import type { SimWorld } from "../../../actors/world/sim/mod.ts";
import { inWorlds as inSomeWorlds } from "../../_worlds.ts";

/** Worlds enough for what chance brings once in many. */
const SEEDS = 60;

/** Runs a test in many worlds. */
export function inWorlds(use: (sim: SimWorld) => Promise<void>, seeds = SEEDS): Promise<void> {
  return inSomeWorlds(use, seeds);
}

/** In how many of 300 worlds each of the outcomes came. */
export async function outcomes(use: (sim: SimWorld) => Promise<string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await inWorlds(async (sim) => {
    const outcome = await use(sim);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }, 300);
  return counts;
}
