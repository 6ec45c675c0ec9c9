/**
 * Files that are replaced whole or not at all.
 *
 * @module
 */
import { basename, dirname, type Disk, type PathOptions, type Replacement } from "../world/world.ts";
import { closeQuietly } from "../world/_close_quietly.ts";
import { realPathOf } from "./_real_path.ts";

/** What a file is to hold, whole or in parts that are made one by one. */
export type FileContent = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Replaces a file, or makes it, as {@linkcode writeAtomic} does, but for the last step: it is durable once
 * {@linkcode Disk.syncDirectory} of its directory has been done after it. For those who share that step:
 * {@linkcode DirectorySync}.
 *
 * Resolves with the path of the file that was replaced: the one that was given or, where that is a link, what
 * it leads to. Rejects with a `WorldError` when the disk does, or with what `approve` throws; the file is
 * then as it was, and nothing is left beside it.
 */
export async function replaceFile(
  disk: Disk,
  path: string,
  content: FileContent,
  options?: PathOptions,
  approve?: ApproveReplacement,
): Promise<string> {
  const { file, target } = await replaceAndKeepOpen(disk, path, content, options, approve);
  closeQuietly(file);
  return target;
}

/**
 * Called when all is written to a file that is still called `temporary`, the moment before it gets its name.
 * What it throws is thrown, and the file that has the name stays as it was.
 */
export type ApproveReplacement = (temporary: string) => void | Promise<void>;

/**
 * As {@linkcode replaceFile}, with the new file still open, and locked since before it had its name.
 *
 * @example
 * ```ts
 * import { replaceAndKeepOpen } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { disk } = sim.host("a").world;
 * const { file } = await sim.settle(replaceAndKeepOpen(disk, "log.txt", new TextEncoder().encode("one\n")));
 * await sim.settle(file.write(new TextEncoder().encode("two\n"), 4)); // it is still ours
 * file.close();
 * assertEquals(sim.host("a").disk.readText("log.txt"), "one\ntwo\n");
 * ```
 */
export async function replaceAndKeepOpen(
  disk: Disk,
  path: string,
  content: FileContent,
  options?: PathOptions,
  approve?: ApproveReplacement,
): Promise<Replacement> {
  const replacement = await disk.createReplacement(path, options);
  const { path: temporary, target, file } = replacement;
  try {
    // So that nobody takes it for one that a crash has left.
    await file.tryLock();
    let offset = 0;
    for await (const part of content instanceof Uint8Array ? [content] : content) {
      await file.write(part, offset);
      offset += part.length;
    }
    await file.sync();
    if (approve === undefined) await disk.rename(temporary, target);
    else await approveAndRename(disk, temporary, target, approve);
    return replacement;
  } catch (error) {
    closeQuietly(file);
    // When the disk is in such a state that the remains stay, `removeTemporaries` finds them at the next
    // start.
    await disk.remove(temporary).catch(() => {});
    throw error;
  }
}

/** What was approved a moment ago must still hold: where the world can, nothing comes between the two. */
async function approveAndRename(
  disk: Disk,
  temporary: string,
  target: string,
  approve: ApproveReplacement,
): Promise<void> {
  await approve(temporary);
  if (disk.renameNow === undefined) await disk.rename(temporary, target);
  else disk.renameNow(temporary, target);
}

/**
 * Replaces a file, or makes it: after a crash at any moment it is the old one or the new one, and once this
 * has resolved it is the new one. Content may be given in parts, made one by one. The file keeps its mode and
 * its owner and, where its name is a link, the link: what that leads to is replaced.
 *
 * Rejects with a `WorldError` when the disk does; the file is then as it was.
 *
 * @example
 * ```ts
 * import { writeAtomic } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("a");
 * host.disk.write("/notes.txt", "old");
 * host.disk.setMode("/notes.txt", 0o600);
 * await sim.settle(writeAtomic(host.world.disk, "/notes.txt", new TextEncoder().encode("all of it")));
 * assertEquals(host.disk.readText("/notes.txt"), "all of it");
 * assertEquals(host.disk.mode("/notes.txt"), 0o600);
 * ```
 */
export async function writeAtomic(
  disk: Disk,
  path: string,
  content: FileContent,
  options?: PathOptions,
): Promise<void> {
  await disk.syncDirectory(dirname(await replaceFile(disk, path, content, options)));
}

/** The name under which the new content of a file waits, and the same as earlier versions had it. */
const TEMPORARY = /^\.(.+?)(\.[0-9a-f]{1,8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\.[0-9a-f]{1,8})?\.tmp$/;

/**
 * Removes what a crash has left of files that were being replaced: of those whose name `isOurs`. One that
 * another process is writing stays. Says how many.
 *
 * @example
 * ```ts
 * import { removeTemporaries, removeTemporariesOf, replaceFile } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { disk } = sim.host("a").world;
 * await sim.settle(replaceFile(disk, "list.txt", new TextEncoder().encode("one\n")));
 * // At the start, before anything else: nothing was under way here when the last process died.
 * assertEquals(await sim.settle(removeTemporaries(disk, ".", (name) => name.endsWith(".txt"))), 0);
 * await sim.settle(removeTemporariesOf(disk, "list.txt"));
 * assertEquals(sim.host("a").disk.readText("list.txt"), "one\n");
 * ```
 */
export async function removeTemporaries(
  disk: Disk,
  directory: string,
  isOurs: (name: string) => boolean,
): Promise<number> {
  let removed = 0;
  for (const { name, isDirectory } of await disk.list(directory)) {
    const original = TEMPORARY.exec(name)?.[1];
    if (isDirectory || original === undefined || !isOurs(original)) continue;
    const path = `${directory}/${name}`;
    if (await isInUse(disk, path)) continue;
    await disk.remove(path);
    removed++;
  }
  return removed;
}

/** Removes what a crash has left of one file that was being replaced. */
export async function removeTemporariesOf(disk: Disk, path: string): Promise<void> {
  const real = await realPathOf(disk, path);
  await removeTemporaries(disk, dirname(real), (name) => name === basename(real));
}

/** Whether another process writes the file. What is no file, or may not be opened, nobody writes. */
async function isInUse(disk: Disk, path: string): Promise<boolean> {
  try {
    const file = await disk.open(path, { write: true, followLink: false });
    try {
      return !await file.tryLock();
    } finally {
      file.close();
    }
  } catch {
    return false;
  }
}

/**
 * Makes the names in one directory durable, for many who ask at once: all that wait share one sync.
 *
 * @example
 * ```ts
 * import { DirectorySync } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("a");
 * for (const name of ["a", "b"]) host.disk.write(`/notes/${name}.new`, name);
 * const { disk } = host.world;
 * const names = new DirectorySync(disk, "/notes");
 * await sim.settle(Promise.all(["a", "b"].map(async (name) => {
 *   await disk.rename(`/notes/${name}.new`, `/notes/${name}`);
 *   await names.sync();
 * })));
 * const entries = await sim.settle(disk.list("/notes"));
 * assertEquals(entries.map(({ name }) => name).sort(), ["a", "b"]);
 * ```
 */
export class DirectorySync {
  readonly #disk: Disk;
  readonly #directory: string;
  #running: Promise<void> | undefined;
  /** Begins when the one that runs is over: that one may have looked at the directory already. */
  #next: Promise<void> | undefined;

  /** Takes a directory that it then owns. */
  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Resolves once every rename done before this call is durable. Rejects with a `WorldError`. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#run();
    return this.#next ??= this.#running.catch(() => {}).then(() => this.#run());
  }

  #run(): Promise<void> {
    this.#next = undefined;
    const running = this.#disk.syncDirectory(this.#directory).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return this.#running = running;
  }
}
