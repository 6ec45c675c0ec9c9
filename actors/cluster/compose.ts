/**
 * An engine, of what a driver brings.
 *
 * @module
 */
import type { World } from "../world/world.ts";
import type { Driver } from "./driver.ts";
import type { Engine } from "./engine.ts";
import { StoredJournal } from "./journal.ts";
import { StoredPlacement } from "./placement.ts";

/**
 * Makes an engine of what a driver brings. The journal and the placement of all engines are these.
 *
 * @example
 * ```ts
 * import { composeEngine, memoryDriver } from "@troupe/actors/cluster";
 * import { realWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const world = realWorld();
 * const driver = memoryDriver({ world });
 * // Two engines of one driver: two hosts of one cluster.
 * const [one, other] = [composeEngine(driver, world), composeEngine(driver, world)];
 * const entity = { type: "counter", id: "a" };
 * const { log } = await one.journal.open(entity, 1);
 * await log.append([{ events: ["added"] }]);
 * assertEquals((await other.journal.read(entity)).commits.at(-1)?.entries, [{ events: ["added"] }]);
 * ```
 */
export function composeEngine(driver: Driver, world: Pick<World, "clock" | "random">): Engine {
  return {
    name: driver.name,
    transport: driver.transport,
    journal: new StoredJournal(driver.records),
    placement: new StoredPlacement(driver.keys, world),
    get isConnected() {
      return driver.isConnected;
    },
    observeConnection: (changed) => driver.observeConnection(changed),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
}
