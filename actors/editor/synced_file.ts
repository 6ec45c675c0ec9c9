/**
 * A file that holds the text of a document that others edit, and that a person may edit as well.
 *
 * @module
 */
import type { LogFile } from "../store/log_file.ts";
import type { Batch } from "../store/log_file_options.ts";
import { dirname, type FileInfo, isNotFound, type World } from "../world/world.ts";
import { decodeStrictly, decodeText } from "./known_text.ts";
import { editsBehind, type HeldText, outsideEdits } from "./recovery.ts";
import { type ByteRange, isDropped, type LateSave, ReplacedFile } from "./replaced_file.ts";
import { OlderTexts } from "./older_texts.ts";
import { ReplacedFiles } from "./replaced_files.ts";
import type { TextEdit } from "./text_diff.ts";

/** Of a text that grows line by line it is known so often how long it was. */
const MAX_LENGTHS = 4096;
/**
 * Somebody may have read it before it grew if it did so a moment ago. Else who takes its last lines out means
 * that.
 */
const RECENT_MS = 3000;
/** Replacements in a row that have failed, of which the last is likeliest. */
const MAX_ATTEMPTS = 8;

const ENCODER = new TextEncoder();

/** The file, what it is known to hold, and what it held before. */
export class SyncedFile {
  readonly #world: World;
  readonly #log: LogFile;
  readonly #maxBytes: number;
  /** What it is known to hold, and so long that was at times before: only its end has grown since. */
  #held = "";
  #isSaved = false;
  #lengths: number[] = [];
  #hasGrown = false;
  #grownAtMs = -Infinity;
  readonly #older = new OlderTexts();
  #left: FileInfo | undefined;
  /** What it may hold since: of a replacement that failed nobody knows how far it came. The latest first. */
  #attempts: string[] = [];
  /** All that it would hold, had the last append not failed. */
  #torn: string | undefined;
  /** The latest lines, where they were put behind what somebody has saved just before. */
  #behindOthers = "";
  /** So many bytes of it are on the disk. */
  #syncedBytes = 0;
  /** Of what was behind these, a sync that failed may have left zeros. */
  #unsure: ByteRange | undefined;
  /** Somebody may have written between our own write and the look at what it left. */
  #isUnverified = false;
  /** Files that it was before it was replaced. */
  readonly #replaced = new ReplacedFiles();
  /** What was last begun to be written. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(world: World, log: LogFile, maxBytes: number) {
    this.#world = world;
    this.#log = log;
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes over a file, and reads it. What it is known to hold is said by {@linkcode SyncedFile.begin}.
   *
   * @param maxBytes what is written to one that was replaced, and comes to more, is no text of this document
   */
  static async open(
    world: World,
    log: LogFile,
    maxBytes: number,
  ): Promise<{ file: SyncedFile; bytes: Uint8Array }> {
    const file = new SyncedFile(world, log, maxBytes);
    const left = await file.look();
    const bytes = left === undefined ? new Uint8Array(0) : await file.#readDurably();
    file.#left = left;
    return { file, bytes };
  }

  /** It holds this, and is as it was when it was opened. */
  begin(text: string): void {
    this.#held = text;
    this.#syncedBytes = this.#left?.size ?? 0;
  }

  /** Says who is told of what somebody has written to the file that was replaced. */
  onLateSave(late: (save: LateSave) => void): void {
    this.#replaced.onLateSave(late);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  #track<T>(writing: Promise<T>): Promise<T> {
    this.#writing = writing;
    return writing;
  }

  /** Nobody is told of late saves any more. */
  close(): void {
    this.#replaced.close();
  }

  /** Looks whether somebody has written to a file that was replaced. */
  lookForLateSaves(): Promise<void> {
    return this.#replaced.look(this.#world.clock.monotonic());
  }

  /** The edits of somebody who has saved it, as edits of the document's text. */
  editsOf(saved: string, text: string): TextEdit[] {
    const own = this.#behindOthers;
    if (own === "" || !saved.endsWith(own)) return outsideEdits(saved, this.#bases, text);
    return editsBehind(saved.slice(0, -own.length), own, this.#bases, text);
  }

  /**
   * As {@linkcode SyncedFile.editsOf}, of what somebody has written to a file that it had replaced by then:
   * it was made of what that held, or of an older text.
   */
  lateEditsOf({ base, text: saved }: LateSave, text: string): TextEdit[] {
    const bases = this.#bases;
    const at = bases.findIndex((held) => held.text === base);
    return outsideEdits(saved, [{ text: base, lengths: [] }, ...bases.slice(at + 1)], text);
  }

  /** Somebody has written this to a file that it had replaced by then, and may go on with that. */
  remember(saved: string): void {
    this.#older.add({ text: saved, lengths: [], isSaved: true });
  }

  /** Texts that it held, or may have held, the latest first. */
  get #bases(): readonly HeldText[] {
    const attempts = this.#attempts.map((text) => ({ text, lengths: [] }));
    const isRecent = this.#world.clock.monotonic() - this.#grownAtMs < RECENT_MS;
    const all = [this.#heldText, ...attempts, ...this.#older.all];
    return isRecent ? all : all.map((held) => ({ ...held, lengths: [] }));
  }

  get #heldText(): HeldText {
    return { text: this.#held, lengths: this.#lengths, isSaved: this.#isSaved };
  }

  /** Whether this is a text that it was given, though that was taken for a failure: nobody has edited it. */
  isAttempt(text: string): boolean {
    const isTorn = this.#torn?.startsWith(text) === true && text.startsWith(this.#held);
    return isTorn || isDropped(text, this.#held, this.#unsure) || this.#attempts.includes(text);
  }

  /** What it is known to hold. */
  get held(): string {
    return this.#held;
  }

  /** Whether something was put behind its end of which the history does not say yet that it is there. */
  get hasGrown(): boolean {
    return this.#hasGrown;
  }

  /**
   * Makes durable what was put behind its end. False where somebody else has changed it: then nothing is to
   * be said of what it holds.
   */
  async makeDurable(): Promise<boolean> {
    if (this.isChanged(await this.look())) return false;
    const bytes = this.#left?.size ?? 0;
    const { replaced, othersBytes } = await this.#orUnsure(this.#log.sync(), bytes);
    if (replaced || othersBytes > 0 || this.isChanged(await this.look())) return false;
    this.#hasGrown = false;
    this.#syncedBytes = bytes;
    return true;
  }

  /** What is known of the file that has the name now; undefined where there is none. */
  async look(): Promise<FileInfo | undefined> {
    try {
      return await this.#stat(this.#log.path);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #stat(path: string): Promise<FileInfo> {
    const { disk } = this.#world;
    return disk.statNow?.(path) ?? await disk.stat(path);
  }

  /** Whether somebody else has changed it. */
  isChanged(info: FileInfo | undefined): boolean {
    return !isSameFile(info, this.#left);
  }

  /**
   * Whether somebody else has changed it, by all that can be known: a file looks the same when it was written
   * anew, at the same length, before it was looked at after our own write. So it is read once.
   */
  async isChangedWithin(info: FileInfo | undefined): Promise<boolean> {
    if (this.isChanged(info)) return true;
    if (!this.#isUnverified || info === undefined) return false;
    const text = decodeStrictly(await this.#world.disk.readFile(this.#log.path));
    // Written meanwhile: the next look sees it.
    if (!isSameFile(await this.look(), info)) return false;
    this.#isUnverified = false;
    if (text === this.held) return false;
    this.#left = undefined;
    return true;
  }

  /** As {@linkcode SyncedFile.readForeign}, once all that is under way with it is done. */
  async readAll(): Promise<string | undefined> {
    await this.#log.sync();
    return await this.readForeign();
  }

  /** Reads what somebody else has put there, which is durable then; undefined where that is not UTF-8. */
  async readForeign(): Promise<string | undefined> {
    return decodeStrictly(await this.#readDurably());
  }

  /**
   * What is said of the file in the history must be true after a crash, too; but who has saved it need not
   * have synced it, as we do not sync what we append.
   */
  async #readDurably(): Promise<Uint8Array> {
    const { disk } = this.#world;
    const { path } = this.#log;
    const file = await disk.open(path);
    let bytes: Uint8Array;
    try {
      bytes = await disk.readFile(path);
      await this.#orUnsure(file.sync(), bytes.length);
    } finally {
      file.close();
    }
    await disk.syncDirectory(dirname(path));
    return bytes;
  }

  /** Waits for a sync of so many bytes. */
  async #orUnsure<T>(sync: Promise<T>, bytes: number): Promise<T> {
    try {
      return await sync;
    } catch (error) {
      this.#unsure = { from: this.#syncedBytes, to: bytes };
      this.#isUnverified = true;
      throw error;
    }
  }

  /** From now on the file is known to hold this, and to be as `info` has it. `isSaved` by somebody else. */
  hold(text: string, info: FileInfo | undefined, isSaved = false): void {
    this.#left = info;
    this.#attempts = [];
    this.#torn = undefined;
    this.#behindOthers = "";
    this.#unsure = undefined;
    this.#syncedBytes = info?.size ?? 0;
    this.#older.add(this.#heldText);
    [this.#held, this.#isSaved] = [text, isSaved];
    this.#lengths = [];
    this.#hasGrown = false;
  }

  /**
   * Appends whole lines, at once where the world can. False where somebody else has changed the file: then
   * they are in it or not.
   *
   * @param lines without the last line's end, and without the end that the text before them may lack
   * @param appended what that comes to in the text
   */
  append(lines: string, appended: string): boolean | Promise<boolean> {
    const { statNow } = this.#world.disk;
    if (statNow === undefined) return this.#track(this.#appendSoon(lines, appended));
    // Not to what somebody has just put in its place, of which the log may not know yet.
    if (this.isChanged(statNow.call(this.#world.disk, this.#log.path))) return false;
    this.#log.append(lines);
    let batch: Batch | undefined;
    try {
      batch = this.#log.flushNow();
    } catch (error) {
      return this.#track(this.#cutBack(appended, error));
    }
    if (batch === undefined) return this.#track(this.#flush(appended));
    let info: FileInfo | undefined;
    try {
      info = statNow.call(this.#world.disk, this.#log.path);
    } catch {
      // As in `#flush`.
    }
    return this.#appended(batch, appended, info);
  }

  /** A part of what could not be appended may be there: it is taken back before it looks like an edit. */
  async #cutBack(appended: string, error: unknown): Promise<never> {
    this.#torn = this.#held + appended;
    await this.#log.flush().catch(() => {});
    throw error;
  }

  async #appendSoon(lines: string, appended: string): Promise<boolean> {
    if (this.isChanged(await this.look())) return false;
    this.#log.append(lines);
    return await this.#flush(appended);
  }

  async #flush(appended: string): Promise<boolean> {
    let batch: Batch;
    try {
      batch = await this.#log.flush();
    } catch (error) {
      return await this.#cutBack(appended, error);
    }
    // They are in the file, also where it cannot be looked at: then the next look takes it for changed.
    return this.#appended(batch, appended, await this.look().catch(() => undefined));
  }

  #appended(batch: Batch, appended: string, info: FileInfo | undefined): boolean {
    if (batch.replaced || batch.othersBytes > 0) {
      // What is there now is not what was left.
      this.hold(this.#held + appended, undefined);
      this.#behindOthers = decodeText(batch.bytes.subarray(batch.leadBytes));
      return false;
    }
    if (this.#isSaved) this.remember(this.#held);
    this.#isSaved = false;
    this.#lengths.push(this.#held.length);
    if (this.#lengths.length > MAX_LENGTHS) this.#lengths = this.#lengths.filter((_, index) => index % 2 > 0);
    this.#held += appended;
    this.#hasGrown = true;
    this.#grownAtMs = this.#world.clock.monotonic();
    this.#left = info;
    this.#isUnverified = true;
    return true;
  }

  /**
   * Replaces what it holds, atomically and durably. False where somebody else has changed it: then it is as
   * they left it. What somebody writes to it who opened it before is looked for in the old file.
   */
  replace(text: string): Promise<boolean> {
    return this.#track(this.#replace(text));
  }

  async #replace(text: string): Promise<boolean> {
    const before = await this.look();
    // A line that was put behind it may have been put into what somebody had saved just then.
    if (this.#hasGrown ? await this.isChangedWithin(before) : this.isChanged(before)) return false;
    // Of a file that has other names, too, what is written to it is written to these.
    const old = (before?.linkCount ?? 1) > 1 ? undefined : await this.#openOld();
    let left: FileInfo | undefined;
    try {
      if (this.isChanged(await this.look())) throw new ChangedElsewhere();
      await this.#log.replaceText(ENCODER.encode(text), async (temporary) => {
        // As it will look under its name: what somebody does to it from the first moment on is seen.
        left = await this.#stat(temporary);
        if (this.isChanged(await this.look())) throw new ChangedElsewhere();
      });
    } catch (error) {
      old?.close();
      if (error instanceof ChangedElsewhere) return false;
      this.#attempts = [text, ...this.#attempts.slice(0, MAX_ATTEMPTS - 1)];
      throw error;
    }
    if (old !== undefined) this.#replaced.add(old);
    this.hold(text, left);
    this.#isUnverified = true;
    return true;
  }

  /** The file as it is before it is replaced, where it can be opened. */
  async #openOld(): Promise<ReplacedFile | undefined> {
    try {
      const file = await this.#world.disk.open(this.#log.path);
      return new ReplacedFile(file, {
        held: this.#held,
        size: this.#left?.size,
        unsure: this.#unsure,
        maxBytes: this.#maxBytes,
        nowMs: this.#world.clock.monotonic(),
      });
    } catch {
      return undefined;
    }
  }
}

/** Somebody else has changed the file that was to be replaced. */
class ChangedElsewhere extends Error {
  override readonly name = "ChangedElsewhere";
}

/** Whether two looks at a name found the same file, unchanged. */
export function isSameFile(left: FileInfo | undefined, right: FileInfo | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.size === right.size && left.id === right.id && left.modifiedAtMs === right.modifiedAtMs;
}
