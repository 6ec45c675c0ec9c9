/**
 * Files that are replaced whole or not at all.
 *
 * @module
 */
import type { Disk } from "../world/world.ts";
import { folderOf } from "./_torn_tail.ts";

/**
 * Replaces a file, or makes it, as {@linkcode writeAtomic} does, but for the last step: it is durable once
 * {@linkcode Disk.syncFolder} of its folder has been done after it. For those who share that step: {@linkcode FolderSync}.
 *
 * Rejects with a `WorldError` when the disk does; the file is then as it was, and nothing is left beside it.
 */
export async function replaceFile(
  disk: Disk,
  path: string,
  content: Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  // Who owns the file owns it alone: one name is enough.
  const temporary = `${folderOf(path)}/${temporaryName(nameOf(path))}`;
  try {
    const file = await disk.open(temporary, { read: false, write: true, create: true, truncate: true });
    try {
      let offset = 0;
      for (const part of content instanceof Uint8Array ? [content] : content) {
        await file.write(part, offset);
        offset += part.length;
      }
      await file.sync();
    } finally {
      file.close();
    }
    await disk.rename(temporary, path);
  } catch (error) {
    // When the disk is in such a state that the remains stay, `removeTemporaries` finds them at the next start.
    await disk.remove(temporary).catch(() => {});
    throw error;
  }
}

/**
 * Replaces a file that the caller owns alone, or makes it: after a crash at any moment it is the old one or the new one, and once this has resolved
 * it is the new one. Content may be given in parts, made one by one.
 *
 * Rejects with a `WorldError` when the disk does; the file is then as it was.
 *
 * @example
 * ```ts
 * import { writeAtomic } from "@troupe/actors/store";
 * import type { Disk } from "@troupe/actors";
 *
 * async function save(disk: Disk): Promise<void> {
 *   await writeAtomic(disk, "notes/today.txt", new TextEncoder().encode("all of it\n"));
 * }
 * ```
 */
export async function writeAtomic(
  disk: Disk,
  path: string,
  content: Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  await replaceFile(disk, path, content);
  await disk.syncFolder(folderOf(path));
}

/** The name under which the new content of a file waits. */
function temporaryName(name: string): string {
  return `.${name}.tmp`;
}

/** Removes what a crash has left of files that were being replaced: of those whose name `isOurs`. Says how many. */
export async function removeTemporaries(
  disk: Disk,
  folder: string,
  isOurs: (name: string) => boolean,
): Promise<number> {
  let removed = 0;
  for (const { name, isFile } of await disk.list(folder)) {
    const original = /^\.(.+)\.tmp$/.exec(name)?.[1];
    if (!isFile || original === undefined || !isOurs(original)) continue;
    await disk.remove(`${folder}/${name}`);
    removed++;
  }
  return removed;
}

/**
 * Makes the names in one folder durable, for many who ask at once: all that wait share one sync.
 *
 * @example
 * ```ts
 * import { FolderSync } from "@troupe/actors/store";
 * import type { Disk } from "@troupe/actors";
 *
 * async function renameBoth(disk: Disk): Promise<void> {
 *   const names = new FolderSync(disk, "notes");
 *   await Promise.all(["a", "b"].map(async (name) => {
 *     await disk.rename(`notes/${name}.new`, `notes/${name}`);
 *     await names.sync();
 *   }));
 * }
 * ```
 */
export class FolderSync {
  readonly #disk: Disk;
  readonly #folder: string;
  #running: Promise<void> | undefined;
  /** Begins when the one that runs is over: that one may have looked at the folder already. */
  #next: Promise<void> | undefined;

  /** Takes a folder that it then owns. */
  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Resolves once every rename done before this call is durable. Rejects with a `WorldError`. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#run();
    return this.#next ??= this.#running.catch(() => {}).then(() => this.#run());
  }

  #run(): Promise<void> {
    this.#next = undefined;
    const running = this.#disk.syncFolder(this.#folder).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return this.#running = running;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
