import { type SimWorld, simWorld } from "../../../actors/world/sim/mod.ts";

/** Runs a test in several worlds, with the seeds from 1 on. */
export async function inWorlds(use: (sim: SimWorld) => Promise<void>, seeds = 60): Promise<void> {
  for (let seed = 1; seed <= seeds; seed++) {
    const sim = simWorld({ seed });
    try {
      await use(sim);
    } catch (error) {
      throw new Error(`Cannot pass with seed ${seed}`, { cause: error });
    } finally {
      sim.close();
    }
  }
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
