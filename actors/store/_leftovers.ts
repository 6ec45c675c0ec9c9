import type { DiskFile } from "../world/world.ts";
import { LF, readFully } from "./_scan.ts";
import { couldBePart, type Intent } from "./_torn_tail.ts";

/** So much that others have put behind it is moved into its place. */
const MAX_OTHERS_BYTES = 1 << 20;

/** What a write that failed may have left at the end of a file. */
export class Leftovers {
  #own: Intent | undefined;
  /** So many bytes of it were there right after the failure; undefined where nobody could tell. */
  #length: number | undefined;

  get isEmpty(): boolean {
    return this.#own === undefined;
  }

  /** @param size bytes that the file had right after the failure; undefined where nobody could tell */
  add(own: Intent, size: number | undefined): void {
    this.#own = own;
    this.#length = size && Math.max(0, Math.min(size - own.offset, own.bytes.length));
  }

  clear(): void {
    this.#own = undefined;
  }

  /**
   * Takes it out of the file, and nothing that others have written: what they have put behind it moves up.
   * Rejects as the file does; then it can be asked for again.
   *
   * @param keep told, before the sync, what others have written there: a sync that fails may lose it
   */
  async takeBack(file: DiskFile, keep: (others: Intent) => Promise<void>): Promise<void> {
    if (this.#own === undefined) return;
    const { offset, bytes } = this.#own;
    const length = this.#length ??= Math.max(0, await file.size() - offset);
    const tail = await readFully(file, offset, offset + length + MAX_OTHERS_BYTES + 1);
    const others = tail.subarray(length);
    const isOurs = length > 0 && tail.length >= length && couldBePart(tail.subarray(0, length), bytes);
    if (isOurs && others.length <= MAX_OTHERS_BYTES) {
      // Behind the end of a line that had none before.
      const at = others.length > 0 && tail[0] === LF ? offset + 1 : offset;
      if (others.length > 0) await file.write(others, at);
      await file.truncate(at + others.length);
      await keep({ offset: at, bytes: others });
    } else {
      await keep({ offset, bytes: tail });
    }
    // Or a power cut could bring it back, when the journal already speaks of the next record.
    await file.sync();
    this.clear();
  }
}
