/**
 * Append-only files with group commit.
 *
 * @module
 */
import type { ApproveReplacement } from "./atomic_file.ts";
import { type Clock, type Disk, WorldError } from "../world/world.ts";
import { ByteQueue } from "./_byte_queue.ts";
import { batchOf } from "./_batch.ts";
import { both, NOTHING, type OthersEdits, type RecordForm } from "./_form.ts";
import { FramedForm } from "./_framed_form.ts";
import { GroupCommit } from "./_group_commit.ts";
import { Leftovers } from "./_leftovers.ts";
import { type OpenedLog, openLog } from "./_open_log.ts";
import type { OwnedFile } from "./_owned_file.ts";
import type { Batch, LogFileOptions, LogForm } from "./log_file_options.ts";
import { AT_ONCE_BYTES, type Intent, ownPart, writeSoon } from "./_torn_tail.ts";
import { UnsyncedWrites } from "./_unsynced.ts";

/** How long a file is taken to be the one that was last seen; its size is looked at each time. */
const TRUST_MS = 5;
/** So often a write waits for the journal's sync, and begins anew since somebody wrote; then it is done. */
const MAX_LOOKS = 10;

/**
 * A file that only grows, owned by one actor.
 *
 * Records are gathered in memory by {@linkcode LogFile.append} and reach the file by
 * {@linkcode LogFile.flush}, and the disk by {@linkcode LogFile.sync}. While one of these is under way, all
 * that is appended waits for the next, which covers it with one write and one fdatasync, however many asked.
 *
 * After a crash, {@linkcode LogFile.open} finds a record that was cut off and removes it. A write that fails
 * leaves the file as it was before it. A file that was removed, replaced or cut short meanwhile is noticed at
 * the next write.
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
  /** Text form: NUL bytes in what was not sure after a crash. They stay: a person may have typed them. */
  readonly nulBytes: number;
  /** Text form: why what may not be on the disk, after a kill, could not be written again; it may be lost. */
  readonly notWrittenAgain: WorldError | undefined;
  /** The file in which is kept what could not be read at open; undefined where all could. */
  readonly setAsideAs: string | undefined;
  readonly #disk: Disk;
  readonly #clock: Clock | undefined;
  readonly #records: RecordForm;
  readonly #owned: OwnedFile;
  readonly #unsynced = new UnsyncedWrites();
  readonly #pending = new ByteQueue();
  readonly #commits = new GroupCommit<Batch>({
    commit: (durable) => this.#commit(durable),
    refusal: () => this.#closing && new WorldError("closed", `Cannot write ${this.path}: it was closed`),
  });
  #length: number;
  readonly #leftovers = new Leftovers();
  /** The file is another one, and no batch has said so yet. */
  #isReplacedUntold = false;
  #lookedAt = -Infinity;
  #closing: Promise<void> | undefined;

  private constructor(disk: Disk, options: LogFileOptions, opened: OpenedLog) {
    const { owned, records, recovered } = opened;
    this.path = owned.path;
    this.form = options.form;
    this.created = owned.created;
    this.cutBytes = recovered.cutBytes;
    this.notWrittenAgain = recovered.notWrittenAgain;
    this.nulBytes = recovered.nulBytes ?? 0;
    this.setAsideAs = recovered.setAsideAs;
    this.#disk = disk;
    this.#clock = options.clock;
    this.#records = records;
    this.#owned = owned;
    this.#length = recovered.length;
  }

  /**
   * Opens the file, makes it when it is not there, and removes what a crash cut off. Throws
   * {@linkcode LogFileError}.
   */
  static async open(disk: Disk, path: string, options: LogFileOptions): Promise<LogFile> {
    return new LogFile(disk, options, await openLog(disk, path, options));
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
    this.#records.push(this.#pending, record);
    return this.#pending.length;
  }

  /**
   * Writes what was appended into the file, without waiting for the disk. Otherwise as
   * {@linkcode LogFile.sync}.
   */
  flush(): Promise<Batch> {
    return this.#commits.request(false);
  }

  /**
   * As {@linkcode LogFile.flush}, but done when it returns, which saves most of the cost of a small batch;
   * undefined, with nothing done, where only `flush` will do: in worlds that cannot, while something else is
   * under way, for a large batch, and when somebody else has changed the file.
   *
   * Throws the {@linkcode WorldError} of a write that failed; then the batch is gone and the file is as it
   * was.
   */
  flushNow(): Batch | undefined {
    const { writeNow } = this.#owned.file;
    if (writeNow === undefined || !this.#canFlushNow()) return undefined;
    const batch = this.#withLead(this.#pending.take(), this.#noEdits());
    const own = ownPart(batch);
    this.#records.announceNow(own, this.#unsynced.syncedLength(this.#length));
    try {
      writeNow.call(this.#owned.file, own.bytes, own.offset);
    } catch (error) {
      this.#leftovers.add(own, this.#owned.sizeNow());
      this.#commits.alone(() => this.#takeBack()).catch(() => {});
      throw error;
    }
    this.#unsynced.add(own);
    this.#advance(batch);
    this.#isReplacedUntold = false;
    return batch;
  }

  #canFlushNow(): boolean {
    const count = this.#pending.length;
    if (!this.#commits.isIdle || this.#closing !== undefined || !this.#leftovers.isEmpty) return false;
    if (this.#unsynced.isSuspect || this.#unsynced.isFull || count === 0 || count > AT_ONCE_BYTES) {
      return false;
    }
    return this.#records.canAnnounceNow(this.#length, count) && this.#isUnchanged();
  }

  /**
   * Whether the file is as it was left; of that, only its size is cheap enough to be looked at before each
   * small write.
   */
  #isUnchanged(): boolean {
    const { statNow } = this.#disk;
    if (statNow === undefined || this.#owned.isUnread) return false;
    const now = this.#clock?.monotonic();
    try {
      if (now !== undefined && now - this.#lookedAt < TRUST_MS) {
        return (this.#owned.file.sizeNow?.() ?? this.#length) === this.#length;
      }
      if (!this.#owned.isAsLeft(statNow.call(this.#disk, this.path), this.#length)) return false;
    } catch {
      return false;
    }
    if (now !== undefined) this.#lookedAt = now;
    return true;
  }

  /**
   * Writes what was appended, and resolves once it is on the disk (fdatasync).
   *
   * When nothing else is under way, the batch is what was appended before this call; otherwise it is taken
   * when that is done. Rejects with a {@linkcode WorldError}; then the batch is gone and the file is as it
   * was.
   */
  sync(): Promise<Batch> {
    return this.#commits.request(true);
  }

  /**
   * Framed form: replaces all that the file holds by these records, atomically and durably. `records` is
   * called when all that was appended before is in the file; what is appended after that call comes behind
   * them.
   *
   * Rejects with a {@linkcode WorldError}; then the file is as it was.
   */
  async rewrite(records: () => Iterable<Uint8Array>): Promise<void> {
    const form = this.#records;
    if (!(form instanceof FramedForm)) throw new TypeError(`Cannot rewrite ${this.path}: it is a text`);
    await this.#commits.alone(async () => {
      do await this.#commit(false); while (this.#pending.length > 0);
      await this.#owned.replace(form.whole(records()));
      this.#length = await this.#owned.file.size();
      this.#unsynced.clear();
    });
  }

  /**
   * Text form: replaces the whole text, atomically and durably; what is appended meanwhile comes behind it.
   *
   * Rejects with a {@linkcode WorldError}, or with what `approve` throws; then the file is as it was.
   */
  async replaceText(text: Uint8Array<ArrayBuffer>, approve?: ApproveReplacement): Promise<void> {
    if (this.form !== "text") throw new TypeError(`Cannot replace the text of ${this.path}: it has records`);
    await this.#commits.alone(async () => {
      // What was announced for the old text is not to be looked for in the new one.
      await this.#records.finish();
      await this.#owned.replace(text, approve);
      this.#length = text.length;
      this.#records.written(0, text);
      this.#unsynced.clear();
      this.#leftovers.clear();
      this.#isReplacedUntold = false;
    });
  }

  /** Reads what is in the file at `offset`; says how many bytes, `null` at the end. Waits for no write. */
  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    const left = this.#length - offset;
    if (left <= 0) return Promise.resolve(null);
    return this.#owned.reader.read(buffer.length > left ? buffer.subarray(0, left) : buffer, offset);
  }

  /**
   * Syncs what was appended, and closes. Twice is fine. Rejects when that last sync fails; the file is closed
   * all the same.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#commits.idle();
      if (this.#hasWork) await this.#commit(true);
      await this.#records.finish();
    } finally {
      try {
        this.#records.close();
      } finally {
        this.#owned.close();
      }
    }
  }

  get #hasWork(): boolean {
    return this.#pending.length > 0 || !this.#unsynced.isEmpty || !this.#leftovers.isEmpty;
  }

  async #commit(durable: boolean): Promise<Batch> {
    const records = this.#pending.take();
    const edits = both(await this.#mend(), await this.#findOthersEdits());
    const batch = await this.#announce(records, durable, edits);
    const { start, bytes, othersBytes } = batch;
    this.#unsynced.add({ offset: start, bytes: bytes.subarray(0, othersBytes) });
    const own = ownPart(batch);
    if (own.bytes.length > 0) {
      await this.#write(own);
      this.#unsynced.add(own);
    }
    if ((durable || this.#unsynced.isFull) && !this.#unsynced.isEmpty) await this.#syncFile(own);
    if (bytes.length > 0) this.#advance(batch);
    this.#isReplacedUntold = false;
    return batch;
  }

  /** Puts right what a failure has left; says what others have done, where it had to look for that. */
  async #mend(): Promise<OthersEdits> {
    await this.#takeBack();
    if (!this.#unsynced.isSuspect) return this.#noEdits();
    const isAnother = this.#owned.isUnread;
    if (!isAnother && !await this.#isAsLeft(this.#length)) await this.#unsynced.restore(this.#owned);
    // In a file that somebody has written anew it stands somewhere else.
    const edits = await this.#findOthersEdits();
    if (this.#unsynced.isSuspect) await this.#unsynced.rewrite(this.#owned);
    return edits;
  }

  /** Makes a batch of what is to be written, and announces it where a crash could tear it. */
  async #announce(records: Uint8Array, durable: boolean, edits: OthersEdits): Promise<Batch> {
    for (let looks = 1;; looks++) {
      const batch = this.#withLead(records, edits);
      const own = ownPart(batch);
      if (own.bytes.length === 0 || !this.#records.mustAnnounce(own, durable)) return batch;
      // Announced first, and on the disk: only then can a part of the bytes be on it.
      const syncedLength = this.#unsynced.syncedLength(this.#length);
      await this.#records.announce(own, durable && looks < MAX_LOOKS, syncedLength);
      // That took its time, in which a person may have written at the very place.
      if (looks === MAX_LOOKS || await this.#isAsLeft(own.offset)) return batch;
      edits = both(edits, await this.#findOthersEdits());
    }
  }

  /** What others have done to the file; the last thing that is done for that is to look at it. */
  async #findOthersEdits(): Promise<OthersEdits> {
    let edits = this.#noEdits();
    for (let looks = 1; looks <= MAX_LOOKS; looks++) {
      const isRead = !this.#owned.isUnread;
      if (isRead && await this.#isAsLeft(this.#length + edits.appended.length)) break;
      const others = this.#records.findOthersEdits(this.#owned, this.#length);
      // Where it rejects, the sync of what it found may be what failed.
      others.catch(() => this.#unsynced.suspect(this.#length));
      edits = both(edits, await others);
      this.#owned.isUnread = false;
      this.#length = edits.length;
      // What this process wrote there is not its own any more, and has to reach the disk all the same.
      if (edits.replaced) this.#unsynced.disown();
      this.#isReplacedUntold ||= edits.replaced;
    }
    return edits;
  }

  async #isAsLeft(length: number): Promise<boolean> {
    const info = await this.#owned.look();
    return info !== undefined && this.#owned.isAsLeft(info, length);
  }

  #noEdits(): OthersEdits {
    return { length: this.#length, appended: NOTHING, replaced: false };
  }

  #withLead(records: Uint8Array, edits: OthersEdits): Batch {
    // Also where the batch that has found that could not be written.
    const replaced = edits.replaced || this.#isReplacedUntold;
    return batchOf(this.#records, records, { ...edits, length: this.#length, replaced });
  }

  #advance({ start, bytes }: Batch): void {
    this.#length = start + bytes.length;
    this.#records.written(start, bytes);
  }

  async #write(own: Intent): Promise<void> {
    try {
      await writeSoon(this.#owned.file, own.bytes, own.offset);
    } catch (error) {
      await this.#cutBack(own, await this.#owned.file.size().catch(() => undefined));
      throw error;
    }
    await this.#records.announced(own);
  }

  async #syncFile(own: Intent): Promise<void> {
    await this.#records.beforeSync(own.offset, this.#unsynced.syncedLength(this.#length));
    try {
      await this.#unsynced.sync(this.#owned.file, own.offset);
    } catch (error) {
      // Nobody knows what of it is on the disk. What is new goes; what was flushed earlier is written again:
      // at once, since neither who reads the file nor the next process can tell; else before the next write.
      if (own.bytes.length > 0) await this.#cutBack(own, own.offset + own.bytes.length);
      await this.#rewriteSuspect(own.offset).catch(() => {});
      throw error;
    }
  }

  /** Unless somebody else has written meanwhile: then where it stands is first to be looked for. */
  async #rewriteSuspect(length: number): Promise<void> {
    if (await this.#isAsLeft(length)) await this.#unsynced.rewrite(this.#owned);
  }

  async #cutBack(own: Intent, size: number | undefined): Promise<void> {
    this.#leftovers.add(own, size);
    // Tried again before the next write.
    await this.#takeBack().catch(() => {});
  }

  async #takeBack(): Promise<void> {
    try {
      const keep = (before: number) => this.#unsynced.keepBefore(this.#owned.file, before);
      await this.#leftovers.takeBack(this.#owned, keep);
    } catch (error) {
      // It may be its sync that has failed.
      this.#unsynced.suspect();
      throw error;
    }
  }
}
