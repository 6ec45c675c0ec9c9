/**
 * Locks on names, by files that are locked.
 *
 * @module
 */
import type { DiskLock } from "../disk.ts";
import { openRegular } from "./regular_file.ts";

/**
 * Locks a name (flock of a file of that name); undefined when another has it. The file goes when the lock is released;
 * one that a killed process has left is taken over.
 */
export async function lockName(path: string): Promise<DiskLock | undefined> {
  while (true) {
    const file = await openRegular(path, `lock ${path}`, { write: true, create: true, followLink: false });
    // A file system that has no locks cannot tell.
    const isLocked = await file.tryLock(true).catch(() => true);
    if (!isLocked) {
      file.close();
      return undefined;
    }
    // Whoever had it may have removed the file since it was opened.
    if (isOwnName(path, file)) return new FileLock(path, file);
    file.close();
  }
}

function isOwnName(path: string, file: Deno.FsFile): boolean {
  try {
    const [named, own] = [Deno.lstatSync(path), file.statSync()];
    return named.ino === own.ino && named.dev === own.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

class FileLock implements DiskLock {
  readonly #path: string;
  #file: Deno.FsFile | undefined;

  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  release(): void {
    if (this.#file === undefined) return;
    try {
      // Before it is unlocked: the next one's file must not be removed.
      if (isOwnName(this.#path, this.#file)) Deno.removeSync(this.#path);
    } catch {
      // An empty file that stays is taken over by the next lock.
    }
    this.#file.close();
    this.#file = undefined;
  }
}
