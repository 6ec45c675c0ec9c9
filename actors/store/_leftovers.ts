import type { DiskFile } from "../world/world.ts";
import type { OwnedFile } from "./_owned_file.ts";
import { LF, readFully } from "./_scan.ts";
import { couldBePart, type Intent } from "./_torn_tail.ts";
import { writeAgain } from "./_write_again.ts";

/** So much that others have put behind it is moved into its place. */
const MAX_OTHERS_BYTES = 1 << 20;

/** What a write that failed may have left at the end of a file. */
export class Leftovers {
  #own: Intent | undefined;
  /** So many bytes of it were there right after the failure; undefined where nobody could tell. */
  #length: number | undefined;
  /** What others have in its place by now. */
  #others: Intent[] = [];
  /** It is out of the file: what is missing is the sync. */
  #isOut = false;

  get isEmpty(): boolean {
    return this.#own === undefined;
  }

  /** @param size bytes that the file had right after the failure; undefined where nobody could tell */
  add(own: Intent, size: number | undefined): void {
    this.#own = own;
    this.#length = size && Math.max(0, Math.min(size - own.offset, own.bytes.length));
    this.#others = [];
    this.#isOut = false;
  }

  clear(): void {
    this.#own = undefined;
    this.#others = [];
  }

  /**
   * Takes it out of the file, and nothing that others have written: what they have put behind it moves up.
   * Rejects as the file does; then it can be asked for again.
   *
   * @param keep called before the sync, which may lose what stands before this place
   */
  async takeBack(owned: OwnedFile, keep: (before: number) => Promise<void>): Promise<void> {
    if (this.#own === undefined) return;
    // A sync has failed since, and may have lost it.
    for (const kept of this.#others) await putBack(owned, kept);
    if (!this.#isOut) await this.#takeOut(owned.file, this.#own);
    await keep(this.#others[0]?.offset ?? this.#own.offset);
    // Or a power cut could bring it back, when the journal already speaks of the next record.
    await owned.file.sync();
    this.clear();
  }

  async #takeOut(file: DiskFile, { offset, bytes }: Intent): Promise<void> {
    const length = this.#length ??= Math.max(0, await file.size() - offset);
    const tail = await readFully(file, offset, offset + length + MAX_OTHERS_BYTES + 1);
    const others = tail.subarray(length);
    const isOurs = length > 0 && tail.length >= length && couldBePart(tail.subarray(0, length), bytes);
    if (isOurs && others.length <= MAX_OTHERS_BYTES) {
      // Behind the end of a line that had none before.
      const at = others.length > 0 && tail[0] === LF ? offset + 1 : offset;
      if (others.length > 0) {
        await this.#moveUp(file, { offset: at, bytes: others }, tail.subarray(at - offset));
      }
      await file.truncate(at + others.length);
    } else {
      this.#others.push({ offset, bytes: tail });
    }
    this.#isOut = true;
  }

  /** What others have written comes first; what is left over from then on is what stands behind it. */
  async #moveUp(file: DiskFile, others: Intent, tail: Uint8Array): Promise<void> {
    await file.write(others.bytes, others.offset);
    const { length } = others.bytes;
    this.#others.push(others);
    this.#own = { offset: others.offset + length, bytes: tail.subarray(length) };
    this.#length = this.#own.bytes.length;
  }
}

/** Where there are zeros in its place, the system has lost it; what else stands there is somebody's. */
async function putBack(owned: OwnedFile, kept: Intent): Promise<void> {
  await writeAgain(owned, kept.offset, kept.offset + kept.bytes.length, { kept });
}
