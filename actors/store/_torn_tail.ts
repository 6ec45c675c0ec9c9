import { dirname, type Disk, type DiskFile, isNotFound } from "../world/world.ts";
import { WorldError } from "../world/world.ts";
import { orClose } from "../world/_close_quietly.ts";
import { crc32c } from "./_crc32c.ts";

/** How the file begins, for people who find it, and so that no file of theirs is taken for one. */
const MAGIC = new TextEncoder().encode("Troupe journal\n");
/**
 * After it: offset in the log (8 bytes), length (4), CRC-32C of both and of the bytes (4); then the bytes.
 */
const HEADER_BYTES = MAGIC.length + 16;
/** After these: how much of the log is on the disk (8 bytes), CRC-32C begun with the one before (4). */
const TRAILER_BYTES = 12;
/** A journal that grew beyond this is given back to the disk after use. */
const KEPT_BYTES = 1 << 20;

/** What was about to be written to a log, and where. */
export interface Intent {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What of a batch is to be written: what others appended is in the file already. */
export function ownPart(
  { start, bytes, othersBytes }: {
    readonly start: number;
    readonly bytes: Uint8Array;
    readonly othersBytes: number;
  },
): Intent {
  return { offset: start + othersBytes, bytes: bytes.subarray(othersBytes) };
}

/**
 * The file beside a text log that tells a line cut off by a crash from one that a person left without an end.
 *
 * Both look the same in the text. So what is about to be appended is written here first: only a tail that is
 * the beginning of just that is a torn one. It is there while a log is in use, and after a crash.
 */
export class TornTailJournal {
  #disk: Disk;
  #path: string;
  #file: DiskFile | undefined;
  /** A write failed: on a full disk, what it left must not hold the room that a shorter record needs. */
  #isToBeEmptied = false;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /**
   * What was last about to be appended; undefined where no journal was left, and without an intent where the
   * crash cut off the journal itself. Throws when the file of that name is somebody else's.
   */
  async read(): Promise<{ readonly intent?: Intent; readonly syncedLength?: number } | undefined> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      // Nobody's link is followed: what it leads to would be overwritten.
      bytes = await this.#disk.readFile(this.#path, { followLink: false });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    if (!couldBeJournal(bytes)) {
      throw new WorldError(
        "in-use",
        `Cannot use ${this.#path}: ${this.#path} is not a journal, but somebody's file`,
      );
    }
    if (bytes.length < HEADER_BYTES) return {};
    const header = headerOf(bytes);
    const body = bytes.subarray(HEADER_BYTES, HEADER_BYTES + header.getUint32(8));
    if (checksum(bytes, body) !== header.getUint32(12)) return {};
    const intent = { offset: Number(header.getBigUint64(0)), bytes: body };
    return { intent, syncedLength: syncedLengthOf(bytes, intent) };
  }

  /** Whether something was written into it since the log was opened. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Says what is about to be appended, and what of the log is on the disk. */
  async write(intent: Intent, durable: boolean, syncedLength: number): Promise<void> {
    const file = this.#file ??= await this.#open();
    if (this.#isToBeEmptied) await file.truncate(0);
    this.#isToBeEmptied = true;
    await writeSoon(file, encode(intent, syncedLength), 0);
    this.#isToBeEmptied = false;
    if (durable) await file.sync();
  }

  /** Whether {@linkcode TornTailJournal.writeNow} would do. */
  get canWriteNow(): boolean {
    return this.#file?.writeNow !== undefined && !this.#isToBeEmptied;
  }

  /** As {@linkcode TornTailJournal.write}, but done when it returns, and not durable. */
  writeNow(intent: Intent, syncedLength: number): void {
    this.#isToBeEmptied = true;
    this.#file?.writeNow?.(encode(intent, syncedLength), 0);
    this.#isToBeEmptied = false;
  }

  /** What was announced is there; a journal that became large is made small again. */
  async done(intent: Intent): Promise<void> {
    if (intent.bytes.length <= KEPT_BYTES) return;
    // What was written is there all the same: a large journal fails nobody.
    await this.#file?.truncate(0).catch(() => {});
  }

  /** The log ends in good order: nothing of it is torn. */
  async remove(): Promise<void> {
    this.close();
    try {
      await this.#disk.remove(this.#path);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    // An old journal that a power cut brings back could speak of a line that a person has shortened since.
    await this.#disk.syncDirectory(dirname(this.#path));
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    file?.close();
  }

  async #open(): Promise<DiskFile> {
    const file = await this.#disk.open(this.#path, { write: true, create: true, followLink: false });
    await orClose(file, () => this.#disk.syncDirectory(dirname(this.#path)));
    return file;
  }
}

function encode(intent: Intent, syncedLength: number): Uint8Array<ArrayBuffer> {
  const end = HEADER_BYTES + intent.bytes.length;
  const bytes = new Uint8Array(end + TRAILER_BYTES);
  bytes.set(MAGIC);
  const header = headerOf(bytes);
  header.setBigUint64(0, BigInt(intent.offset));
  header.setUint32(8, intent.bytes.length);
  header.setUint32(12, checksum(bytes, intent.bytes));
  bytes.set(intent.bytes, HEADER_BYTES);
  const trailer = new DataView(bytes.buffer, end);
  trailer.setBigUint64(0, BigInt(syncedLength));
  trailer.setUint32(8, crc32c(bytes.subarray(end, end + 8), header.getUint32(12)));
  return bytes;
}

/** A journal of an older version says nothing of it: then what was announced is all that may be unsynced. */
function syncedLengthOf(bytes: Uint8Array<ArrayBuffer>, intent: Intent): number {
  const end = HEADER_BYTES + intent.bytes.length;
  if (bytes.length < end + TRAILER_BYTES) return intent.offset;
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_BYTES);
  const checksum = crc32c(bytes.subarray(end, end + 8), headerOf(bytes).getUint32(12));
  return trailer.getUint32(8) === checksum ? Number(trailer.getBigUint64(0)) : intent.offset;
}

function headerOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + MAGIC.length, HEADER_BYTES - MAGIC.length);
}

function checksum(bytes: Uint8Array, body: Uint8Array): number {
  return crc32c(body, crc32c(bytes.subarray(MAGIC.length, HEADER_BYTES - 4)));
}

/** A journal, as far as it goes: a crash may have left its beginning alone, or zeros where it should be. */
function couldBeJournal(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, MAGIC.length);
  return start.every((byte, at) => byte === MAGIC[at] || byte === 0);
}

/** More than this is not written while everything waits for it. */
export const AT_ONCE_BYTES = 1 << 18;

/**
 * Writes at once where the world can: what is small goes into the system's memory faster than somebody else
 * can be asked to do it.
 */
export function writeSoon(file: DiskFile, bytes: Uint8Array, offset: number): void | Promise<void> {
  if (file.writeNow === undefined || bytes.length > AT_ONCE_BYTES) return file.write(bytes, offset);
  file.writeNow(bytes, offset);
}

/**
 * Whether this is the beginning of what was written, as far as it has come: zeros stand for what has not.
 */
export function couldBePart(tail: Uint8Array, bytes: Uint8Array): boolean {
  return tail.length <= bytes.length && tail.every((byte, at) => byte === 0 || byte === bytes[at]);
}

/**
 * How much of a log's end is to be cut: 0 when it is not the beginning of what was about to be appended.
 *
 * Zeros count as a part of it, wherever they stand: after a power cut a file may have its length before it
 * has its bytes, and some sectors before others. What is kept ends with the last whole line before them.
 *
 * @param tail the log from `intent.offset` to its end
 */
export function tornBytes(tail: Uint8Array, intent: Intent): number {
  if (!couldBePart(tail, intent.bytes)) return 0;
  let same = 0;
  while (same < tail.length && tail[same] === intent.bytes[same]) same++;
  const lastLineEnd = tail.subarray(0, same).lastIndexOf(0x0a);
  return tail.length - (lastLineEnd + 1);
}
