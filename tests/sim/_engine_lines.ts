/**
 * How the hosts of a simulated cluster reach its engine.
 *
 * @module
 */
import type { SimConnection, SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { delay } from "./_harness.ts";

/** The connections of hosts that die and come back. */
export class EngineLines {
  readonly #sim: SimWorld;
  readonly #server: SimEngineServer;
  readonly #byHost = new Map<SimHost, SimConnection>();

  constructor(sim: SimWorld, server: SimEngineServer) {
    this.#sim = sim;
    this.#server = server;
  }

  /** A new connection of a host: the one before is gone. */
  connect(host: SimHost): SimConnection {
    this.#byHost.get(host)?.drop();
    const connection = this.#server.connect(host.world);
    this.#byHost.set(host, connection);
    return connection;
  }

  /** Cuts one line after the other for a while, and tells the server of hosts that are down. */
  async cutAtRandom(forMs: number): Promise<void> {
    const { random } = this.#sim;
    const world = this.#sim.host("server").world;
    for (const endsAt = this.#sim.now + forMs; this.#sim.now < endsAt;) {
      await delay(world, random.next() * 3000);
      for (const [host, line] of this.#byHost) if (!host.isUp) line.drop();
      const lines = [...this.#byHost.values()];
      const line = lines[Math.floor(random.next() * lines.length)];
      if (line === undefined || random.next() < 0.5) continue;
      line.isCut = true;
      this.#sim.sometimes("a line was cut");
      await delay(world, random.next() * 2000);
      line.isCut = false;
    }
  }

  /** Nothing that is sent to a host or by it comes through for a while. */
  async cut(host: SimHost, forMs: number): Promise<void> {
    const line = this.#byHost.get(host);
    if (line === undefined) return;
    line.isCut = true;
    await this.#sim.advance(forMs);
    line.isCut = false;
  }

  /** All go through again. */
  mendAll(): void {
    for (const line of this.#byHost.values()) line.isCut = false;
  }
}
