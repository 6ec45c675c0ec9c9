import { SimEngineServer } from "../../../actors/cluster/mod.ts";
import { simulate } from "../../../actors/world/sim/mod.ts";
import { contract } from "./_contract.ts";
import { leaseTtlOf } from "./_patience.ts";

for (const { name, run, hasShortLeases } of contract) {
  Deno.test(`cluster: sim: ${name}`, async () => {
    await simulate(name, { seeds: 3 }, async (sim) => {
      const server = new SimEngineServer({
        world: sim.host("server").world,
        leaseTtlMs: leaseTtlOf(hasShortLeases),
        maxBytes: 100_000,
        faults: { latencyMs: [0.1, 5] },
      });
      let hosts = 0;
      const subject = {
        world: sim.host("test").world,
        unique: "t",
        connect: () => Promise.resolve(server.connect(sim.host(`host-${++hosts}`).world)),
        pause: (ms: number) =>
          new Promise<void>((resolve) => void sim.host("test").world.clock.timer(ms, resolve)),
      };
      await sim.settle(run(subject), 600_000);
    });
  });
}
