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
 *
 * @example
 * ```ts
 * import { setAside, setFileAside } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals, assertMatch } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { world, disk } = sim.host("a");
 * disk.write("notes.txt", "not what was written");
 * const name = await sim.settle(setFileAside(world.disk, "notes.txt", world.clock));
 * assertMatch(name, /^notes\.txt\.damaged-/);
 * assertEquals(disk.readText(name), "not what was written");
 * const part = await sim.settle(setAside(world.disk, "notes.txt", Uint8Array.of(0, 1), world.clock));
 * assertEquals(disk.read(part), Uint8Array.of(0, 1));
 * ```
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
