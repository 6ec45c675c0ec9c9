import { type Clock, type Disk, WorldError } from "../world/world.ts";
import { ByteQueue } from "./_byte_queue.ts";
import { NOTHING, type OthersEdits, type RecordForm, type Recovered } from "./_form.ts";
import { type ByteRange, pushFrame, scanFrames } from "./_frames.ts";
import type { OwnedFile } from "./_owned_file.ts";
import { readFully, SCAN_BYTES } from "./_scan.ts";
import { removeTemporariesOf } from "./atomic_file.ts";
import { setAside, setFileAside } from "./set_aside.ts";

const encoder = new TextEncoder();

/** What the file's first record says, so that no other file is taken for it. */
export interface Signature {
  /** The record. */
  readonly text: string;
  /** What such a file is, for a message: "a chat's history". */
  readonly of: string;
}

/** Options of {@linkcode FramedForm}. */
export interface FramedFormOptions {
  readonly signature?: Signature;
  readonly clock?: Clock;
}

/** Records as any bytes, each behind its length and checksum. What cannot be read is set aside. */
export class FramedForm implements RecordForm {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #clock: Clock | undefined;
  readonly #what: string;
  readonly #signature: Uint8Array;

  constructor(disk: Disk, path: string, { signature, clock }: FramedFormOptions) {
    this.#disk = disk;
    this.#path = path;
    this.#clock = clock;
    this.#what = signature?.of ?? "a log";
    this.#signature = signature === undefined ? NOTHING : framed([encoder.encode(signature.text)]);
  }

  push(queue: ByteQueue, record: string | Uint8Array): void {
    pushFrame(queue, typeof record === "string" ? encoder.encode(record) : record);
  }

  async recover(
    owned: OwnedFile,
    replay: ((record: Uint8Array) => void) | undefined,
  ): Promise<Recovered> {
    await removeTemporariesOf(this.#disk, this.#path);
    const size = await owned.file.size();
    if (size === 0 && await this.#sign(owned)) return { length: this.#signature.length, cutBytes: 0 };
    const start = await this.#skipSignature(owned, size);
    const scan = await scanFrames(owned.file, start, size, replay ?? (() => {}));
    if (start === 0 && this.#signature.length > 0 && size > 0 && scan.records === 0) {
      await this.#refuseForeign(owned, size);
    }
    // A damaged signature is no loss: it is written anew.
    const lost = scan.damaged.filter(({ end }) => !(start === 0 && end === this.#signature.length));
    const tail = { start: scan.whole, end: size };
    const setAsideAs = await this.#setAside(owned, [...lost, tail]);
    if (scan.damaged.length > 0) return await this.#withoutDamage(owned, scan.damaged, tail, setAsideAs);
    if (scan.whole < size) await owned.file.truncate(scan.whole);
    // A process that was killed may have left what it had not synced, also of a file that is empty now: it
    // counts from now on, and others will see it.
    if (size > 0 || !owned.created) await owned.file.sync();
    return { length: scan.whole, cutBytes: size - scan.whole, ...setAsideAs };
  }

  async findOthersEdits(owned: OwnedFile): Promise<OthersEdits> {
    if (!await owned.isSame(await owned.look())) await owned.reopen();
    const { length, setAsideAs } = await this.recover(owned, undefined).catch(async (error: unknown) => {
      if (!(error instanceof WorldError && error.kind === "invalid-data")) throw error;
      // Another file was put in its place. It is kept, and what comes goes into a new one.
      const setAsideAs = await setFileAside(this.#disk, this.#path, this.#clock);
      await owned.reopen();
      return { length: 0, setAsideAs };
    });
    const edits = { length, appended: NOTHING, replaced: true };
    return setAsideAs === undefined ? edits : { ...edits, setAsideAs };
  }

  get isMidLine(): boolean {
    return false;
  }

  lead(start: number): Uint8Array {
    return start === 0 ? this.#signature : NOTHING;
  }

  /** All records of a file that is to hold these alone. */
  whole(records: Iterable<Uint8Array>): Uint8Array {
    const queue = new ByteQueue();
    queue.push(this.#signature);
    for (const record of records) pushFrame(queue, record);
    return queue.take();
  }

  written(): void {}

  mustAnnounce(): boolean {
    return false;
  }

  beforeSync(): Promise<void> {
    return Promise.resolve();
  }

  announce(): Promise<void> {
    return Promise.resolve();
  }

  canAnnounceNow(): boolean {
    return true;
  }

  announceNow(): void {}

  announced(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  /**
   * Gives an empty file its signature, durably and at once: written with the first records, a power cut could
   * leave in its place what the disk held before, and then the file is nobody's. Where that cannot be, the
   * first records bring it.
   */
  async #sign(owned: OwnedFile): Promise<boolean> {
    if (this.#signature.length === 0) return false;
    return await owned.replace(this.#signature).then(() => true, () => false);
  }

  /** Where the records begin: after the signature, where there is one that is whole. */
  async #skipSignature({ file }: OwnedFile, size: number): Promise<number> {
    const { length } = this.#signature;
    if (length === 0 || size < length) return 0;
    const found = await readFully(file, 0, length);
    return found.every((byte, at) => byte === this.#signature[at]) ? length : 0;
  }

  /** Throws unless what stands there is a signature that a crash cut off or a flipped bit spoiled. */
  async #refuseForeign({ file }: OwnedFile, size: number): Promise<void> {
    const found = await readFully(file, 0, Math.min(size, this.#signature.length));
    const alike = found.filter((byte, at) => byte === this.#signature[at] || byte === 0).length;
    if (alike >= found.length * 3 / 4) return;
    throw new WorldError("invalid-data", `Cannot use ${this.#path}: it is not ${this.#what}`);
  }

  /**
   * Keeps what is not whole, unless it is zeros alone: those a crash leaves where nothing was written yet.
   */
  async #setAside({ file }: OwnedFile, lost: readonly ByteRange[]): Promise<{ setAsideAs?: string }> {
    const kept: ByteRange[] = [];
    for (const range of lost) if (!await isZeros(file, range)) kept.push(range);
    if (kept.length === 0) return {};
    return { setAsideAs: await setAside(this.#disk, this.#path, contentOf(file, kept), this.#clock) };
  }

  /** Writes the file anew, with what can be read alone. */
  async #withoutDamage(
    owned: OwnedFile,
    damaged: readonly ByteRange[],
    tail: ByteRange,
    setAsideAs: { setAsideAs?: string },
  ): Promise<Recovered> {
    const good: ByteRange[] = [];
    let start = 0;
    for (const range of damaged) {
      good.push({ start, end: range.start });
      start = range.end;
    }
    good.push({ start, end: tail.start });
    const lacksSignature = damaged[0]?.start === 0;
    await owned.replace(contentOf(owned.file, good, lacksSignature ? this.#signature : NOTHING));
    return { length: await owned.file.size(), cutBytes: tail.end - tail.start, ...setAsideAs };
  }
}

function framed(records: Iterable<Uint8Array>): Uint8Array {
  const queue = new ByteQueue();
  for (const record of records) pushFrame(queue, record);
  return queue.take();
}

/** Parts of a file, one after the other, piece by piece. */
async function* contentOf(
  file: OwnedFile["file"],
  ranges: readonly ByteRange[],
  first: Uint8Array = NOTHING,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += SCAN_BYTES) {
      yield await readFully(file, at, Math.min(end, at + SCAN_BYTES));
    }
  }
}

async function isZeros(file: OwnedFile["file"], { start, end }: ByteRange): Promise<boolean> {
  for (let at = start; at < end; at += SCAN_BYTES) {
    const part = await readFully(file, at, Math.min(end, at + SCAN_BYTES));
    if (part.some((byte) => byte !== 0)) return false;
  }
  return true;
}
