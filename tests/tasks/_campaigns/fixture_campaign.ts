/** Campaigns to try `deno task simulate` with: one that passes, and one that fails for every tenth seed. */
import type { SimWorld } from "../../../actors/world/sim/mod.ts";

export const passes = {
  name: "fixture that passes",
  run: (sim: SimWorld): Promise<void> => sim.advance(1000),
};

export const fails = {
  name: "fixture that fails",
  async run(sim: SimWorld): Promise<void> {
    sim.note("about to look at the seed");
    await sim.advance(10);
    if (sim.seed % 10 === 0) throw new Error("the seed ends in zero");
  },
};
