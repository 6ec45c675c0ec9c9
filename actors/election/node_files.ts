/**
 * What belongs to one process as long as it runs a node: the memory of its votes, and its directory.
 *
 * @module
 */
import type { Context } from "../runtime/mod.ts";
import { lockFile, lockNames } from "../store/mod.ts";
import { isNotFound, WorldError } from "../world/world.ts";

/**
 * Locks the memory, then the directory, until the actor stops. The directory is made when it is not there.
 *
 * Rejects with a `WorldError`: `in-use` when another process has one of them.
 */
export async function lockNodeFiles(
  self: Context<never>,
  memoryPath: string,
  directory: string,
): Promise<void> {
  const { disk } = self.world;
  // Two processes with one memory could vote twice in a term.
  const memory = await lockFile(disk, memoryPath);
  self.onStop(() => memory.release());
  await makeDirectory(self, directory);
  // Two nodes with one directory would each offer what the other fetches, and log it as their own.
  const lock = await lockNames(disk, [directory]);
  self.onStop(() => lock.release());
}

async function makeDirectory(self: Context<never>, path: string): Promise<void> {
  const { disk } = self.world;
  try {
    if (!(await disk.stat(path)).isDirectory) {
      throw new WorldError("not-a-directory", `Cannot use ${path}: it is not a folder`);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await disk.makeDirectory(path, { recursive: true });
    self.log.info(`Created folder ${path}`, { event: "folder-created" });
  }
}
