/**
 * Directories in which others name what is made.
 *
 * @module
 */
import { type Disk, WorldError } from "../world/world.ts";

/**
 * Makes `names`, each below the one before, in a directory that is there; those that are there are fine. One
 * of them that is a link is refused before anything is made where it leads. Those in `made` were made before,
 * and are passed over.
 */
export async function makeDirectories(
  disk: Disk,
  directory: string,
  names: readonly string[],
  made: Set<string> = new Set(),
): Promise<void> {
  if (made.has([directory, ...names].join("/"))) return;
  let [path, real] = [directory, await disk.realPath(directory)];
  for (const name of names) {
    path = `${path}/${name}`;
    real = `${real}/${name}`;
    if (made.has(path)) continue;
    await makeOne(disk, path);
    // A link that leads nowhere has no real path.
    const found = await disk.realPath(path).catch(() => undefined);
    if (found !== real) throw new WorldError("not-a-file", `Cannot write below ${path}: it is a link`);
    made.add(path);
  }
}

async function makeOne(disk: Disk, path: string): Promise<void> {
  try {
    await disk.makeDirectory(path);
  } catch (error) {
    if (!(error instanceof WorldError) || error.kind !== "already-exists") throw error;
  }
}
