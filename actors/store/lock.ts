/**
 * One process owns its data.
 *
 * @module
 */
import { basename, type Disk, type DiskLock, sibling, WorldError } from "../world/world.ts";
import { realPathOf } from "./_real_path.ts";

/** The hidden name that stands for a file. */
const LOCK_NAME = /^\.(.+)\.lock$/;

/**
 * Locks directories, and hidden names beside files, until they are all released, or the process ends, however
 * it may. Rejects with a `WorldError` of the kind `in-use` when another process has one of them; then none is
 * locked.
 *
 * @example
 * ```ts
 * import { lockNames } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertRejects } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { disk } = sim.host("a").world;
 * await sim.settle(disk.makeDirectory("/data"));
 * const lock = await sim.settle(lockNames(disk, ["/data/.lock"]));
 * await assertRejects(() => sim.settle(lockNames(disk, ["/data/.lock"])), Error, "another process has it");
 * lock.release();
 * ```
 */
export async function lockNames(disk: Disk, names: Iterable<string>): Promise<DiskLock> {
  const locks: DiskLock[] = [];
  const release = () => {
    for (const lock of locks) lock.release();
  };
  try {
    for (const name of names) {
      const lock = await disk.lock(name);
      if (lock === undefined) {
        const [, file] = LOCK_NAME.exec(basename(name)) ?? [];
        const what = file === undefined ? name : sibling(name, file);
        throw new WorldError("in-use", `Cannot use ${what}: another process has it`);
      }
      locks.push(lock);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

/**
 * Locks a file that is replaced whole, by a hidden name beside it: `.NAME.lock`. Links that lead to the same
 * file are the same. Rejects as {@linkcode lockNames}.
 *
 * @example
 * ```ts
 * import { lockFile } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertRejects } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { disk } = sim.host("a").world;
 * await sim.settle(lockFile(disk, "notes.txt"));
 * await sim.settle(assertRejects(() => lockFile(disk, "notes.txt"))); // somebody has it already
 * ```
 */
export async function lockFile(disk: Disk, path: string): Promise<DiskLock> {
  const real = await realPathOf(disk, path);
  return await lockNames(disk, [sibling(real, `.${basename(real)}.lock`)]);
}
