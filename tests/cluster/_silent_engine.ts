/**
 * An engine that falls silent towards a host while that subscribes.
 *
 * @module
 */
import { type SimConnection, SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimWorld, World } from "../../actors/world/sim/mod.ts";

/** The connection of a host whose so many-th subscription is not answered, nor anything after it. */
export function silentConnection(
  sim: SimWorld,
  world: World,
  silentAt: number,
  fellSilent: (connection: SimConnection) => void = () => {},
): SimConnection {
  let begun = 0;
  const server = new SimEngineServer({
    world: sim.host("engine").world,
    leaseTtlMs: 1000,
    called: (_host, what) => {
      if (what !== "a subscription" || ++begun !== silentAt) return;
      connection.isCut = true;
      fellSilent(connection);
    },
  });
  const connection = server.connect(world);
  return connection;
}
