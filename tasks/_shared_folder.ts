/**
 * What must not stand in a directory that is shared with everybody.
 *
 * @module
 */
import { basename, dirname, type Disk, isNotFound } from "../actors/world/world.ts";
import { UsageError } from "./_flags.ts";

/**
 * Refuses a file that is, or would be made, within a directory whose files are listed and handed out: by
 * their real paths, so that links and `..` change nothing.
 *
 * @throws {UsageError} that names the flag
 */
export async function refuseShared(disk: Disk, folder: string, flag: string, file: string): Promise<void> {
  const shared = await realPlace(disk, folder);
  const within = shared === "/" ? shared : `${shared}/`;
  // The name itself is listed, and what it leads to is what must not be read.
  for (const place of [await realPlace(disk, file), await placeOfName(disk, file)]) {
    if (!place.startsWith(within)) continue;
    throw new UsageError(
      `${flag} ${file} is in the folder ${folder}, whose files are shared with everybody: put it elsewhere`,
    );
  }
}

/** Where a path leads, or would lead once all of it is there. */
async function realPlace(disk: Disk, path: string): Promise<string> {
  try {
    return await disk.realPath(path);
  } catch (error) {
    if (isNotFound(error) && dirname(path) !== path) return await placeOfName(disk, path);
    // Who may not look there has no shared directory there; what else is wrong, its reader says.
    return path;
  }
}

/** Where the last name of a path stands, without following it. */
async function placeOfName(disk: Disk, path: string): Promise<string> {
  const above = await realPlace(disk, dirname(path));
  return `${above === "/" ? "" : above}/${basename(path)}`;
}
