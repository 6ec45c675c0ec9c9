/**
 * Directories that go with all that is in them.
 *
 * @module
 */
import type { Disk } from "../world/world.ts";

/** Removes a directory with all that is in it. */
export async function removeTree(disk: Disk, path: string): Promise<void> {
  for (const entry of await disk.list(path)) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory) await removeTree(disk, inner);
    else await disk.remove(inner);
  }
  await disk.remove(path);
}
