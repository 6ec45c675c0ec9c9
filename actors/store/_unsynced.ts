import type { DiskFile } from "../world/world.ts";
import type { OwnedFile } from "./_owned_file.ts";
import { readFully } from "./_scan.ts";
import type { Intent } from "./_torn_tail.ts";
import { writeAgain } from "./_write_again.ts";

/** More than this is not left unsynced; and of what others have written, so much of the end is kept. */
const KEPT_BYTES = 8 << 20;

/**
 * What was written into a file since its last sync.
 *
 * After a sync that failed nobody knows what of it is on the disk, and the next sync may succeed without it:
 * a system that could not write a page may forget that it has changed (PostgreSQL, "fsync errors", 2018). So
 * it is written again before a later sync counts.
 */
export class UnsyncedWrites {
  #parts: Intent[] = [];
  #keptBytes = 0;
  /** Where the first write since the last sync began; Infinity when there is none. */
  #start = Infinity;
  #isSuspect = false;
  /** Some of it was written before somebody else wrote the file anew. */
  #hasDisowned = false;
  /** Also what others had written by then is kept. */
  #keepsAll = false;

  get isEmpty(): boolean {
    return this.#start === Infinity && !this.#hasDisowned;
  }

  /** How much of a file of this length is on the disk. */
  syncedLength(length: number): number {
    return this.#hasDisowned ? 0 : Math.min(this.#start, length);
  }

  /** Whether a sync failed since these were written. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Remembers a write. Writes come in the order of their offsets; the bytes are not changed after it. */
  add(part: Intent): void {
    if (part.bytes.length === 0) return;
    // What others had put there, before a commit that failed, they may have changed since.
    this.#forgetFrom(part.offset);
    this.#start = Math.min(this.#start, part.offset);
    this.#parts.push(part);
    this.#keptBytes += part.bytes.length;
  }

  /** Whether it is so much that it has to be synced before more is written: all of it is kept for that. */
  get isFull(): boolean {
    return this.#keptBytes > KEPT_BYTES;
  }

  /** All is on the disk. */
  clear(): void {
    this.#parts = [];
    this.#keptBytes = 0;
    this.#start = Infinity;
    this.#isSuspect = false;
    this.#hasDisowned = this.#keepsAll = false;
  }

  /**
   * Somebody else has written the file anew: nobody knows where in it this stands, nor whether any of it is
   * on the disk.
   */
  disown(): void {
    const isSuspect = this.#isSuspect;
    this.clear();
    this.#hasDisowned = true;
    this.#isSuspect = isSuspect;
  }

  /**
   * To be called before any other sync of the file: what stands before a place is not to be lost if it fails.
   * Once one has failed, what was kept before it is better than what is read.
   */
  async keepBefore(file: DiskFile, length: number): Promise<void> {
    if (this.#hasDisowned && !this.#keepsAll) await this.#keepAll(file, length);
  }

  /** Makes all of it durable. Rejects as the file does; then it is suspect, but for what is taken back. */
  async sync(file: DiskFile, takenBackFrom: number): Promise<void> {
    try {
      if (this.#hasDisowned) await this.#keepAll(file, takenBackFrom);
      await file.sync();
    } catch (error) {
      this.suspect(takenBackFrom);
      throw error;
    }
    this.clear();
  }

  /** A sync failed, and what was written from `length` on is taken back. */
  suspect(length = Infinity): void {
    this.#forgetFrom(length);
    if (this.#start >= length) this.#start = Infinity;
    this.#isSuspect = !this.isEmpty;
  }

  #forgetFrom(offset: number): void {
    while ((this.#parts.at(-1)?.offset ?? -1) >= offset) {
      this.#keptBytes -= this.#parts.pop()?.bytes.length ?? 0;
    }
  }

  /**
   * Puts it back into a file that somebody else has changed since a sync failed: where there are zeros in its
   * place, the system has lost it. What else stands there is somebody's.
   */
  async restore(owned: OwnedFile): Promise<void> {
    for (const kept of this.#parts) {
      await writeAgain(owned, kept.offset, kept.offset + kept.bytes.length, { kept });
    }
  }

  /** Writes all of it again, and all that stands before, where nobody knows what of that is on the disk. */
  async rewrite(owned: OwnedFile): Promise<void> {
    const end = this.#parts[0]?.offset ?? await owned.file.size();
    await writeAgain(owned, this.syncedLength(end), end);
    await this.restore(owned);
    this.#isSuspect = false;
  }

  /** Once the sync has failed, the file may not hold any more what others have written. */
  async #keepAll(file: DiskFile, length: number): Promise<void> {
    const start = Math.max(0, length - KEPT_BYTES);
    const bytes = await readFully(file, start, length);
    // What comes behind it is taken back if the sync fails.
    this.#parts = [];
    this.#keptBytes = 0;
    this.add({ offset: start, bytes });
    this.#keepsAll = true;
  }
}
