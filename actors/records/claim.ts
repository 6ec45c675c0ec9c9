/**
 * One process has the folders of a store, also when others have come in their place.
 *
 * @module
 */
import { lockNames } from "../store/lock.ts";
import type { Disk, DiskLock } from "../world/world.ts";
import type { StorePlaces } from "./recovery.ts";

/**
 * The lock on a store's folders. A lock is on the folder and not on its path: of one that is moved away, and
 * made anew, another process can have the new one. So {@linkcode Claim.hasMoved} is asked before each write.
 */
export class Claim {
  readonly #disk: Disk;
  readonly #folders: readonly string[];
  readonly #names: readonly string[];
  #lock: DiskLock | undefined;
  /** The folders that are locked. */
  #locked = "";

  private constructor(disk: Disk, { filesDirectory, recordDirectory, recordName }: StorePlaces) {
    this.#disk = disk;
    this.#folders = [filesDirectory, recordDirectory];
    this.#names = [filesDirectory, `${recordDirectory}/.${recordName}.lock`];
  }

  /** Locks the folders. Rejects with a `WorldError`: `in-use` when another process has one of them. */
  static async take(disk: Disk, places: StorePlaces): Promise<Claim> {
    const claim = new Claim(disk, places);
    await claim.renew();
    return claim;
  }

  /**
   * Whether other folders than those that are locked stand there now. Only where the disk tells at once, and
   * tells folders apart: the real one does.
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
      // First: one of the two folders may be the same as before.
      this.release();
      before = this.#identity();
      this.#lock = await lockNames(this.#disk, this.#names);
    } while (this.#identity() !== before);
    this.#locked = before ?? "";
  }

  /** Unlocks the folders. Twice is fine. */
  release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** Tells the folders from others of their names; undefined where it cannot be told. */
  #identity(): string | undefined {
    try {
      return this.#folders.map((folder) => this.#disk.statNow?.(folder).id ?? "").join(" ");
    } catch {
      // A folder that is not there takes no write either.
      return undefined;
    }
  }
}
