/**
 * The end of a run of the cluster's campaign: hosts freeze and answers of their engine are lost, but no host
 * dies and no message does. So who asks by name, and waits, is answered.
 *
 * @module
 */
import type { SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { delay } from "./_harness.ts";

/** What {@linkcode demandAnswers} is done with. */
export interface Patience {
  readonly sim: SimWorld;
  readonly server: SimEngineServer;
  /** Where the entities live. */
  readonly hosts: readonly SimHost[];
  readonly entities: readonly string[];
  /** Asks by name until it is answered; rejects when that takes too long. One for each client. */
  readonly askers: readonly ((entity: string, name: string) => Promise<void>)[];
}

/** How long hosts freeze, and answers are lost. */
const FREEZES_MS = 3000;
const LOSSES_MS = 4000;
/** Longer than entities stay awake. */
const THINK_MS = 1500;

/** Has clients ask, and demands that each is answered. */
export async function demandAnswers({ sim, server, hosts, entities, askers }: Patience): Promise<void> {
  const { clock, random } = sim.host("server").world;
  const endsAt = sim.now + FREEZES_MS + LOSSES_MS;
  const ask = async (one: Patience["askers"][number], name: string) => {
    for (let count = 0; sim.now < endsAt; count++) {
      const entity = entities[Math.floor(random.next() * entities.length)] ?? "";
      // Some at once: those behind the first wait for the same write.
      await Promise.all([1, 2, 3].map((part) => one(entity, `${name} ${count}.${part}`)));
      await delay(sim.host("server").world, random.next() * THINK_MS);
    }
  };
  const asking = askers.map((one, index) => ask(one, `patient ${index}`));
  for (const freezesUntil = sim.now + FREEZES_MS; sim.now < freezesUntil;) {
    const host = hosts[Math.floor(random.next() * hosts.length)];
    if (host === undefined || !host.isUp) break;
    host.pause();
    clock.timer(server.keys.leaseTtlMs * (1.1 + random.next()), () => host.resume());
    await sim.advance(server.keys.leaseTtlMs * 2.2 + random.next() * 500);
  }
  server.faults.lostAnswers = random.next() * 0.4;
  await sim.advance(Math.max(0, endsAt - sim.now));
  server.faults.lostAnswers = 0;
  await sim.settle(Promise.all(asking), 120_000);
  sim.sometimes("all who waited were answered");
}
