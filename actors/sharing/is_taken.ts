/**
 * Whether a name is taken.
 *
 * @module
 */
import { type Disk, isNotFound } from "../world/world.ts";

/**
 * Whether something has this name in a directory, or one that the file system takes for the same; a link that
 * leads nowhere has it, too.
 */
export async function isTaken(
  disk: Pick<Disk, "list" | "stat">,
  directory: string,
  name: string,
): Promise<boolean> {
  try {
    if ((await disk.list(directory)).some((entry) => entry.name === name)) return true;
    await disk.stat(`${directory}/${name}`);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
