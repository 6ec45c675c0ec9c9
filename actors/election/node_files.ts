/**
 * What belongs to one process as long as it runs a node: the memory of its votes, and its folder.
 *
 * @module
 */
import type { Context } from "../runtime/mod.ts";
import { lockFile, lockNames } from "../store/mod.ts";
import { isNotFound, WorldError } from "../world/world.ts";

/**
 * Locks the memory, then the folder, until the actor stops. The folder is made when it is not there.
 *
 * Rejects with a `WorldError`: `in-use` when another process has one of them.
 */
export async function lockNodeFiles(self: Context<never>, memoryPath: string, folder: string): Promise<void> {
  const { disk } = self.world;
  // Two processes with one memory could vote twice in a term.
  const memory = await lockFile(disk, memoryPath);
  self.onStop(() => memory.release());
  await makeFolder(self, folder);
  // Two nodes with one folder would each offer what the other fetches, and log it as their own.
  const lock = await lockNames(disk, [folder]);
  self.onStop(() => lock.release());
}

async function makeFolder(self: Context<never>, path: string): Promise<void> {
  const { disk } = self.world;
  try {
    if (!(await disk.stat(path)).isFolder) {
      throw new WorldError("not-a-directory", `Cannot use ${path}: it is not a folder`);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await disk.makeFolder(path, { recursive: true });
    self.log.info(`Created folder ${path}`, { event: "folder-created" });
  }
}
