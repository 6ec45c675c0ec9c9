/**
 * Damaged files are kept, so that nothing is lost that a person could still make out.
 *
 * @module
 */
import { type Clock, dirname, type Disk } from "../world/world.ts";
import { type FileContent, writeAtomic } from "./atomic_file.ts";
import { exists } from "./exists.ts";

/**
 * Keeps bytes that were found in a file and cannot be read in a new file, `PATH.damaged-TIME`, durably. Says
 * its name.
 *
 * @param clock tells the time; without one it is that of the file's last change
 */
export async function setAside(
  disk: Disk,
  path: string,
  content: FileContent,
  clock?: Clock,
): Promise<string> {
  const name = await freeName(disk, path, clock);
  await writeAtomic(disk, name, content, { followLink: false });
  return name;
}

/** Gives a whole file that cannot be read the name `PATH.damaged-TIME`, durably. Says it. */
export async function setFileAside(disk: Disk, path: string, clock?: Clock): Promise<string> {
  const name = await freeName(disk, path, clock);
  await disk.rename(path, name);
  await disk.syncDirectory(dirname(path));
  return name;
}

async function freeName(disk: Disk, path: string, clock: Clock | undefined): Promise<string> {
  const time = new Date(clock?.now() ?? (await disk.stat(path)).modifiedAtMs ?? 0).toISOString();
  const name = `${path}.damaged-${time.replace(/\.\d+|[-:]/g, "")}`;
  let free = name;
  for (let count = 2; await exists(disk, free); count++) free = `${name}-${count}`;
  return free;
}
