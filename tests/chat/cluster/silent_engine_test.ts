import { assert } from "@std/assert";
import { chatEntities, chatServer } from "../../../actors/chat/mod.ts";
import { composeEngine, joinCluster } from "../../../actors/cluster/mod.ts";
import { simWorld } from "../../../actors/world/sim/mod.ts";
import { ActorSystem, escalate } from "../../../mod.ts";
import { silentConnection } from "../../cluster/_silent_engine.ts";
import { LineClient } from "../../sim/_harness.ts";

/** Four to join, two of the census, two of the names, and the room's. */
const SUBSCRIPTIONS = 9;
/** Longer than an actor that fails is started anew. */
const SILENT_MS = 9000;

Deno.test("chat cluster: whatever a server was to hear when its engine fell silent, people get in once that answers", async () => {
  for (let silentAt = 1; silentAt <= SUBSCRIPTIONS; silentAt++) {
    const sim = simWorld({ seed: silentAt });
    const { world } = sim.host("s0");
    const connection = silentConnection(sim, world, silentAt, (silent) => {
      sim.host("engine").world.clock.timer(SILENT_MS, () => silent.isCut = false);
    });
    const system = new ActorSystem("s0", { world });
    const engine = composeEngine(connection, world);
    const cluster = await sim.settle(
      joinCluster(system, { engine, types: chatEntities, hostId: "s0", joinTimeoutMs: Infinity }),
    );
    const address = { hostname: "::", port: 5000 };
    system.spawn("server", chatServer({ address, cluster }), { onFailure: escalate() });
    const ann = new LineClient(sim.host("ann").world, { hostname: "s0", port: 5000, silenceMs: Infinity });
    await sim.until(() => ann.isConnected, 20_000, `a connection (silent at ${silentAt})`);
    ann.send("ann");
    ann.send("/who");
    const heard = () => ann.sessions.flatMap(({ received }) => received);
    await sim.until(() => heard().length > 0, 14_000, `an answer (silent at ${silentAt})`);
    assert(heard()[0] === "In lobby: ann", `${heard()} (silent at ${silentAt})`);
    sim.close();
  }
});
