/**
 * Locks on names, by files and directories that are locked.
 *
 * @module
 */
import { orClose } from "../_close_quietly.ts";
import type { DiskLock } from "../disk.ts";
import { kindOf } from "./error.ts";
import type { Files, OpenedFile } from "./files.ts";
import { findPlace } from "./place.ts";
import { openRegular } from "./regular_file.ts";

/**
 * Locks a name; undefined when another has it. A directory is locked itself (flock). Otherwise a file of that
 * name is made and locked, which goes when the lock is released; one that a killed process has left is taken
 * over.
 */
export async function lockName(files: Files, path: string): Promise<DiskLock | undefined> {
  const doing = `lock ${path}`;
  if (findPlace(files, path, doing).info?.isDirectory) {
    const directory = await locked(await files.open(path, { read: true }));
    return directory && new FileLock(files, path, directory, false);
  }
  while (true) {
    const options = { write: true, create: true, followLink: false };
    const file = await locked(await openRegular(files, path, doing, options));
    if (file === undefined) return undefined;
    // Whoever had it may have removed the file since it was opened.
    if (await orClose(file, () => isOwnName(files, path, file))) {
      return new FileLock(files, path, file, true);
    }
    file.close();
  }
}

/** The file, locked; undefined, and closed, when another has the lock. */
async function locked(file: OpenedFile): Promise<OpenedFile | undefined> {
  // A file system that has no locks cannot tell.
  if (await file.tryLock(true).catch(() => true)) return file;
  file.close();
  return undefined;
}

function isOwnName(files: Files, path: string, file: OpenedFile): boolean {
  try {
    const [named, own] = [files.lstatSync(path), file.statSync()];
    return named.ino === own.ino && named.dev === own.dev;
  } catch (error) {
    if (kindOf(error) === "not-found") return false;
    throw error;
  }
}

class FileLock implements DiskLock {
  readonly #files: Files;
  readonly #path: string;
  #file: OpenedFile | undefined;

  readonly #isOurs: boolean;

  /** @param isOurs whether the file stands there for the lock alone */
  constructor(files: Files, path: string, file: OpenedFile, isOurs: boolean) {
    this.#files = files;
    this.#path = path;
    this.#file = file;
    this.#isOurs = isOurs;
  }

  release(): void {
    if (this.#file === undefined) return;
    try {
      // Before it is unlocked: the next one's file must not be removed.
      if (this.#isOurs && isOwnName(this.#files, this.#path, this.#file)) this.#files.removeSync(this.#path);
    } catch {
      // An empty file that stays is taken over by the next lock.
    }
    this.#file.close();
    this.#file = undefined;
  }
}
