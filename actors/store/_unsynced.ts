import type { DiskFile } from "../world/world.ts";
import { readFully, SCAN_BYTES } from "./_scan.ts";
import type { Intent } from "./_torn_tail.ts";

/**
 * Bytes of the latest writes that are kept for a second try; older parts would be read from the file.
 */
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

  get isEmpty(): boolean {
    return this.#start === Infinity && !this.#hasDisowned;
  }

  /** Whether a sync failed since these were written. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Remembers a write. Writes come in the order of their offsets; the bytes are not changed after it. */
  add(part: Intent): void {
    if (part.bytes.length === 0) return;
    this.#start = Math.min(this.#start, part.offset);
    this.#parts.push(part);
    this.#keptBytes += part.bytes.length;
    while (this.#keptBytes > KEPT_BYTES && this.#parts.length > 1) {
      this.#keptBytes -= this.#parts.shift()?.bytes.length ?? 0;
    }
  }

  /** All is on the disk. */
  clear(): void {
    this.#parts = [];
    this.#keptBytes = 0;
    this.#start = Infinity;
    this.#isSuspect = false;
    this.#hasDisowned = false;
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

  /** Makes all of it durable. Rejects as the file does; then it is suspect, but for what is taken back. */
  async sync(file: DiskFile, takenBackFrom: number): Promise<void> {
    if (this.#hasDisowned) await this.#keepAll(file, takenBackFrom);
    try {
      await file.sync();
    } catch (error) {
      this.suspect(takenBackFrom);
      throw error;
    }
    this.clear();
  }

  /** A sync failed, and what was written from `length` on is taken back. */
  suspect(length = Infinity): void {
    while ((this.#parts.at(-1)?.offset ?? -1) >= length) {
      this.#keptBytes -= this.#parts.pop()?.bytes.length ?? 0;
    }
    if (this.#start >= length) this.#start = Infinity;
    this.#isSuspect = !this.isEmpty;
  }

  /**
   * Puts it back into a file that somebody else has changed since a sync failed: where there are zeros in its
   * place, the system has lost it. What else stands there is somebody's.
   */
  async restore(file: DiskFile): Promise<void> {
    for (const { bytes, offset } of this.#parts) {
      const found = await readFully(file, offset, offset + bytes.length);
      await file.write(found.map((byte, at) => byte === 0 ? bytes[at] ?? 0 : byte), offset);
    }
  }

  /** Writes all of it again, and all that stands before, where nobody knows what of that is on the disk. */
  async rewrite(file: DiskFile): Promise<void> {
    const start = this.#hasDisowned ? 0 : this.#start;
    await writeBack(file, start, this.#parts[0]?.offset ?? await file.size());
    for (const { bytes, offset } of this.#parts) await file.write(bytes, offset);
    this.#isSuspect = false;
  }

  /** Once the sync has failed, the file may not hold any more what others have written. */
  async #keepAll(file: DiskFile, length: number): Promise<void> {
    const own = this.#parts.filter(({ offset }) => offset >= length);
    const ownBytes = own.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const start = Math.max(0, length - Math.max(0, KEPT_BYTES - ownBytes));
    const others = { offset: start, bytes: await readFully(file, start, length) };
    this.#parts = [];
    this.#keptBytes = 0;
    for (const part of [others, ...own]) this.add(part);
  }
}

/** Writes what a file holds into it once more, piece by piece, and hands each piece to `seen`. */
export async function writeBack(
  file: DiskFile,
  start: number,
  end: number,
  seen: (bytes: Uint8Array) => void = () => {},
): Promise<void> {
  for (let at = start; at < end;) {
    const part = await readFully(file, at, Math.min(end, at + SCAN_BYTES));
    if (part.length === 0) return;
    seen(part);
    await file.write(part, at);
    at += part.length;
  }
}
