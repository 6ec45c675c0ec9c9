/**
 * Append-only files with group commit.
 *
 * @module
 */
import type { Clock, Disk, DiskFile, FileInfo } from "../world/world.ts";
import { WorldError } from "../world/world.ts";
import { ByteQueue } from "./_byte_queue.ts";
import { crc32c } from "./_crc32c.ts";
import { AT_ONCE_BYTES, folderOf, type Intent, tornBytes, TornTailJournal, writeSoon } from "./_torn_tail.ts";

/**
 * What the file looks like.
 *
 * - `text`: a plain text that people may read and edit; a record is a line. What the file holds is never rewritten;
 *   the next record starts on a line of its own. While it is in use, `PATH.journal` stands beside it.
 * - `framed`: any bytes. Before each record stand its length and the CRC-32C of both, four bytes each, big-endian.
 */
export type LogForm = "text" | "framed";

/** Options of {@linkcode LogFile.open}. */
export interface LogFileOptions {
  /** How records lie in the file. */
  readonly form: LogForm;
  /** Called with each record that is there, oldest first; bytes are valid until it returns. */
  readonly replay?: (record: Uint8Array) => void;
  /**
   * With it, {@linkcode LogFile.flushNow} looks only every few milliseconds whether somebody else has replaced the file;
   * without it, each time. @default none
   */
  readonly clock?: Clock;
}

/** What one write put at the end of a {@linkcode LogFile}. */
export interface Batch {
  /** Where in the file `bytes` begin. */
  readonly start: number;
  /** Exactly what is new in the file. Shared: not to be changed. */
  readonly bytes: Uint8Array;
  /** Of `bytes`, how many somebody else has appended in the meantime; they stand first. */
  readonly othersBytes: number;
  /** Of `bytes`, how many stand before the first record: what others appended, and the end of a line that had none. */
  readonly leadBytes: number;
  /** True when the file is another one, or shorter, than it was left: somebody else has edited it. */
  readonly replaced: boolean;
}

/**
 * The file could not be opened, or could be opened but not read, or is not to be had: another process has it, or somebody's
 * file has the name of its journal. `cause` is the {@linkcode WorldError}.
 */
export class LogFileError extends Error {
  /** For `error.name`. */
  override readonly name = "LogFileError";
  /** What was tried. */
  readonly during: "open" | "read" | "take";
  /** Why it failed. */
  readonly reason: string;
  /** Tells what was tried with which file, and why it failed. */
  constructor(during: "open" | "read" | "take", path: string, cause: unknown) {
    const reason = reasonOf(cause);
    super(`Cannot ${during} ${path}: ${reason}`, { cause });
    this.during = during;
    this.reason = reason;
  }
}

const LF = 0x0a;
const FRAME_HEADER_BYTES = 8;
const SCAN_BYTES = 1 << 18;
const PAGE_BYTES = 4096;
/** How long a file is taken to be the one that was last seen; its size is looked at each time. */
const TRUST_MS = 5;
/** How often a write waits for the journal's sync and is begun anew since somebody wrote meanwhile; then it does not wait. */
const MAX_LOOKS = 10;

/**
 * A file that only grows, owned by one actor.
 *
 * Records are gathered in memory by {@linkcode LogFile.append} and reach the file by {@linkcode LogFile.flush}, and the
 * disk by {@linkcode LogFile.sync}. While one of these is under way, all that is appended waits for the next, which covers
 * it with one write and one fdatasync, however many asked.
 *
 * After a crash, {@linkcode LogFile.open} finds a record that was cut off and removes it. A write that fails leaves
 * the file as it was before it.
 *
 * @example
 * ```ts
 * import { LogFile } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("a");
 * const log = await sim.settle(LogFile.open(host.world.disk, "notes.txt", { form: "text" }));
 * log.append("first");
 * log.append("second");
 * await sim.settle(log.sync());
 * await sim.settle(log.close());
 * assertEquals(host.disk.readText("notes.txt"), "first\nsecond\n");
 * ```
 */
export class LogFile {
  /** The file. */
  readonly path: string;
  /** How records lie in it. */
  readonly form: LogForm;
  /** The file was not there before. */
  readonly created: boolean;
  /** Bytes of a record cut off by a crash, removed at open. */
  readonly cutBytes: number;
  readonly #disk: Disk;
  readonly #clock: Clock | undefined;
  readonly #journal: TornTailJournal | undefined;
  #file: DiskFile;
  /** Reads have a handle of their own, so that they do not queue behind a sync. */
  #reader: DiskFile;
  #id: number | undefined;
  #length: number;
  /** Text: the last line has no end. */
  #midLine: boolean;
  /** A failed write may have left bytes behind `#length`. */
  #leftovers = false;
  #unsynced = false;
  #lookedAt = -Infinity;
  #pending = new ByteQueue();
  #running: Promise<Batch> | undefined;
  #waiting: { durable: boolean; promise: Promise<Batch> } | undefined;
  #closing: Promise<void> | undefined;

  private constructor(disk: Disk, path: string, options: LogFileOptions, opened: Opened) {
    this.path = path;
    this.form = options.form;
    this.#clock = options.clock;
    this.created = opened.created;
    this.cutBytes = opened.cutBytes;
    this.#disk = disk;
    this.#file = opened.file;
    this.#reader = opened.reader;
    this.#id = opened.id;
    this.#journal = opened.journal;
    this.#length = opened.length;
    this.#midLine = opened.midLine;
  }

  /** Opens the file, makes it when it is not there, and removes what a crash cut off. Throws {@linkcode LogFileError}. */
  static async open(disk: Disk, path: string, options: LogFileOptions): Promise<LogFile> {
    return new LogFile(disk, path, options, await openLog(disk, path, options));
  }

  /** Bytes in the file: what was flushed, whether or not it was synced. */
  get length(): number {
    return this.#length;
  }

  /** Bytes appended and on no {@linkcode LogFile.flush} or {@linkcode LogFile.sync} yet. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /**
   * Adds a record to the next batch. Text form: a line, given without its `\n`.
   *
   * @returns where in that batch it ends, counted from {@linkcode Batch.leadBytes}
   */
  append(record: string | Uint8Array): number {
    const queue = this.#pending;
    if (this.form === "framed") {
      const bytes = typeof record === "string" ? new TextEncoder().encode(record) : record;
      queue.pushUint32(bytes.length);
      queue.pushUint32(frameChecksum(bytes));
      queue.push(bytes);
    } else {
      if (typeof record === "string") queue.pushText(record);
      else queue.push(record);
      queue.pushByte(LF);
    }
    return queue.length;
  }

  /** Writes what was appended into the file, without waiting for the disk. Otherwise as {@linkcode LogFile.sync}. */
  flush(): Promise<Batch> {
    return this.#request(false);
  }

  /**
   * As {@linkcode LogFile.flush}, but done when it returns, which saves most of the cost of a small batch; undefined,
   * with nothing done, where only `flush` will do: in worlds that cannot, while something else is under way, for a
   * large batch, and when somebody else has changed the file.
   *
   * Throws the {@linkcode WorldError} of a write that failed; then the batch is gone and the file is as it was.
   */
  flushNow(): Batch | undefined {
    if (!this.#canFlushNow()) return undefined;
    const batch = this.#withLead(this.#pending.take(), NO_EDITS);
    const { start, bytes } = batch;
    if (this.#isTearable(start, bytes.length)) this.#journal?.writeNow({ offset: start, bytes });
    try {
      this.#file.writeNow?.(bytes, start);
    } catch (error) {
      this.#leftovers = true;
      throw error;
    }
    this.#advance(start + bytes.length, bytes);
    this.#unsynced = true;
    return batch;
  }

  #canFlushNow(): boolean {
    const count = this.#pending.length;
    if (this.#running !== undefined || this.#waiting !== undefined || this.#closing !== undefined) {
      return false;
    }
    if (this.#leftovers || count === 0 || count > AT_ONCE_BYTES || this.#file.writeNow === undefined) {
      return false;
    }
    // One byte more: the end of a line that has none.
    if (this.#isTearable(this.#length, count + 1) && !this.#journal?.canWriteNow) return false;
    return this.form === "framed" || this.#isUnchanged();
  }

  /** Whether the file is as it was left; of that, only its size is cheap enough to be looked at before each small write. */
  #isUnchanged(): boolean {
    const { statNow } = this.#disk;
    if (statNow === undefined) return false;
    const now = this.#clock?.monotonic();
    try {
      if (now !== undefined && now - this.#lookedAt < TRUST_MS) {
        return (this.#file.sizeNow?.() ?? this.#length) === this.#length;
      }
      if (!this.#isAsLeft(statNow.call(this.#disk, this.path))) return false;
    } catch {
      return false;
    }
    if (now !== undefined) this.#lookedAt = now;
    return true;
  }

  /**
   * Writes what was appended, and resolves once it is on the disk (fdatasync).
   *
   * When nothing else is under way, the batch is what was appended before this call; otherwise it is taken when that is done.
   * Rejects with a {@linkcode WorldError}; then the batch is gone and the file is as it was.
   */
  sync(): Promise<Batch> {
    return this.#request(true);
  }

  /** Reads what is in the file at `offset`; says how many bytes, `null` at the end. Waits for no write. */
  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    const left = this.#length - offset;
    if (left <= 0) return Promise.resolve(null);
    return this.#reader.read(buffer.length > left ? buffer.subarray(0, left) : buffer, offset);
  }

  /** Syncs what was appended, and closes. Twice is fine. Rejects when that last sync fails; the file is closed all the same. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#running?.catch(() => {});
      if (this.#waiting !== undefined) await this.#waiting.promise.catch(() => {});
      if (this.#pending.length > 0 || this.#unsynced) await this.#commit(true);
      if (!this.#leftovers) await this.#journal?.remove();
    } finally {
      this.#journal?.close();
      this.#file.close();
      this.#reader.close();
    }
  }

  #request(durable: boolean): Promise<Batch> {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      waiting.durable ||= durable;
      return waiting.promise;
    }
    if (this.#closing !== undefined) {
      return Promise.reject(new WorldError("closed", `Cannot write ${this.path}: it was closed`));
    }
    if (this.#running === undefined) return this.#start(durable);
    const promise = this.#running.catch(() => {}).then(() => {
      durable = this.#waiting?.durable ?? durable;
      this.#waiting = undefined;
      return this.#start(durable);
    });
    this.#waiting = { durable, promise };
    return promise;
  }

  #start(durable: boolean): Promise<Batch> {
    const batch = this.#commit(durable).finally(() => this.#running = undefined);
    this.#running = batch;
    return batch;
  }

  async #commit(durable: boolean): Promise<Batch> {
    const batch = await this.#announce(this.#pending.take(), durable);
    const { start, bytes, othersBytes } = batch;
    const end = start + bytes.length;
    if (bytes.length > othersBytes) {
      await this.#write(ownPart(batch));
      this.#unsynced = true;
    }
    if (durable && this.#unsynced) await this.#syncFile(start + othersBytes, end);
    if (bytes.length > 0) this.#advance(end, bytes);
    return batch;
  }

  /** Makes a batch of what is to be written, and tells the journal where. */
  async #announce(records: Uint8Array, durable: boolean): Promise<Batch> {
    let replaced = false;
    for (let looks = 1;; looks++) {
      const found = await this.#findOthersEdits();
      replaced ||= found.replaced;
      const batch = this.#withLead(records, { ...found, replaced });
      const own = ownPart(batch);
      // The journal first, and on the disk: only then can a part of the bytes be on it.
      if (own.bytes.length === 0 || !(durable || this.#isTearable(own.offset, own.bytes.length))) {
        return batch;
      }
      if (this.#journal === undefined) return batch;
      await this.#journal.write(own, durable && looks < MAX_LOOKS);
      if (looks === MAX_LOOKS) return batch;
      // That took its time, in which a person may have written at the very place.
      const info = await infoOf(this.#disk, this.path);
      if (info?.size === own.offset && info.id === this.#id) return batch;
    }
  }

  #advance(end: number, bytes: Uint8Array): void {
    this.#length = end;
    this.#midLine = bytes[bytes.length - 1] !== LF;
  }

  #withLead(records: Uint8Array, found: OthersEdits): Batch {
    const { appended, replaced } = found;
    const start = this.#length;
    const midLine = appended.length > 0 ? appended.at(-1) !== LF : this.#midLine;
    const needsLineEnd = this.form === "text" && midLine && records.length > 0;
    const othersBytes = appended.length;
    const leadBytes = othersBytes + (needsLineEnd ? 1 : 0);
    if (leadBytes === 0) return { start, bytes: records, othersBytes, leadBytes, replaced };
    const bytes = new Uint8Array(leadBytes + records.length);
    bytes.set(appended);
    if (needsLineEnd) bytes[othersBytes] = LF;
    bytes.set(records, leadBytes);
    return { start, bytes, othersBytes, leadBytes, replaced };
  }

  async #write(intent: Intent): Promise<void> {
    try {
      await writeSoon(this.#file, intent.bytes, intent.offset);
    } catch (error) {
      await this.#cutBack(intent.offset);
      throw error;
    }
    await this.#journal?.done(intent);
  }

  /** Without a sync all that can tear a write is a kill, and that not within a page. */
  #isTearable(offset: number, count: number): boolean {
    return this.#journal !== undefined && pageOf(offset) !== pageOf(offset + count - 1);
  }

  async #syncFile(ownStart: number, end: number): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      // Nobody knows what of it is on the disk. What was flushed earlier stays; what is new goes.
      if (end > ownStart) await this.#cutBack(ownStart);
      throw error;
    }
    this.#unsynced = false;
  }

  async #cutBack(length: number): Promise<void> {
    this.#leftovers = true;
    try {
      await this.#file.truncate(length);
      // Or a power cut could bring it back, when the journal already speaks of the next record.
      await this.#file.sync();
      this.#leftovers = false;
    } catch {
      // Tried again before the next write.
    }
  }

  /** A person's editor may have changed the file: nothing of that is overwritten, no hole is left. */
  async #findOthersEdits(): Promise<OthersEdits> {
    if (this.#leftovers) {
      await this.#file.truncate(this.#length);
      await this.#file.sync();
      this.#leftovers = false;
    }
    if (this.form !== "text") return NO_EDITS;
    const info = await infoOf(this.#disk, this.path);
    if (info !== undefined && this.#isAsLeft(info)) return NO_EDITS;
    const ownSize = await this.#file.size();
    const isOwn = info?.id === undefined ? info?.size === ownSize : info.id === this.#id;
    if (isOwn && ownSize > this.#length) {
      return { appended: await readFully(this.#file, this.#length, ownSize), replaced: false };
    }
    if (!isOwn) await this.#reopen();
    this.#length = await this.#file.size();
    this.#midLine = await endsMidLine(this.#file, this.#length);
    return { appended: NOTHING, replaced: true };
  }

  #isAsLeft(info: FileInfo): boolean {
    return info.size === this.#length && info.id === this.#id;
  }

  async #reopen(): Promise<void> {
    const { file, reader, id } = await openHandles(this.#disk, this.path);
    this.#file.close();
    this.#reader.close();
    this.#file = file;
    this.#reader = reader;
    this.#id = id;
  }
}

/** What of a batch is to be written: what others appended is in the file already. */
function ownPart({ start, bytes, othersBytes }: Batch): Intent {
  return { offset: start + othersBytes, bytes: bytes.subarray(othersBytes) };
}

interface OthersEdits {
  readonly appended: Uint8Array;
  readonly replaced: boolean;
}

const NOTHING = new Uint8Array(0);
const NO_EDITS: OthersEdits = { appended: NOTHING, replaced: false };

interface Opened extends Handles {
  readonly journal: TornTailJournal | undefined;
  readonly length: number;
  readonly midLine: boolean;
  readonly cutBytes: number;
}

async function openLog(disk: Disk, path: string, options: LogFileOptions): Promise<Opened> {
  const handles = await openHandles(disk, path).catch(async (error: unknown): Promise<never> => {
    if (isInUse(error)) throw new LogFileError("take", path, error);
    throw new LogFileError(await readingIsTheTrouble(disk, path, error) ? "read" : "open", path, error);
  });
  const { file } = handles;
  const journal = options.form === "text" ? new TornTailJournal(disk, `${path}.journal`) : undefined;
  try {
    const size = await file.size();
    const whole = journal === undefined
      ? await scanFrames(file, size, options.replay)
      : await wholeText(file, size, journal);
    if (whole < size) await file.truncate(whole);
    // A process that was killed may have left what it had not synced: it counts from now on, and others will see it.
    if (size > 0) await file.sync();
    await journal?.remove();
    if (journal !== undefined && options.replay) await scanLines(file, whole, options.replay);
    const midLine = options.form === "text" && await endsMidLine(file, whole);
    return { ...handles, journal, length: whole, midLine, cutBytes: size - whole };
  } catch (error) {
    file.close();
    handles.reader.close();
    throw new LogFileError(isInUse(error) ? "take" : "read", path, error);
  }
}

/** An open file, and what tells it from another of its name. */
interface Handles {
  readonly file: DiskFile;
  readonly reader: DiskFile;
  readonly id: number | undefined;
  readonly created: boolean;
}

async function openHandles(disk: Disk, path: string): Promise<Handles> {
  let created = false;
  let file: DiskFile;
  try {
    file = await disk.open(path, { read: true, write: true });
  } catch (error) {
    if (!(error instanceof WorldError && error.kind === "not-found")) throw error;
    file = await disk.open(path, { read: true, write: true, create: true });
    created = true;
  }
  try {
    // Two that append would write over each other, and each take the other's journal for what a crash had left.
    if (await file.take?.() === false) {
      throw new WorldError("in-use", `Cannot take ${path}: another process has it`);
    }
    if (created) await disk.syncFolder(folderOf(path));
    const { id } = await disk.stat(path);
    return { file, reader: await disk.open(path), id, created };
  } catch (error) {
    file.close();
    throw error;
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof WorldError && error.kind === "in-use";
}

/** Whether a file that may not be opened for both may be opened for writing alone. */
async function readingIsTheTrouble(disk: Disk, path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof WorldError && error.kind === "permission-denied")) return false;
  try {
    (await disk.open(path, { read: false, write: true })).close();
    return true;
  } catch {
    return false;
  }
}

async function wholeText(file: DiskFile, size: number, journal: TornTailJournal): Promise<number> {
  const intent = await journal.read();
  if (!await endsMidLine(file, size)) return size;
  if (intent === undefined || intent.offset >= size || size - intent.offset > intent.bytes.length) {
    return size;
  }
  return size - tornBytes(await readFully(file, intent.offset, size), intent);
}

async function endsMidLine(file: DiskFile, size: number): Promise<boolean> {
  return size > 0 && (await readFully(file, size - 1, size))[0] !== LF;
}

/** What stands under a name; undefined when nothing does. */
async function infoOf(disk: Disk, path: string): Promise<FileInfo | undefined> {
  try {
    return disk.statNow?.(path) ?? await disk.stat(path);
  } catch (error) {
    if (error instanceof WorldError && error.kind === "not-found") return undefined;
    throw error;
  }
}

async function readFully(file: DiskFile, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length), start + length);
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function pageOf(offset: number): number {
  return Math.floor(offset / PAGE_BYTES);
}

async function scanLines(file: DiskFile, size: number, replay: (line: Uint8Array) => void): Promise<void> {
  const line = new ByteQueue();
  for (let offset = 0; offset < size;) {
    const chunk = await readFully(file, offset, Math.min(size, offset + SCAN_BYTES));
    if (chunk.length === 0) break;
    offset += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      line.push(chunk.subarray(start, end));
      replay(line.take());
      start = end + 1;
    }
    line.push(chunk.subarray(start));
  }
  if (line.length > 0) replay(line.take());
}

/** Where the last whole record ends. What follows it was cut off, or never was a record. */
async function scanFrames(
  file: DiskFile,
  size: number,
  replay: ((record: Uint8Array) => void) | undefined,
): Promise<number> {
  let whole = 0;
  let chunkBytes = SCAN_BYTES;
  while (whole < size) {
    const chunk = await readFully(file, whole, Math.min(size, whole + chunkBytes));
    const { end, needed, broken } = takeFrames(chunk, replay);
    whole += end;
    if (broken || chunk.length === 0 || whole + needed > size) break;
    // The next record is whole in the file, and perhaps longer than the usual chunk.
    chunkBytes = Math.max(SCAN_BYTES, needed);
  }
  return whole;
}

/** Replays the whole records in `chunk`; says where the last ends, and how long the next is as far as is known. */
function takeFrames(
  chunk: Uint8Array,
  replay: ((record: Uint8Array) => void) | undefined,
): { end: number; needed: number; broken: boolean } {
  let end = 0;
  while (end + FRAME_HEADER_BYTES <= chunk.length) {
    const header = new DataView(chunk.buffer, chunk.byteOffset + end, FRAME_HEADER_BYTES);
    const needed = FRAME_HEADER_BYTES + header.getUint32(0);
    if (end + needed > chunk.length) return { end, needed, broken: false };
    const record = chunk.subarray(end + FRAME_HEADER_BYTES, end + needed);
    if (frameChecksum(record) !== header.getUint32(4)) return { end, needed, broken: true };
    replay?.(record);
    end += needed;
  }
  return { end, needed: FRAME_HEADER_BYTES, broken: false };
}

function frameChecksum(record: Uint8Array): number {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, record.length);
  return crc32c(record, crc32c(length));
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // A WorldError says what could not be done, too; here its reason is enough.
  return error instanceof WorldError ? text.slice(text.indexOf(": ") + 2) : text;
}
