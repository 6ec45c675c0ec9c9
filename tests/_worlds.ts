/**
 * A test in several simulated worlds.
 *
 * @module
 */
import { type SimWorld, simWorld } from "../actors/world/sim/mod.ts";

/** Runs a test in so many worlds, with the seeds from 1 on. */
export async function inWorlds(use: (sim: SimWorld) => Promise<void>, seeds = 10): Promise<void> {
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
