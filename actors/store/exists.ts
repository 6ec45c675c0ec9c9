/**
 * Whether something has a name already.
 *
 * @module
 */
import { type Disk, isNotFound } from "../world/world.ts";

/**
 * Whether something stands at a path, whatever it is. Rejects with the `WorldError` of a path that cannot be
 * looked at.
 *
 * @example
 * ```ts
 * import { exists } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { disk } = sim.host("a").world;
 * assertEquals(await sim.settle(exists(disk, "/nothing")), false);
 * sim.close();
 * ```
 */
export async function exists(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.stat(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
