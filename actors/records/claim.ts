/**
 * One process has the directories of a store, also when others have come in their place.
 *
 * @module
 */
import { lockNames } from "../store/lock.ts";
import type { Disk, DiskLock } from "../world/world.ts";
import type { StorePlaces } from "./recovery.ts";

/**
 * The lock on a store's directories. A lock is on the directory and not on its path: of one that is moved
 * away, and made anew, another process can have the new one. So {@linkcode Claim.hasMoved} is asked before
 * each write.
 */
export class Claim {
  readonly #disk: Disk;
  readonly #directories: readonly string[];
  readonly #names: readonly string[];
  #lock: DiskLock | undefined;
  /** The directories that are locked. */
  #locked = "";

  private constructor(disk: Disk, { filesDirectory, recordDirectory, recordName }: StorePlaces) {
    this.#disk = disk;
    this.#directories = [filesDirectory, recordDirectory];
    this.#names = [filesDirectory, `${recordDirectory}/.${recordName}.lock`];
  }

  /** Locks the directories. Rejects with a `WorldError`: `in-use` when another process has one of them. */
  static async take(disk: Disk, places: StorePlaces): Promise<Claim> {
    const claim = new Claim(disk, places);
    await claim.renew();
    return claim;
  }

  /**
   * Whether other directories than those that are locked stand there now. Only where the disk tells at once,
   * and tells directories apart: the real one does.
   */
  get hasMoved(): boolean {
    if (this.#lock === undefined) return true;
    const now = this.#identity();
    return now !== undefined && now !== this.#locked;
  }

  /** Locks what stands there now. Rejects as {@linkcode Claim.take}; then nothing is locked. */
  async renew(): Promise<void> {
    let before: string | undefined;
    do {
      // First: one of the two directories may be the same as before.
      this.release();
      before = this.#identity();
      this.#lock = await lockNames(this.#disk, this.#names);
    } while (this.#identity() !== before);
    this.#locked = before ?? "";
  }

  /** Unlocks the directories. Twice is fine. */
  release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** Tells the directories from others of their names; undefined where it cannot be told. */
  #identity(): string | undefined {
    try {
      return this.#directories.map((directory) => this.#disk.statNow?.(directory).id ?? "").join(" ");
    } catch {
      // A directory that is not there takes no write either.
      return undefined;
    }
  }
}
