import { type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";

/** Runs a test in several simulated worlds. */
export async function inWorlds(use: (sim: SimWorld) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= 10; seed++) {
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
