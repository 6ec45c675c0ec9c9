import { assertEquals } from "@std/assert";
import { composeEngine, joinCluster } from "../../actors/cluster/mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { counterType } from "./_counter.ts";
import { silentConnection } from "./_silent_engine.ts";

/** Its inbox, its lease, and the two kinds that it brings to life. */
const SUBSCRIPTIONS = 4;

Deno.test("cluster: a host joins once its engine answers, at whatever address that fell silent", async () => {
  for (let silentAt = 1; silentAt <= SUBSCRIPTIONS; silentAt++) {
    const sim = simWorld({ seed: silentAt });
    const { world } = sim.host("one");
    const connection = silentConnection(sim, world, silentAt);
    const types = ["some", "others"].map((name) => ({ ...counterType(), name }));
    const system = new ActorSystem("one", { world });
    const engine = composeEngine(connection, world);
    const joined = joinCluster(system, { engine, types, hostId: "one", joinTimeoutMs: Infinity });
    await sim.advance(5000);
    connection.isCut = false;
    const cluster = await sim.settle(joined);
    assertEquals(cluster.host?.id, "one");
    await sim.settle(cluster.leave());
    await sim.settle(system.stop());
    sim.close();
  }
});
