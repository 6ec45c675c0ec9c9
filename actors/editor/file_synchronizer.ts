/**
 * Keeps a file and a text the same: writes what was edited, and finds what somebody has edited in the file.
 *
 * @module
 */
import type { Journal } from "../store/journal.ts";
import { type Cancellable, errorText, type FileInfo } from "../world/world.ts";
import type { ActorTools } from "./actor_tools.ts";
import type { HistoryEvent } from "./history.ts";
import { isSameFile, type SyncedFile } from "./synced_file.ts";
import { diffText } from "./text_diff.ts";

/** An edit is in the file this long after it, at most twice as long. */
const WRITE_MS = 100;
/** Where it cannot be written just then, it is tried again after this long. */
const AGAIN_MS = 20;
/** A file that somebody else writes is read when it has been as it is for this long. */
const SETTLE_MS = 50;
/** One that is empty now may be about to be written anew: editors that write in place cut it first. */
const EMPTY_SETTLE_MS = 500;
/** The file is looked at so often. Not watched: Deno's watch stands still at a FIFO made in the directory. */
const LOOK_MS = 100;
/** Of so many looks one sees what only what the file holds can tell. */
const LOOKS_WITHIN = 10;
const RETRY_MS = 1000;

/** Options of {@linkcode FileSynchronizer}. */
export interface FileSynchronizerOptions {
  readonly tools: ActorTools;
  readonly path: string;
  readonly file: SyncedFile;
  readonly journal: Journal<HistoryEvent>;
  /** A file that is longer is not merged. */
  readonly maxFileBytes: number;
  /** The text, all of which is durable; undefined while a part of it is not. */
  readonly durableText: () => string | undefined;
  /** Runs a task with the text when all of it is durable. */
  readonly whenDurable: (task: (text: string) => void) => void;
  /**
   * Somebody has saved the file, and this is what it holds. {@linkcode FileSynchronizer.accepted} is to be
   * called.
   */
  readonly edited: (text: string) => void;
  /** The file holds the text. */
  readonly inSync: () => void;
}

/** The owner of the file while people edit its text together. */
export class FileSynchronizer {
  readonly #options: FileSynchronizerOptions;
  readonly #file: SyncedFile;
  /** The file holds the text. */
  #isInSync: boolean;
  /** What is to be appended: lines without the last end, and what that comes to in the text. */
  #lines: string[] = [];
  #appended = "";
  #isAppending = false;
  /** Something is under way with the file. */
  #isBusy = false;
  /** Somebody else's text is being looked at or merged: nothing is written over it. */
  #foreign: { readonly info: FileInfo | undefined; readonly sinceMs: number } | undefined;
  /** Somebody has put there what cannot be merged: it is left as it is until they change it again. */
  #refused: FileInfo | undefined;
  #writeTimer: Cancellable | undefined;
  #lookTimer: Cancellable | undefined;
  #looks = 0;
  #isClosed = false;
  #whenWritten: ((error?: unknown) => void) | undefined;

  constructor(options: FileSynchronizerOptions, isInSync: boolean) {
    this.#options = options;
    this.#file = options.file;
    this.#isInSync = isInSync;
  }

  /** Begins to look at the file. */
  start(): void {
    this.#armLook();
    if (!this.#isInSync) this.#planWrite();
  }

  get isInSync(): boolean {
    return this.#isInSync;
  }

  /**
   * Lines were put at the end of the text, and are durable; the file gets them at once where it holds all
   * else.
   */
  append(lines: readonly string[], appended: string): void {
    if (!this.#isInSync && !this.#isAppending && this.#appended === "") return this.#planWrite();
    this.#isInSync = false;
    for (const line of lines) this.#lines.push(line);
    this.#appended += appended;
    this.#goOn();
  }

  /** The text was edited elsewhere. */
  edited(): void {
    this.#isInSync = false;
    this.#lines = [];
    this.#appended = "";
    this.#planWrite();
  }

  /** What somebody had saved is merged, and that is durable. */
  accepted(text: string, isWhole: boolean): void {
    this.#file.hold(text, this.#foreign?.info, true);
    this.#foreign = undefined;
    this.#lines = [];
    this.#appended = "";
    this.#isInSync = isWhole;
    if (isWhole) this.#written();
    else this.#planWrite();
    this.#look();
  }

  /** Something is durable that was not: what waited for it may be done. */
  goOn(): void {
    this.#goOn();
  }

  /**
   * Writes the file now where it does not hold the text, and calls back: with an error where it cannot be
   * written.
   */
  flush(done: (error?: unknown) => void): void {
    this.#whenWritten = done;
    if (this.#refused !== undefined) this.#written(new Error("the file holds what cannot be merged"));
    else if (this.#isInSync && !this.#isBusy) this.#written();
    else this.#goOn();
  }

  /**
   * Has the history say that the file holds the text, lines that were put behind it too: else, after a crash,
   * nobody could tell what that has cut off from what somebody has taken out. Calls back when it does, or
   * with an error.
   */
  seal(done: (error?: unknown) => void = () => {}): void {
    if (this.#isBusy || this.#isTheirs || !this.#isInSync) {
      return done(new Error("the file is being changed"));
    }
    if (!this.#file.hasGrown) return done();
    this.#isBusy = true;
    this.#options.tools.settle(this.#file.makeDurable(), (isDurable) => {
      this.#isBusy = false;
      const isHeld = isDurable && this.#options.durableText() === this.#file.held;
      if (isHeld) this.#options.journal.append([{ type: "held", edits: [] }]);
      done(isHeld ? undefined : new Error("the file was changed"));
      this.#goOn();
    }, (error) => {
      this.#isBusy = false;
      done(error ?? new Error("the file cannot be synced"));
      this.#goOn();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#writeTimer?.cancel();
    this.#lookTimer?.cancel();
  }

  #written(error?: unknown): void {
    if (error === undefined) this.#options.inSync();
    const done = this.#whenWritten;
    this.#whenWritten = undefined;
    done?.(error);
  }

  #planWrite(delayMs = WRITE_MS): void {
    if (this.#isClosed) return;
    this.#writeTimer ??= this.#options.tools.later(delayMs, () => {
      this.#writeTimer = undefined;
      this.#write();
    });
  }

  #goOn(): void {
    if (this.#isBusy || this.#isClosed || this.#isTheirs) return;
    if (this.#appended !== "") return this.#append();
    if (this.#whenWritten === undefined) return;
    // It was in sync already where it was only being looked at.
    if (this.#isInSync) this.#written();
    else this.#write();
  }

  #append(): void {
    const lines = this.#lines.join("\n");
    const appended = this.#appended;
    this.#lines = [];
    this.#appended = "";
    try {
      const result = this.#file.append(lines, appended);
      if (typeof result === "boolean") return this.#onAppended(result);
      this.#isBusy = this.#isAppending = true;
      this.#options.tools.settle(result, (ok) => {
        this.#isBusy = this.#isAppending = false;
        this.#onAppended(ok);
      }, (error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  #onAppended(isDone: boolean): void {
    if (!isDone) {
      this.edited();
      return this.#look();
    }
    // Not so when an edit came meanwhile: then a write is planned.
    if (this.#appended !== "") return this.#goOn();
    if (this.#writeTimer !== undefined) return;
    this.#isInSync = true;
    this.#written();
  }

  /** Whether nothing may be written, since the file holds what somebody else has put there. */
  get #isTheirs(): boolean {
    return this.#foreign !== undefined || this.#refused !== undefined;
  }

  /** Replaces the file by the text. */
  #write(): void {
    if (this.#isClosed || this.#isInSync || this.#isTheirs) return;
    const { tools, journal, durableText } = this.#options;
    const text = durableText();
    // The file is being looked at, or the text is not durable yet.
    if (this.#isBusy || text === undefined) return this.#planWrite(AGAIN_MS);
    this.#isBusy = true;
    this.#lines = [];
    this.#appended = "";
    journal.append([{ type: "writing" }]);
    tools.settle(
      this.#replace(text),
      (isReplaced) => this.#onReplaced(text, isReplaced),
      (error) => this.#failed(error),
    );
  }

  /** False where somebody else has changed the file. */
  async #replace(text: string): Promise<boolean> {
    await this.#options.journal.commit();
    return await this.#file.replace(text);
  }

  #onReplaced(text: string, isReplaced: boolean): void {
    this.#isBusy = isReplaced;
    if (!isReplaced) return this.#look();
    // What the file held is said of a text that is durable: a crash must not leave the one without the other.
    this.#options.whenDurable((durableText) => {
      this.#isBusy = false;
      if (this.#isClosed) return;
      const edits = diffText(durableText, text);
      this.#options.journal.append([{ type: "held", edits }]);
      this.#isInSync = edits.length === 0;
      if (this.#isInSync) this.#written();
      else this.#planWrite();
      this.#look();
    });
  }

  #failed(error: unknown): void {
    this.#isBusy = this.#isAppending = false;
    this.#isInSync = false;
    const { tools, path } = this.#options;
    tools.log.error(`Cannot write ${path}: ${errorText(error)}`, {
      event: "file-not-written",
    });
    this.#written(error ?? new Error(`Cannot write ${path}`));
    this.#planWrite(RETRY_MS);
  }

  #armLook(): void {
    const { tools } = this.#options;
    this.#lookTimer = tools.later(LOOK_MS, () => {
      if (++this.#looks % LOOKS_WITHIN === 0) this.#lookWithin();
      else this.#look();
      tools.settle(this.#file.lookForLateSaves(), () => {
        if (!this.#isClosed) this.#armLook();
      }, () => {});
    });
  }

  /** Looks whether somebody else has changed the file. */
  #look(): void {
    if (this.#isBusy || this.#isClosed || this.#foreign !== undefined) return;
    this.#isBusy = true;
    this.#options.tools.settle(this.#file.look(), (info) => {
      this.#isBusy = false;
      if (this.#file.isChanged(info)) this.#onChanged(info);
      else this.#goOn();
    }, (error) => this.#failed(error));
  }

  /** As {@linkcode FileSynchronizer.#look}, and sees what only what the file holds can tell. */
  #lookWithin(): void {
    if (this.#isBusy || this.#isClosed || this.#foreign !== undefined) return;
    this.#isBusy = true;
    const { tools } = this.#options;
    const look = async () => {
      const info = await this.#file.look();
      return { info, isChanged: await this.#file.isChangedWithin(info) };
    };
    tools.settle(look(), ({ info, isChanged }) => {
      this.#isBusy = false;
      if (isChanged) return this.#onChanged(info);
      this.#goOn();
      if (this.#isInSync) this.seal();
    }, (error) => this.#failed(error));
  }

  #onChanged(info: FileInfo | undefined): void {
    if (this.#refused !== undefined && isSameFile(info, this.#refused)) return;
    this.#onForeign(info);
  }

  #onForeign(info: FileInfo | undefined): void {
    this.#refused = undefined;
    this.#foreign = { info, sinceMs: this.#options.tools.world.clock.monotonic() };
    this.#options.tools.later(SETTLE_MS, () => this.#lookAgain());
  }

  /** Reads the file once nobody has changed it for a while. */
  #lookAgain(): void {
    const { tools } = this.#options;
    tools.settle(this.#file.look(), (info) => {
      if (this.#isClosed || this.#foreign === undefined) return;
      const nowMs = tools.world.clock.monotonic();
      if (!isSameFile(info, this.#foreign.info)) return this.#onForeign(info);
      const isEmpty = info === undefined || info.size === 0;
      const waitMs = isEmpty && this.#file.held !== "" ? EMPTY_SETTLE_MS : SETTLE_MS;
      if (nowMs - this.#foreign.sinceMs < waitMs) tools.later(SETTLE_MS, () => this.#lookAgain());
      else if (info === undefined) this.#onRemoved();
      else this.#read(info);
    }, (error) => this.#notRead(error));
  }

  /** A file that is no longer there is not an edit: it is written anew. */
  #onRemoved(): void {
    const { tools, path } = this.#options;
    tools.log.warn(`${path} was removed: writing it anew`, { event: "file-removed" });
    this.#file.hold(this.#file.held, undefined);
    this.#foreign = undefined;
    this.edited();
  }

  #read(info: FileInfo): void {
    const { tools, edited, maxFileBytes } = this.#options;
    if (!info.isFile) return this.#refuse(info, "it is no regular file");
    if (info.size > maxFileBytes) return this.#refuse(info, `it is longer than ${maxFileBytes} bytes`);
    tools.settle(this.#file.readForeign(), (text) => {
      tools.settle(this.#file.look(), (now) => {
        if (this.#isClosed || this.#foreign === undefined) return;
        // It was written while it was read.
        if (!isSameFile(info, now)) return this.#onForeign(now);
        if (text === undefined) return this.#refuse(info, "it is not UTF-8");
        if (this.#file.isAttempt(text)) return this.#foundAttempt(text, info);
        edited(text);
      }, (error) => this.#notRead(error));
    }, (error) => this.#notRead(error));
  }

  /** It holds what it was given by a replacement that has failed afterwards. */
  #foundAttempt(text: string, info: FileInfo): void {
    this.#file.hold(text, info);
    this.#foreign = undefined;
    this.#onReplaced(text, true);
  }

  /** What cannot be merged is not written over either. */
  #refuse(info: FileInfo, why: string): void {
    const { tools, path } = this.#options;
    tools.log.error(`Cannot merge what ${path} holds now: ${why}; it is left as it is`, {
      event: "file-refused",
    });
    this.#foreign = undefined;
    this.#refused = info;
    this.#isInSync = false;
    this.#lines = [];
    this.#appended = "";
    if (this.#whenWritten !== undefined) this.#written(new Error(`${path} holds what cannot be merged`));
  }

  #notRead(error: unknown): void {
    const { tools, path } = this.#options;
    tools.log.error(`Cannot read ${path}: ${errorText(error)}`, {
      event: "file-unreadable",
    });
    this.#foreign = undefined;
    if (this.#isInSync) this.#goOn();
    else this.#planWrite(RETRY_MS);
  }
}
