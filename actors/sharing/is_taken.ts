/**
 * Whether a name is taken.
 *
 * @module
 */
import { type Disk, isNotFound } from "../world/world.ts";

/** Whether something has this name in a directory; a link that leads nowhere has it, too. */
export async function isTaken(disk: Pick<Disk, "list">, directory: string, name: string): Promise<boolean> {
  try {
    return (await disk.list(directory)).some((entry) => entry.name === name);
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
