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
  /** What others have in its place by now, and behind that. */
  #others: Intent[] = [];
  /** What of that is still to be written there. */
  #moving: Intent | undefined;
  /** It is out of the file: what is missing is the sync. */
  #isOut = false;

  get isEmpty(): boolean {
    return this.#own === undefined;
  }

  /** @param size bytes that the file had right after the failure; undefined where nobody could tell */
  add(own: Intent, size: number | undefined): void {
    this.clear();
    this.#own = own;
    this.#length = size && Math.max(0, Math.min(size - own.offset, own.bytes.length));
  }

  clear(): void {
    this.#own = this.#moving = undefined;
    this.#others = [];
    this.#isOut = false;
  }

  /**
   * Takes it out of the file, and nothing that others have written: what they have put behind it moves up.
   * Rejects as the file does; then it can be asked for again.
   *
   * @param keep called before the sync, which may lose what stands before this place
   */
  async takeBack(owned: OwnedFile, keep: (before: number) => Promise<void>): Promise<void> {
    if (this.#own === undefined) return;
    const { file } = owned;
    if (this.#moving !== undefined) await this.#move(file, this.#moving);
    // A sync has failed since, and may have lost it.
    for (const kept of this.#others) await putBack(owned, kept);
    if (!this.#isOut) await this.#takeOut(file, this.#own);
    await this.#keepBehind(file);
    await keep(this.#others[0]?.offset ?? this.#own.offset);
    // Or a power cut could bring it back, when the journal already speaks of the next record.
    await file.sync();
    this.clear();
  }

  async #takeOut(file: DiskFile, { offset, bytes }: Intent): Promise<void> {
    const length = this.#length ??= Math.max(0, await file.size() - offset);
    const tail = await readFully(file, offset, offset + length + MAX_OTHERS_BYTES + 1);
    const others = tail.subarray(length);
    const isOurs = length > 0 && tail.length >= length && couldBePart(tail.subarray(0, length), bytes);
    this.#isOut = !isOurs || others.length > MAX_OTHERS_BYTES;
    if (this.#isOut) return;
    if (others.length === 0) await file.truncate(offset);
    else await this.#moveUp(file, { offset, bytes: bytes[0] === LF ? endedBefore(others) : others }, tail);
    this.#isOut = true;
  }

  /** What others have written comes first; what is left over from then on is what stands behind it. */
  async #moveUp(file: DiskFile, others: Intent, tail: Uint8Array): Promise<void> {
    const { offset, bytes: { length } } = others;
    this.#others.push(others);
    this.#own = { offset: offset + length, bytes: tail.subarray(length) };
    this.#length = this.#own.bytes.length;
    await this.#move(file, others);
    await file.truncate(offset + length);
  }

  async #move(file: DiskFile, others: Intent): Promise<void> {
    this.#moving = others;
    await file.write(others.bytes, others.offset);
    this.#moving = undefined;
  }

  /** What has come since is not to be lost, either. */
  async #keepBehind(file: DiskFile): Promise<void> {
    const last = this.#others.at(-1);
    const end = last === undefined ? this.#own?.offset ?? 0 : last.offset + last.bytes.length;
    const bytes = await readFully(file, end, end + MAX_OTHERS_BYTES);
    if (bytes.length > 0) this.#others.push({ offset: end, bytes });
  }
}

/** Behind the end of a line that had none before. */
function endedBefore(others: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(others.length + 1);
  bytes[0] = LF;
  bytes.set(others, 1);
  return bytes;
}

/** Where there are zeros in its place, the system has lost it; what else stands there is somebody's. */
async function putBack(owned: OwnedFile, kept: Intent): Promise<void> {
  await writeAgain(owned, kept.offset, kept.offset + kept.bytes.length, { kept });
}
