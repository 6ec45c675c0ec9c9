/**
 * The shared document.
 *
 * @module
 */
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import { type Batch, LogFile } from "../store/log_file.ts";
import { LogFileError } from "../store/log_file_error.ts";
import { errorText } from "../world/world.ts";

/**
 * When an update counts as saved, which is when others are sent it.
 *
 * - `always`: when it is on the disk (fdatasync). Updates that come together share one.
 * - `interval`: when it is in the file; a sync follows within {@linkcode DocumentOptions.syncIntervalMs}.
 * - `never`: when it is in the file; the system syncs when it likes.
 */
export type SyncPolicy = "always" | "interval" | "never";

/** A part of the document, in bytes: `start` is in it, `end` is not. */
export interface DocumentRange {
  /** Byte offset of its first byte. */
  readonly start: number;
  /** Byte offset behind its last byte. */
  readonly end: number;
}

/** What a document can be told. Whoever is sent {@linkcode DocumentEvent}s can be a member: no socket is needed. */
export type DocumentCommand =
  /** Become a member, until `member` stops. Answered by `joined`; every update saved from then on follows, once, in the order of all. */
  | { readonly type: "join"; readonly member: Ref<DocumentEvent> }
  /** Append one line, given without its end. Answered by `updated` or `rejected`. */
  | { readonly type: "update"; readonly member: Ref<DocumentEvent>; readonly text: string }
  /** Answered by `piece`, or by `unreadable`. A piece may be shorter than the range. */
  | { readonly type: "read"; readonly range: DocumentRange; readonly replyTo: Ref<DocumentEvent> };

/** What a document tells its members. */
export type DocumentEvent =
  /** The document has this many bytes now, to be had by `read`; what comes after them comes as `updated`. */
  | { readonly type: "joined"; readonly length: number }
  | DocumentUpdated
  /** Updates of the member's own could not be saved; nobody was sent them. */
  | {
    readonly type: "rejected";
    readonly updates: number;
    readonly characters: number;
    readonly reason: string;
  }
  | { readonly type: "piece"; readonly start: number; readonly bytes: Uint8Array }
  | { readonly type: "unreadable"; readonly reason: string };

/** The document has grown. */
export interface DocumentUpdated {
  /** Which of the events it is. */
  readonly type: "updated";
  /** Byte offset of the first update of the batch. */
  readonly start: number;
  /** What is new, exactly as it stands in the document. Shared by all members: not to be changed. */
  readonly bytes: Uint8Array;
  /** What of it the member itself had sent; undefined where there is none. */
  readonly own: OwnUpdates | undefined;
}

/** The updates of one member in a {@linkcode DocumentUpdated}. */
export interface OwnUpdates {
  /** Where they stand, in order. */
  readonly ranges: readonly DocumentRange[];
  /** The length of their texts, with one for each line's end. */
  readonly characters: number;
}

/** Options of {@linkcode sharedDocument}. */
export interface DocumentOptions {
  /** The file. */
  readonly path: string;
  /** When an update is on the disk. @default "always" */
  readonly sync?: SyncPolicy;
  /** Milliseconds between an update and its sync, with the policy `interval`. @default 100 */
  readonly syncIntervalMs?: number;
  /** Told when the file is open. Runs inside the document's actor: only `tell` in it. */
  readonly opened?: () => void;
}

/** The document's file could not be had. The text is the line for the operator; `cause` has the reason. */
export class DocumentError extends Error {
  /** For `error.name`. */
  override readonly name = "DocumentError";
}

type Message =
  | DocumentCommand
  | { readonly type: "left"; readonly member: Ref<DocumentEvent> }
  | { readonly type: "commit" }
  | { readonly type: "sync-is-due" }
  | { readonly type: "saved"; readonly batch: Batch }
  | { readonly type: "not-saved"; readonly error: unknown };

/**
 * A document that many write together: it owns its file alone, and the order of the file is the order for everybody.
 *
 * An update is saved first, and only then sent. The file is the text: what is held in memory is what is not saved yet,
 * so that an update costs the same however long the document is.
 *
 * Its start fails with a {@linkcode DocumentError}. Lives as long as its file handle: spawn it with `escalate()`, since
 * a fresh one would not know its members.
 *
 * @example
 * ```ts no-assert
 * import { sharedDocument } from "@troupe/actors/editor";
 *
 * const behavior = sharedDocument({ path: "notes.txt" });
 * ```
 */
export function sharedDocument(options: DocumentOptions): Behavior<DocumentCommand> {
  const behavior: Behavior<Message> = async (self) => {
    const { path } = options;
    const log = await open(self, path);
    self.onStop(() => log.close());
    if (log.created) self.log.info(`Created ${path} file`);
    self.log.info(`Loaded existing content from ${path}`, { bytes: log.length });
    const document = new SharedDocument(self, log, options);
    options.opened?.();
    return (message) => document.receive(message);
  };
  // Its own messages are its own: nobody else can name them.
  return behavior as Behavior<DocumentCommand>;
}

async function open(self: Context<Message>, path: string): Promise<LogFile> {
  try {
    const log = await LogFile.open(self.world.disk, path, { form: "text", clock: self.world.clock });
    if (log.cutBytes > 0) {
      self.log.warn(`Removed ${log.cutBytes} bytes of a line that a crash had cut off from ${path}`);
    }
    return log;
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error;
    const doing = error.during === "read" ? "reading" : "opening";
    // Nothing is wrong with a file that another has, so that the operator could not guess why it is not opened.
    const why = error.during === "take" ? `: ${error.reason}` : "";
    throw new DocumentError(`Error ${doing} file ${path}${why}`, { cause: error });
  }
}

/** Updates of one member in a row that are not saved yet. Where they stand is counted from the first record of their batch. */
interface Unsaved {
  readonly member: Ref<DocumentEvent>;
  readonly start: number;
  end: number;
  updates: number;
  characters: number;
}

class SharedDocument {
  readonly #self: Context<Message>;
  readonly #log: LogFile;
  readonly #path: string;
  readonly #sync: SyncPolicy;
  readonly #syncIntervalMs: number;
  readonly #members = new Set<Ref<DocumentEvent>>();
  /** Updates that the next commit takes. */
  #waiting: Unsaved[] = [];
  /** Updates that a commit has taken; undefined while none is under way. */
  #underWay: readonly Unsaved[] | undefined;
  #isCommitQueued = false;
  #isSyncDue = false;
  #isSyncPlanned = false;

  constructor(self: Context<Message>, log: LogFile, options: DocumentOptions) {
    this.#self = self;
    this.#log = log;
    this.#path = options.path;
    this.#sync = options.sync ?? "always";
    this.#syncIntervalMs = options.syncIntervalMs ?? 100;
  }

  receive(message: Message): void {
    switch (message.type) {
      case "join":
        return this.#join(message.member);
      case "left":
        return void this.#members.delete(message.member);
      case "update":
        return this.#update(message.member, message.text);
      case "read":
        return this.#read(message.range, message.replyTo);
      case "commit":
        this.#isCommitQueued = false;
        return this.#commit();
      case "sync-is-due":
        this.#isSyncPlanned = false;
        this.#isSyncDue = true;
        return this.#commit();
      case "saved":
        return this.#saved(message.batch);
      case "not-saved":
        return this.#notSaved(message.error);
      default:
        assertNever(message);
    }
  }

  #join(member: Ref<DocumentEvent>): void {
    if (this.#members.has(member)) return;
    this.#members.add(member);
    this.#self.watch(member, () => ({ type: "left", member }));
    member.tell({ type: "joined", length: this.#log.length });
  }

  #update(member: Ref<DocumentEvent>, text: string): void {
    const characters = text.length + 1;
    if (text.includes("\n")) {
      const reason = "Cannot save the update: it is more than one line";
      return member.tell({ type: "rejected", updates: 1, characters, reason });
    }
    const last = this.#waiting[this.#waiting.length - 1];
    const end = this.#log.append(text);
    if (last !== undefined && last.member === member) {
      last.end = end;
      last.updates++;
      last.characters += characters;
    } else {
      this.#waiting.push({ member, start: last?.end ?? 0, end, updates: 1, characters });
    }
    if (this.#underWay !== undefined || this.#isCommitQueued) return;
    // Behind the updates that are in the mailbox already: they share the commit.
    this.#isCommitQueued = true;
    this.#self.self.tell({ type: "commit" });
  }

  #commit(): void {
    if (this.#underWay !== undefined || (this.#waiting.length === 0 && !this.#isSyncDue)) return;
    const durable = this.#sync === "always" || this.#isSyncDue;
    this.#isSyncDue = false;
    this.#underWay = this.#waiting;
    this.#waiting = [];
    if (!durable && this.#commitNow()) return;
    this.#self.pipe<Batch>(
      durable ? this.#log.sync() : this.#log.flush(),
      (batch) => ({ type: "saved", batch }),
      (error) => ({ type: "not-saved", error }),
    );
  }

  /** False when it takes time. */
  #commitNow(): boolean {
    let batch: Batch | undefined;
    try {
      batch = this.#log.flushNow();
    } catch (error) {
      this.#notSaved(error);
      return true;
    }
    if (batch === undefined) return false;
    this.#saved(batch);
    return true;
  }

  #saved(batch: Batch): void {
    const updates = this.#underWay ?? [];
    this.#underWay = undefined;
    if (batch.replaced) {
      this.#self.log.warn(`${this.#path} was changed by somebody else: going on with what it holds now`);
    }
    if (batch.othersBytes > 0) this.#self.log.info(`Broadcasting what was added to ${this.#path} by hand`);
    this.#broadcast(batch, updates);
    if (updates.length > 0) this.#planSync();
    this.#commit();
  }

  #planSync(): void {
    if (this.#sync !== "interval" || this.#isSyncPlanned) return;
    this.#isSyncPlanned = true;
    this.#self.after(this.#syncIntervalMs, { type: "sync-is-due" });
  }

  #broadcast(batch: Batch, updates: readonly Unsaved[]): void {
    const { start, bytes } = batch;
    if (bytes.length === 0) return;
    if (this.#self.world.log.enabled("info")) {
      for (let i = countOf(updates); i > 0; i--) this.#self.log.info("Broadcasting update to all clients");
    }
    const authors = ownUpdates(batch, updates);
    const shared: DocumentUpdated = { type: "updated", start, bytes, own: undefined };
    for (const member of this.#members) {
      const own = authors.get(member);
      member.tell(own === undefined ? shared : { type: "updated", start, bytes, own });
    }
  }

  #notSaved(error: unknown): void {
    const updates = this.#underWay ?? [];
    this.#underWay = undefined;
    const what = errorText(error);
    this.#self.log.error(what, { updates: countOf(updates) });
    // Which file could not be written is the operator's business.
    const reason = `Cannot save the update: ${what.slice(what.indexOf(": ") + 1).trim()}`;
    for (const { member, updates: count, characters } of updates) {
      member.tell({ type: "rejected", updates: count, characters, reason });
    }
    this.#planSync();
    this.#commit();
  }

  #read({ start, end }: DocumentRange, replyTo: Ref<DocumentEvent>): void {
    const buffer = new Uint8Array(end - start);
    this.#log.read(buffer, start).then(
      (count) => replyTo.tell({ type: "piece", start, bytes: buffer.subarray(0, count ?? 0) }),
      (error: unknown) => {
        const reason = errorText(error);
        this.#self.log.error(reason);
        replyTo.tell({ type: "unreadable", reason });
      },
    );
  }
}

function countOf(updates: readonly Unsaved[]): number {
  return updates.reduce((sum, { updates }) => sum + updates, 0);
}

/** What of a batch each member had sent. The end of the line before belongs to the update that needed it. */
function ownUpdates(batch: Batch, updates: readonly Unsaved[]): Map<Ref<DocumentEvent>, OwnUpdates> {
  const authors = new Map<Ref<DocumentEvent>, { ranges: DocumentRange[]; characters: number }>();
  const firstRecord = batch.start + batch.leadBytes;
  for (const update of updates) {
    const start = update.start === 0 ? batch.start + batch.othersBytes : firstRecord + update.start;
    const range = { start, end: firstRecord + update.end };
    const own = authors.get(update.member);
    if (own === undefined) {
      authors.set(update.member, { ranges: [range], characters: update.characters });
    } else {
      own.ranges.push(range);
      own.characters += update.characters;
    }
  }
  return authors;
}
