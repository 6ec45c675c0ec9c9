/**
 * A text that many edit at once: the edits of all doors, in one order, durable before anybody is told.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { Journal } from "../store/journal.ts";
import { type ActorTools, updateCounter } from "./actor_tools.ts";
import type { Change, CommittedBatch, FailedBatch, SavedFile } from "./change_batch.ts";
import type { CollaboratorEvent } from "./collaboration_events.ts";
import { EarlyUpdates } from "./early_updates.ts";
import type { HistoryEvent } from "./history.ts";
import type { Replica } from "./replica.ts";
import { diffText, type TextEdit } from "./text_diff.ts";

/** Closed with this, a client comes back later: the server is at fault. */
export const TRY_LATER = 1013;
/** The client broke the rules of the protocol, or a limit. */
export const VIOLATION = 1008;
const TOO_LARGE = 1009;

/** Options of {@linkcode Collaboration}. */
export interface CollaborationOptions {
  readonly tools: ActorTools;
  readonly replica: Replica;
  readonly journal: Pick<Journal<HistoryEvent>, "append" | "commit">;
  /** Bytes of the text as UTF-8. */
  readonly maxDocumentBytes: number;
  /** The edits of somebody who has saved the file, as edits of the text. */
  readonly savedEdits: (saved: SavedFile, text: string) => readonly TextEdit[];
  /** A batch is durable. */
  readonly committed: (batch: CommittedBatch) => void;
  /**
   * A batch could not be made durable: nobody was told of it, and the text in memory is ahead of the history.
   */
  readonly failed: (failed: FailedBatch) => void;
  /** A client is to be closed. */
  readonly refuse: (member: Ref<CollaboratorEvent>, code: number, reason: string) => void;
  /** All is durable, and nothing waits. */
  readonly idle: () => void;
  /** Whether somebody wants to know the text before each batch. */
  readonly keepsTextBefore: () => boolean;
}

/**
 * Parts of a text, each of which takes some 200 bytes of memory, however short it is: what is typed in a row
 * is one.
 */
const MAX_PARTS = 1 << 20;

const ENCODER = new TextEncoder();

/**
 * Takes changes in batches: all that has come while the batch before was made durable is the next one. So the
 * text in memory is never ahead of the history by more than the one batch that is being written, of which
 * nobody is told before.
 */
export class Collaboration {
  readonly #options: CollaborationOptions;
  readonly #replica: Replica;
  readonly #early: EarlyUpdates;
  #queue: Change[] = [];
  /** What is to be done when all in memory is durable. */
  #tasks: (() => void)[] = [];
  #isCommitting = false;
  /** The last batch on its way to the disk. */
  #underWay: Promise<void> = Promise.resolve();
  #isStepPlanned = false;
  #isClosed = false;
  #text: string | undefined;
  /** What was put behind `#text` since, in pieces: joined when the text is asked for. */
  #tail: string[] = [];
  /** Whether the text ends in the middle of a line; undefined where that is to be looked up. */
  #isMidLine: boolean | undefined;
  #length: number | undefined;
  /** At least as many bytes as the text has. */
  #maxBytes: number;
  /** At least as many parts as the text is kept in. */
  #maxParts: number;

  constructor(options: CollaborationOptions) {
    this.#options = options;
    this.#replica = options.replica;
    this.#maxBytes = ENCODER.encode(this.text).length;
    this.#maxParts = this.#replica.parts;
    this.#early = new EarlyUpdates(
      options.tools,
      (member, reason) => options.refuse(member, VIOLATION, reason),
    );
  }

  /** The text, with the batch that is being made durable. */
  get text(): string {
    if (this.#text === undefined) this.#text = this.#replica.text;
    else if (this.#tail.length > 0) this.#text += this.#tail.join("");
    this.#tail = [];
    return this.#text;
  }

  /** The text, where all of it is durable. */
  get durableText(): string | undefined {
    return this.#isCommitting ? undefined : this.text;
  }

  /** Adds a change to the next batch. */
  change(change: Change): void {
    this.#queue.push(change);
    this.#planStep();
  }

  /** Runs a task once all that is in memory is durable: what it sees may be told. */
  whenDurable(task: () => void): void {
    this.#tasks.push(task);
    this.#planStep();
  }

  /** What somebody with this state vector lacks. Only in {@linkcode Collaboration.whenDurable}. */
  difference(stateVector: Uint8Array): Uint8Array {
    return this.#replica.difference(stateVector);
  }

  /** What this side has, for others to say what it lacks. */
  get stateVector(): Uint8Array {
    return this.#replica.stateVector;
  }

  /** A client has left: what still waits of it to be understood is dropped. */
  forget(member: Ref<CollaboratorEvent>): void {
    this.#early.forget(member);
  }

  /** Whether something of this client waits to be understood: what it has sent later is durable before it. */
  awaitsOthers(member: Ref<CollaboratorEvent>): boolean {
    return this.#early.has(member);
  }

  close(): void {
    this.#isClosed = true;
    this.#early.close();
    this.#replica.destroy();
  }

  /** Resolves when all in memory is durable; rejects where it is not, and never will be. */
  get settled(): Promise<void> {
    return this.#underWay;
  }

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return !this.#isCommitting && this.#queue.length === 0;
  }

  /** Runs something with the journal, in which no batch is committed. */
  alone(work: () => Promise<void>, failed: (error: unknown) => void): void {
    this.#isCommitting = true;
    const go = () => {
      this.#isCommitting = false;
      this.#goOn();
    };
    this.#options.tools.settle(work(), go, (error) => {
      failed(error);
      go();
    });
  }

  #planStep(): void {
    if (this.#isStepPlanned || this.#isCommitting || this.#isClosed) return;
    this.#isStepPlanned = true;
    // Behind the changes that are in the mailbox already: they share the batch.
    this.#options.tools.behind(() => {
      this.#isStepPlanned = false;
      if (!this.#isCommitting && !this.#isClosed) this.#step();
    });
  }

  #goOn(): void {
    if (this.#queue.length > 0 || this.#tasks.length > 0) this.#planStep();
    else this.#options.idle();
  }

  /** All in memory is durable now: answers who asked, and begins the next batch. */
  #step(): void {
    for (const task of this.#tasks.splice(0)) task();
    if (this.#isClosed || this.#isCommitting) return;
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length === 0) return this.#options.idle();
    const batch = new BatchUnderWay(this.#options.keepsTextBefore() ? this.text : undefined);
    let update: Uint8Array | undefined;
    try {
      update = this.#replica.transact(() => this.#apply(queue, batch));
    } catch (error) {
      // What is in memory now is of no use any more.
      return this.#failed({ changes: queue, textBefore: batch.textBefore, error });
    }
    if (!batch.onlyAppends) this.#text = this.#length = this.#isMidLine = undefined;
    else if (this.#text !== undefined) this.#tail.push(batch.appended);
    this.#commit(batch, update);
  }

  /**
   * What several have sent at once has no order but this: updates, texts of the file, lines. So a batch costs
   * the replica a few transactions, however many changes it has.
   */
  #apply(queue: readonly Change[], batch: BatchUnderWay): void {
    const updates = queue.filter((change) => change.type === "update");
    if (updates.length > 0) {
      this.#replica.applyTogether(() => {
        for (const change of updates) this.#update(change, batch);
      });
    }
    for (const change of queue) {
      if (change.type === "file" || change.type === "late") this.#saved(change, batch);
    }
    let pendingBytes = 0;
    const lines = queue.filter((change) => change.type === "line").filter((change) => {
      const bytes = this.#roomForLine(change, pendingBytes);
      pendingBytes += bytes;
      return bytes > 0;
    });
    if (lines.length > 0) this.#append(lines, batch);
  }

  #saved(change: SavedFile, batch: BatchUnderWay): void {
    batch.onlyAppends = false;
    const edits = this.#options.savedEdits(change, this.#replica.text);
    const bytes = edits.reduce((sum, { insert }) => sum + ENCODER.encode(insert).length, 0);
    if (change.type === "late" && !this.#hasRoom(bytes)) return this.#refuseLate();
    this.#replica.edit(edits);
    if (change.type === "file") this.#maxBytes += bytes;
    if (change.type === "file") batch.fileText = change.text;
    batch.changes.push(change);
  }

  /** It is in no file of the document: nobody loses by that but who has written it. */
  #refuseLate(): void {
    const { tools, maxDocumentBytes } = this.#options;
    tools.log.error(
      `Cannot merge what was written to a file that was replaced: ${tooLong(maxDocumentBytes)}`,
      {
        event: "late-save-refused",
      },
    );
  }

  #append(lines: readonly Extract<Change, { type: "line" }>[], batch: BatchUnderWay): void {
    if (!batch.onlyAppends || this.#length === undefined || this.#isMidLine === undefined) {
      const text = batch.onlyAppends ? this.text : this.#replica.text;
      this.#length = text.length;
      this.#isMidLine = text !== "" && !text.endsWith("\n");
    }
    const appended = (this.#isMidLine ? "\n" : "") + lines.map(({ text }) => `${text}\n`).join("");
    this.#replica.append(this.#length, appended);
    this.#length += appended.length;
    this.#isMidLine = false;
    batch.appended = appended;
    for (const change of lines) batch.changes.push(change);
  }

  #update(change: Extract<Change, { type: "update" }>, batch: BatchUnderWay): void {
    const { member, update } = change;
    const verdict = this.#replica.judge(update);
    if (verdict.type === "bad") return this.#options.refuse(member, VIOLATION, verdict.reason);
    if (verdict.type === "early") return this.#early.add(change, verdict.missing);
    if (!this.#hasRoom(verdict.textBytes)) {
      const { maxDocumentBytes } = this.#options;
      return this.#options.refuse(member, TOO_LARGE, tooLong(maxDocumentBytes));
    }
    if (!this.#hasRoomForParts(verdict.parts)) {
      return this.#options.refuse(member, TOO_LARGE, "the document would be of too many parts");
    }
    batch.onlyAppends = false;
    this.#replica.apply(update);
    batch.changes.push(change);
    batch.hasUpdates = true;
  }

  /**
   * Bytes that a line comes to at most; 0 where there is no room for them, which its sender is told.
   *
   * @param pendingBytes what is to be appended before it
   */
  #roomForLine({ member, text }: Extract<Change, { type: "line" }>, pendingBytes: number): number {
    const { maxDocumentBytes } = this.#options;
    // With its end, and the one that the text before it may lack.
    let bytes = 3 * text.length + 2;
    if (this.#maxBytes + bytes > maxDocumentBytes) bytes = ENCODER.encode(text).length + 2;
    if (this.#hasRoom(bytes, pendingBytes)) return bytes;
    const reason = `Cannot save the update: ${tooLong(maxDocumentBytes)}`;
    member.tell({ type: "rejected", updates: 1, characters: text.length + 1, reason });
    return 0;
  }

  /** @param pendingBytes what has room, and is not in the replica yet */
  #hasRoom(bytes: number, pendingBytes = 0): boolean {
    const { maxDocumentBytes } = this.#options;
    if (this.#maxBytes + bytes > maxDocumentBytes) {
      this.#maxBytes = ENCODER.encode(this.#replica.text).length + pendingBytes;
    }
    if (this.#maxBytes + bytes > maxDocumentBytes) return false;
    this.#maxBytes += bytes;
    return true;
  }

  #hasRoomForParts(parts: number): boolean {
    if (this.#maxParts + parts > MAX_PARTS) this.#maxParts = this.#replica.parts;
    if (this.#maxParts + parts > MAX_PARTS) return false;
    this.#maxParts += parts;
    return true;
  }

  #commit(batch: BatchUnderWay, update: Uint8Array | undefined): void {
    const appended = batch.onlyAppends && batch.appended !== "" ? batch.appended : undefined;
    const { changes, textBefore } = batch;
    const committed: CommittedBatch = { changes, update, appended, textBefore };
    const event = eventOf(batch, update, appended, () => this.text);
    if (event === undefined) return this.#committed(committed, batch);
    const { journal, tools } = this.#options;
    this.#isCommitting = true;
    journal.append([event]);
    // From here on it is durable.
    tools.settle(
      this.#underWay = journal.commit(),
      () => this.#committed(committed, batch),
      (error) => this.#failed({ changes, textBefore, error }),
    );
  }

  /** What waits behind the batch goes with it: its senders must hear of that, too. */
  #failed({ changes, textBefore, error }: FailedBatch): void {
    const waiting = this.#queue;
    this.#queue = [];
    this.#options.failed({ changes: [...changes, ...waiting], textBefore, error });
  }

  #committed(committed: CommittedBatch, batch: BatchUnderWay): void {
    this.#isCommitting = false;
    if (this.#isClosed) return;
    this.#options.committed(committed);
    updateCounter(this.#options.tools.meter, "web").add(committed.changes.length);
    if (batch.hasUpdates) {
      for (const change of this.#early.takeReady((id) => this.#replica.knows(id))) this.#queue.push(change);
    }
    this.#goOn();
  }
}

/** A batch as one record; undefined where nothing came of it. */
function eventOf(
  { fileText }: BatchUnderWay,
  update: Uint8Array | undefined,
  appended: string | undefined,
  text: () => string,
): HistoryEvent | undefined {
  const held = fileText === undefined ? undefined : diffText(text(), fileText);
  if (update === undefined) return held && { type: "held", edits: held };
  if (held !== undefined) return { type: "update", update, held };
  return { type: "update", update, ...(appended === undefined ? {} : { appended }) };
}

function tooLong(maxDocumentBytes: number): string {
  return `the document would be longer than ${maxDocumentBytes} bytes`;
}

/** A batch that is being put together. */
class BatchUnderWay {
  readonly changes: Change[] = [];
  /** The text before it, where somebody wants to know. */
  readonly textBefore: string | undefined;
  onlyAppends = true;
  hasUpdates = false;
  /** What was put at the end of the text; of use only while nothing else was done. */
  appended = "";
  /** What the file holds, where somebody has saved it. */
  fileText: string | undefined;

  constructor(textBefore: string | undefined) {
    this.textBefore = textBefore;
  }
}
