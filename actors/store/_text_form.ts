import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { type Disk, type DiskFile, WorldError } from "../world/world.ts";
import type { ByteQueue } from "./_byte_queue.ts";
import { NOTHING, type OthersEdits, type RecordForm, type Recovered } from "./_form.ts";
import type { OwnedFile } from "./_owned_file.ts";
import { LF, readFully, scanLines } from "./_scan.ts";
import { type Intent, tornBytes, TornTailJournal } from "./_torn_tail.ts";
import { writeAgain } from "./_write_again.ts";

const PAGE_BYTES = 4096;
const LINE_END = Uint8Array.of(LF);
/** So many bytes of the end tell a file that somebody has added to from one that was edited elsewhere. */
const TAIL_BYTES = 256;

/** Records as the lines of a text that people read and edit. What they typed without an end is kept. */
export class TextForm implements RecordForm {
  readonly #journal: TornTailJournal;
  /** The last bytes of the file as it was left. */
  #tail: Uint8Array<ArrayBufferLike> = NOTHING;

  constructor(disk: Disk, path: string) {
    this.#journal = new TornTailJournal(disk, `${path}.journal`);
  }

  push(queue: ByteQueue, record: string | Uint8Array): void {
    if (typeof record === "string") queue.pushText(record);
    else queue.push(record);
    queue.pushByte(LF);
  }

  async recover(
    owned: OwnedFile,
    replay: ((record: Uint8Array) => void) | undefined,
  ): Promise<Recovered> {
    const { file, created } = owned;
    const size = await file.size();
    const journal = await this.#journal.read();
    const length = size - await tornBytesOf(file, size, journal?.intent);
    if (length < size) await file.truncate(length);
    const again = await writeTailAgain(owned, journal?.syncedLength ?? length, length);
    // A process that was killed may have left what it had not synced, also of a file that is empty now: it
    // counts from now on, and others will see it.
    if (size > 0 || !created) await file.sync();
    // Where it stays, a later process may have more luck.
    if (again.notWrittenAgain === undefined) await this.#journal.remove();
    if (replay) await scanLines(file, length, replay);
    await this.#readTail(file, length);
    return { length, cutBytes: size - length, ...again };
  }

  async findOthersEdits(owned: OwnedFile, length: number): Promise<OthersEdits> {
    const isSame = await owned.isSame(await owned.look());
    const size = await owned.file.size();
    // Else the tail is that of another file.
    const isOwn = isSame && !owned.isUnread;
    if (isOwn && size > length && await this.#isTailAt(owned.file, length)) {
      return { length, appended: await readFully(owned.file, length, size), replaced: false };
    }
    if (!isSame) await owned.reopen();
    const newLength = await owned.file.size();
    await this.#readTail(owned.file, newLength);
    return { length: newLength, appended: NOTHING, replaced: true };
  }

  async #readTail(file: DiskFile, length: number): Promise<void> {
    this.#tail = await readFully(file, Math.max(0, length - TAIL_BYTES), length);
  }

  /** Whether the file still has there what it was left with: else what follows is no addition to it. */
  async #isTailAt(file: DiskFile, length: number): Promise<boolean> {
    const tail = this.#tail;
    const found = await readFully(file, length - tail.length, length);
    return equalBytes(found, tail);
  }

  get isMidLine(): boolean {
    return isMidLineEnd(this.#tail);
  }

  lead(_start: number, appended: Uint8Array): Uint8Array {
    const isMidLine = appended.length > 0 ? appended.at(-1) !== LF : this.isMidLine;
    return isMidLine ? LINE_END : NOTHING;
  }

  written(start: number, bytes: Uint8Array): void {
    if (start === 0 || bytes.length >= TAIL_BYTES) this.#tail = bytes.slice(-TAIL_BYTES);
    else this.#tail = joined(this.#tail.subarray(-(TAIL_BYTES - bytes.length)), bytes);
  }

  mustAnnounce({ offset, bytes }: Intent, durable: boolean): boolean {
    return durable || crossesPage(offset, bytes.length);
  }

  async beforeSync(length: number, syncedLength: number): Promise<void> {
    if (this.#journal.isOpen) return;
    // It is a hint: without it the sync is no worse.
    await this.#journal.write({ offset: length, bytes: NOTHING }, false, syncedLength).catch(() => {});
  }

  async announce(own: Intent, durable: boolean, syncedLength: number): Promise<void> {
    await this.#journal.write(own, durable, syncedLength);
  }

  canAnnounceNow(offset: number, count: number): boolean {
    // One byte more: the end of a line that has none.
    return !crossesPage(offset, count + 1) || this.#journal.canWriteNow;
  }

  announceNow(own: Intent, syncedLength: number): void {
    if (this.mustAnnounce(own, false)) this.#journal.writeNow(own, syncedLength);
  }

  async announced(own: Intent): Promise<void> {
    await this.#journal.done(own);
  }

  async finish(): Promise<void> {
    await this.#journal.remove();
  }

  close(): void {
    this.#journal.close();
  }
}

async function tornBytesOf(file: DiskFile, size: number, intent: Intent | undefined): Promise<number> {
  // Also where the file ends with a line's end: sectors of one write reach the disk in any order.
  if (intent === undefined || intent.offset >= size || size - intent.offset > intent.bytes.length) return 0;
  return tornBytes(await readFully(file, intent.offset, size), intent);
}

/**
 * Who left a journal may have been killed when a sync had failed, and before that was put right: then the
 * system shows what is not on the disk, and takes it for written.
 */
async function writeTailAgain(
  owned: OwnedFile,
  start: number,
  end: number,
): Promise<Pick<Recovered, "nulBytes" | "notWrittenAgain">> {
  let nulBytes = 0;
  try {
    await writeAgain(owned, start, end, { seen: (bytes) => nulBytes += countNuls(bytes) });
    return { nulBytes };
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    return { nulBytes, notWrittenAgain: error };
  }
}

function countNuls(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) count++;
  return count;
}

function isMidLineEnd(tail: Uint8Array): boolean {
  return tail.length > 0 && tail[tail.length - 1] !== LF;
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length);
  bytes.set(left);
  bytes.set(right, left.length);
  return bytes;
}

/** Without a sync all that can tear a write is a kill, and that not within a page. */
function crossesPage(offset: number, count: number): boolean {
  return Math.floor(offset / PAGE_BYTES) !== Math.floor((offset + count - 1) / PAGE_BYTES);
}
