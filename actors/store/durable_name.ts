/**
 * The name of a file that was found.
 *
 * @module
 */
import { dirname, type Disk, WorldError } from "../world/world.ts";

/**
 * Makes the name of a file that is there durable, before what it holds is relied upon: whoever made it, or
 * put it in place of another, may have died before its name was on the disk, and a power cut would take away
 * what was read.
 *
 * Rejects with a `WorldError` when the disk does, `not-found` when there is no such file.
 *
 * @example What stands in a file is relied upon
 * ```ts
 * import { makeNameDurable } from "@troupe/actors/store";
 * import { realWorld } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const { disk } = realWorld();
 * const path = `${await Deno.makeTempDir({ dir: ".tmp" })}/vote`;
 * await Deno.writeTextFile(path, "Node 3");
 * await makeNameDurable(disk, path);
 * assertEquals(new TextDecoder().decode(await disk.readFile(path)), "Node 3");
 * ```
 */
export async function makeNameDurable(disk: Disk, path: string): Promise<void> {
  try {
    await disk.syncDirectory(dirname(await disk.realPath(path)));
  } catch (error) {
    // Who may not read the directory puts nothing in place there either.
    if (!(error instanceof WorldError && error.kind === "permission-denied")) throw error;
  }
}
