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

/** Makes an engine of what a driver brings. The journal and the placement of all engines are these. */
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
