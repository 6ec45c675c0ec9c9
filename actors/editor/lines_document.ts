/**
 * A document that is edited by lines alone: what is appended goes to the file, and from there to everybody.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import type { Ref } from "../runtime/mod.ts";
import type { LogFile } from "../store/log_file.ts";
import type { Batch } from "../store/log_file_options.ts";
import { reasonText } from "../world/failure.ts";
import { errorText } from "../world/world.ts";
import { type ActorTools, updateCounter } from "./actor_tools.ts";
import { changedLines } from "./changed_lines.ts";
import type { DocumentEvent, DocumentRange, DocumentUpdated, SyncPolicy } from "./document_events.ts";
import { decodeText, KnownText, readWhole } from "./known_text.ts";
import { countOf, isBeginning, isMidLine, lacksEnd, ownUpdates, since, type Unsaved } from "./lines_batch.ts";

/** Options of {@linkcode LinesDocument}. */
export interface LinesDocumentOptions {
  readonly path: string;
  readonly sync: SyncPolicy;
  readonly syncIntervalMs: number;
}

/**
 * A save in place cuts the file, and may come in parts: one that lacks the last line is whole once lines
 * were put behind it, or after this long.
 */
const SAVE_MS = 500;
/** Whether somebody has written into the file is not asked again so soon after a write of ours. */
const PAUSE_MS = 5;
/** Two writes so shortly after one another may leave the same time. */
const TIME_STEP_MS = 20;

const ENCODER = new TextEncoder();

/** A document that lines are appended to, and nothing else. */
export class LinesDocument {
  readonly #tools: ActorTools;
  readonly #log: LogFile;
  readonly #path: string;
  readonly #sync: SyncPolicy;
  readonly #syncIntervalMs: number;
  readonly #members: ReadonlySet<Ref<DocumentEvent>>;
  /** Told whenever nothing is under way and nothing waits. */
  readonly #idle: () => void;
  /** Updates that the next commit takes. */
  #waiting: Unsaved[] = [];
  /** Updates that a commit has taken; undefined while none is under way. */
  #underWay: readonly Unsaved[] | undefined;
  #isCommitQueued = false;
  /** What is to be done once the members know what the file holds. */
  #tasks: (() => void)[] = [];
  #tasksUnderWay: readonly (() => void)[] = [];
  #isSyncDue = false;
  #isSyncPlanned = false;
  readonly #known: KnownText;
  /** The file holds something else than what the members know, which could not be told yet. */
  #isEditUntold = false;
  #isLookPlanned = false;
  /** A save has had its time: what the file holds at the next look is the whole of it. */
  #isLookDue = false;
  #isLastLook = false;
  /** Somebody may have changed the file and left its length: it is read. */
  #isReadDue = false;
  /** What the file's time is later than, others have written. */
  #ownTimeMs: number;
  #wroteAtMs = -Infinity;
  /** Somebody else looks at the file and tells of it: what was planned here would be told once more. */
  #isResting = false;
  #toldLength: number;

  constructor(
    tools: ActorTools,
    log: LogFile,
    options: LinesDocumentOptions,
    members: ReadonlySet<Ref<DocumentEvent>>,
    idle: () => void,
  ) {
    this.#tools = tools;
    this.#log = log;
    this.#path = options.path;
    this.#sync = options.sync;
    this.#syncIntervalMs = options.syncIntervalMs;
    this.#members = members;
    this.#idle = idle;
    this.#known = new KnownText(tools, log, () => this.#planCommit());
    this.#toldLength = log.length;
    this.#ownTimeMs = tools.world.clock.now();
  }

  /** Tells a new member what the others know. Only in {@linkcode LinesDocument.whenKnown}. */
  welcome(member: Ref<DocumentEvent>): void {
    const length = this.#toldLength;
    const text = this.#known.bytes;
    if (text === undefined) return member.tell({ type: "joined", length });
    // Not out of the file, which somebody may edit while it is read.
    member.tell({ type: "joined", length, text, isFile: true });
  }

  /** The text that the members know; undefined where it is too long to be kept. */
  get knownText(): Uint8Array<ArrayBuffer> | undefined {
    return this.#known.bytes;
  }

  /** The members were told of so many bytes of the file. */
  get toldLength(): number {
    return this.#toldLength;
  }

  /** The file holds this now, after it was edited elsewhere too, and all members know it. */
  begin(text: Uint8Array): void {
    this.#known.set(text);
    this.#toldLength = text.length;
    this.#isEditUntold = this.#isLookDue = this.#isResting = false;
    this.#ownTimeMs = this.#tools.world.clock.now();
  }

  /** Leaves the file alone until {@linkcode LinesDocument.begin} or {@linkcode LinesDocument.resume}. */
  rest(): void {
    this.#isResting = true;
  }

  /** Takes the file back, which nobody else has written. */
  resume(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#commit();
  }

  /** Whether nothing is under way and nothing waits. */
  get isIdle(): boolean {
    return this.#underWay === undefined && this.#waiting.length === 0 && this.#tasks.length === 0 &&
      !this.#known.isLoading;
  }

  /** Looks at the file, and runs a task when the members were told of all that it holds. */
  whenTold(task: () => void): void {
    this.#tasks.push(task);
    this.#planCommit();
  }

  /**
   * As {@linkcode LinesDocument.whenTold}, once it is known what they were told: who was given a text out of
   * the file could not be told what somebody changes in it at that moment.
   */
  whenKnown(task: () => void): void {
    this.whenTold(() => this.#known.whenLoaded(this.#toldLength, task));
  }

  /** Appends a line. */
  update(member: Ref<DocumentEvent>, text: string): void {
    const characters = text.length + 1;
    const last = this.#waiting[this.#waiting.length - 1];
    const end = this.#log.append(text);
    if (last !== undefined && last.member === member) {
      last.end = end;
      last.updates++;
      last.characters += characters;
    } else {
      this.#waiting.push({ member, start: last?.end ?? 0, end, updates: 1, characters });
    }
    this.#planCommit();
  }

  #planCommit(): void {
    if (this.#underWay !== undefined || this.#isCommitQueued) return;
    // Behind the updates that are in the mailbox already: they share the commit.
    this.#isCommitQueued = true;
    this.#tools.behind(() => {
      this.#isCommitQueued = false;
      this.#commit();
    });
  }

  #commit(): void {
    if (this.#underWay !== undefined || this.#isResting) return;
    // Who asks what the file holds is not told of half a save.
    const isAsked = this.#isLookDue || (this.#tasks.length > 0 && !this.#isEditUntold);
    if (this.#waiting.length === 0 && !isAsked && !this.#isSyncDue) return this.#idle();
    const durable = this.#sync === "always" || this.#isSyncDue;
    this.#isSyncDue = false;
    this.#isLastLook = this.#isLookDue;
    this.#isLookDue = false;
    this.#underWay = this.#waiting;
    this.#waiting = [];
    this.#tasksUnderWay = this.#tasks;
    this.#tasks = [];
    this.#isReadDue = this.#isWrittenByOthers();
    if (!durable && this.#commitNow()) return;
    this.#tools.settle(
      durable ? this.#log.sync() : this.#log.flush(),
      (batch) => this.#saved(batch),
      (error) => this.#notSaved(error),
    );
  }

  /** By the file's time: its length, which every write looks at, may be as it was. */
  #isWrittenByOthers(): boolean {
    const { clock, disk } = this.#tools.world;
    if (clock.monotonic() - this.#wroteAtMs < PAUSE_MS) return false;
    // Where the time cannot be had at once, lines that come meanwhile would be taken into this batch.
    if (disk.statNow === undefined) return true;
    try {
      const { modifiedAtMs } = disk.statNow(this.#log.path);
      if (modifiedAtMs === null || modifiedAtMs <= this.#ownTimeMs) return false;
      // What is written next may have the same time.
      this.#ownTimeMs = clock.now() - modifiedAtMs < TIME_STEP_MS ? modifiedAtMs - 1 : modifiedAtMs;
      return true;
    } catch {
      // What is written next says what is wrong with it.
      return false;
    }
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
    // From here on it is as durable as the policy has it: nobody is sent it before.
    if (batch.replaced) {
      this.#tools.log.warn(`${this.#path} was changed by somebody else: going on with what it holds now`, {
        event: "file-changed",
      });
    }
    const known = this.#known.bytes;
    if (batch.bytes.length > batch.othersBytes) {
      const { clock } = this.#tools.world;
      this.#ownTimeMs = clock.now();
      this.#wroteAtMs = clock.monotonic();
    }
    const isEdited = batch.replaced || batch.othersBytes > 0 || this.#isEditUntold || this.#isReadDue;
    if (!isEdited || known === undefined) return this.#tellAsItIs(batch);
    // Until it is told, nothing else is committed.
    this.#tools.settle(
      this.#readBefore(batch),
      (text) => this.#tellWithEdit(batch, known, text),
      () => this.#tellAsItIs(batch),
    );
  }

  #tellAsItIs(batch: Batch): void {
    this.#isEditUntold = false;
    this.#tell(batch);
  }

  /**
   * What the file holds before the batch's own records; undefined where these do not stand where they were
   * put: somebody has edited it again.
   */
  async #readBefore({ start, bytes, othersBytes }: Batch): Promise<Uint8Array | undefined> {
    const own = start + othersBytes;
    const text = await readWhole(this.#log, start + bytes.length);
    if (text === undefined || !equalBytes(text.subarray(own), bytes.subarray(othersBytes))) return undefined;
    return text.subarray(0, own);
  }

  #tellWithEdit(batch: Batch, known: Uint8Array, text: Uint8Array | undefined): void {
    const isHalf = text === undefined || (!this.#isLastLook && lacksEnd(known, text));
    this.#isEditUntold = isHalf;
    if (isHalf) {
      // Behind what the members know, which is not what the file holds: that is told with a later batch.
      this.#thaw(known, known);
      return this.#tell(since(batch, known, known.length));
    }
    const isAddition = isBeginning(known, text);
    if (!isAddition) this.#tellEdit(known, text);
    this.#tell(since(batch, text, isAddition ? known.length : text.length));
  }

  #planLook(): void {
    if (this.#isLookPlanned) return;
    this.#isLookPlanned = true;
    this.#tools.later(SAVE_MS, () => {
      this.#isLookPlanned = false;
      this.#isLookDue = this.#isEditUntold;
      this.#commit();
    });
  }

  /** Somebody has edited the file: tells the lines that they added or changed, wherever these stand. */
  #tellEdit(known: Uint8Array, text: Uint8Array): void {
    this.#tools.log.info(`Broadcasting what was changed in ${this.#path} by hand`, { event: "broadcast" });
    const lines = changedLines(decodeText(known), decodeText(text));
    const bytes = ENCODER.encode(lines);
    this.#thaw(known, text, bytes);
    this.begin(text);
  }

  /** Who is still reading reads the text as it was; from here on all go along another one. */
  #thaw(before: Uint8Array, text: Uint8Array, changed = new Uint8Array(0)): void {
    const frozen = before.slice();
    for (const member of this.#members) {
      member.tell({ type: "frozen", text: frozen });
      if (changed.length > 0) member.tell({ type: "changed", bytes: changed });
      member.tell({ type: "thawed", length: text.length, isMidLine: isMidLine(text) });
    }
  }

  #tell(batch: Batch): void {
    const updates = this.#underWay ?? [];
    this.#underWay = undefined;
    if (batch.othersBytes > 0) {
      this.#tools.log.info(`Broadcasting what was added to ${this.#path} by hand`, { event: "broadcast" });
    }
    this.#broadcast(batch, updates);
    if (this.#members.size > 0) this.#known.load(this.#toldLength);
    if (updates.length > 0) this.#planSync();
    updateCounter(this.#tools.meter, "line").add(countOf(updates));
    this.#goOn();
  }

  #planSync(): void {
    if (this.#sync !== "interval" || this.#isSyncPlanned) return;
    this.#isSyncPlanned = true;
    this.#tools.later(this.#syncIntervalMs, () => {
      this.#isSyncPlanned = false;
      this.#isSyncDue = true;
      this.#commit();
    });
  }

  #broadcast(batch: Batch, updates: readonly Unsaved[]): void {
    const { start, bytes } = batch;
    // Another file, of which only its end is known.
    if (start !== this.#toldLength) this.#known.forget();
    this.#toldLength = start + bytes.length;
    if (bytes.length === 0) return;
    this.#known.add(start, bytes);
    if (this.#tools.world.log.enabled("info")) {
      for (let i = countOf(updates); i > 0; i--) {
        this.#tools.log.info("Broadcasting update to all clients", { event: "broadcast" });
      }
    }
    const authors = ownUpdates(batch, updates);
    const { endsLine } = batch;
    const shared: DocumentUpdated = { type: "updated", start, bytes, endsLine, own: undefined };
    for (const member of this.#members) {
      const own = authors.get(member);
      member.tell(own === undefined ? shared : { ...shared, own });
    }
  }

  #notSaved(error: unknown): void {
    const updates = this.#underWay ?? [];
    this.#underWay = undefined;
    const what = errorText(error);
    this.#tools.log.error(what, { event: "update-not-saved", updates: countOf(updates) });
    // Which file could not be written is the operator's business.
    const reason = `Cannot save the update: ${reasonText(error)}`;
    for (const { member, updates: count, characters } of updates) {
      member.tell({ type: "rejected", updates: count, characters, reason });
    }
    this.#planSync();
    this.#goOn();
  }

  #goOn(): void {
    const tasks = this.#tasksUnderWay;
    this.#tasksUnderWay = [];
    if (this.#isEditUntold) {
      this.#tasks.unshift(...tasks);
      this.#planLook();
    } else for (const task of tasks) task();
    this.#commit();
  }

  /** Reads a part of the file. */
  read({ start, end }: DocumentRange, replyTo: Ref<DocumentEvent>): void {
    const buffer = new Uint8Array(end - start);
    this.#log.read(buffer, start).then(
      (count) => replyTo.tell({ type: "piece", start, bytes: buffer.subarray(0, count ?? 0) }),
      (error: unknown) => {
        this.#tools.log.error(errorText(error), { event: "unreadable", error });
        replyTo.tell({ type: "unreadable", reason: `Cannot read the document: ${reasonText(error)}` });
      },
    );
  }
}
