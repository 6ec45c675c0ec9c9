/** A campaign in which something that should happen never does. */
import type { SimWorld } from "../../../actors/world/sim/mod.ts";

export const misses = {
  name: "fixture that misses something",
  sometimes: ["it was cut", "it rained"],
  run(sim: SimWorld): Promise<void> {
    sim.sometimes("it was cut");
    sim.sometimes("it rained", false);
    return sim.advance(1000);
  },
};
