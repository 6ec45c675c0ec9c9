/**
 * The web door's side of a document: the collaboration, its clients, its file and its versions, while
 * somebody is there.
 *
 * @module
 */
import { encodeYMessage } from "../../protocols/y_sync.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { ActorTools } from "./actor_tools.ts";
import { Collaboration, TRY_LATER, VIOLATION } from "./collaboration.ts";
import type { CommittedBatch, FailedBatch } from "./change_batch.ts";
import type { CollaborationCommand, CollaboratorEvent, VersionSummary } from "./collaboration_events.ts";
import type { DocumentEvent } from "./document_events.ts";
import { FileSynchronizer } from "./file_synchronizer.ts";
import type { HistoryEvent } from "./history.ts";
import type { OpenedHistory } from "./open_history.ts";
import { PresenceNews } from "./presence_news.ts";
import { diffText } from "./text_diff.ts";
import { summaryOf, type VersionList } from "./versions.ts";

/** Options of {@linkcode Together}. */
export interface TogetherOptions {
  readonly tools: ActorTools;
  readonly path: string;
  readonly opened: OpenedHistory;
  readonly maxDocumentBytes: number;
  /** A batch is durable. */
  readonly committed: (batch: CommittedBatch) => void;
  /** A batch could not be made durable: nothing more is to be asked of {@linkcode Together}. */
  readonly failing: () => void;
  /** After that: all its clients are refused, and the history is closed. */
  readonly failed: (failed: FailedBatch) => void;
  /** Whether line clients want to know what was changed elsewhere. */
  readonly keepsTextBefore: () => boolean;
  /** Nobody is there any more. */
  readonly deserted: () => void;
}

/** A pause in which nobody edits, and the text is kept as a version. */
const VERSION_PAUSE_MS = 60_000;
/** The history is compacted when it is so many times what is needed. */
const COMPACT_FACTOR = 4;

/** A document that is being edited together. */
export class Together {
  readonly #options: TogetherOptions;
  readonly #collaboration: Collaboration;
  readonly #fileSync: FileSynchronizer;
  readonly #presence: PresenceNews;
  /** Clients, and what they are called where their presence does not say. */
  readonly #members = new Map<Ref<CollaboratorEvent>, string>();
  /** Durable updates of clients of which an earlier one still waits for what it refers to. */
  readonly #unacknowledged = new Map<Ref<CollaboratorEvent>, number>();
  /** Who has edited since the last version: who is there, and the names of all others. */
  readonly #editors = new Set<Ref<CollaboratorEvent>>();
  readonly #authors = new Set<string>();
  #versionTimer: Cancellable | undefined;
  /** What the history needs, when that was last looked at. */
  #neededBytes: number;
  #isCompacting = false;
  #isOver = false;

  constructor(options: TogetherOptions) {
    const { tools, opened, path } = options;
    const { replica, journal, file } = opened;
    this.#options = options;
    this.#neededBytes = opened.compactBytes;
    this.#presence = new PresenceNews(tools, this.#members);
    this.#collaboration = new Collaboration({
      tools,
      replica,
      journal: { append: (events) => journal.append(events), commit: () => this.#commit() },
      maxDocumentBytes: options.maxDocumentBytes,
      savedEdits: (saved, text) =>
        saved.type === "late" ? file.lateEditsOf(saved, text) : file.editsOf(saved.text, text),
      committed: (batch) => this.#committed(batch),
      failed: (failed) => this.#failed(failed),
      refuse: (member, code, reason) => this.#refuse(member, code, reason),
      idle: () => this.#fileSync.goOn(),
      keepsTextBefore: options.keepsTextBefore,
    });
    this.#fileSync = new FileSynchronizer({
      tools,
      path,
      file,
      journal,
      maxFileBytes: options.maxDocumentBytes,
      durableText: () => this.#collaboration.durableText,
      whenDurable: (task) => this.whenDurable(() => task(this.#collaboration.text)),
      edited: (text) => this.#collaboration.change({ type: "file", text }),
      inSync: () => this.#compact(),
    }, opened.isInSync);
    file.onLateSave((save) => tools.behind(() => this.#collaboration.change({ type: "late", ...save })));
    this.#fileSync.start();
  }

  get hasMembers(): boolean {
    return this.#members.size > 0;
  }

  /** The text. All of it is durable only in {@linkcode Together.whenDurable}. */
  get text(): string {
    return this.#collaboration.text;
  }

  whenDurable(task: () => void): void {
    this.#collaboration.whenDurable(task);
  }

  /** A line of a line client, to be put at the end. */
  appendLine(member: Ref<DocumentEvent>, text: string): void {
    this.#collaboration.change({ type: "line", member, text });
  }

  /** What a client of the web door says. */
  receive(command: CollaborationCommand): void {
    const { member } = command;
    if (command.type === "collaborate") return this.#join(member, command.label);
    if (!this.#members.has(member)) return;
    switch (command.type) {
      case "sync":
        return this.#sync(member, command.stateVector);
      case "edit":
        // It may have left when this is durable.
        this.#editors.add(member);
        return this.#collaboration.change({ type: "update", member, update: command.update });
      case "be-present": {
        const reason = this.#presence.update(member, command.entries);
        if (reason !== undefined) this.#refuse(member, VIOLATION, reason);
        return;
      }
      case "who-is-present":
        return this.#presence.ask(member);
    }
  }

  /** A client has left. */
  leave(member: Ref<CollaboratorEvent>): void {
    if (!this.#members.has(member)) return;
    if (this.#editors.delete(member)) this.#authors.add(this.#nameOf(member));
    this.#members.delete(member);
    this.#presence.leave(member);
    this.#collaboration.forget(member);
    this.#unacknowledged.delete(member);
    if (this.#members.size === 0) this.#options.deserted();
  }

  get versions(): VersionList {
    return this.#options.opened.versions;
  }

  /** Keeps the text as a version. Only in {@linkcode Together.whenDurable}. */
  keepVersion(name?: string, by?: string): VersionSummary {
    const { opened, tools } = this.#options;
    const authors = new Set([...this.#authors, ...[...this.#editors].map((member) => this.#nameOf(member))]);
    if (by !== undefined) authors.add(by);
    this.#authors.clear();
    this.#editors.clear();
    const atMs = tools.world.clock.now();
    const version = opened.versions.add(this.text, {
      atMs,
      by: [...authors].sort(),
      ...(name === undefined ? {} : { name }),
    });
    opened.journal.append([{ type: "version", version }]);
    tools.settle(
      opened.journal.commit(),
      () => {},
      (error) => tools.log.warn(`Cannot keep a version: ${error}`, { event: "version-not-kept" }),
    );
    return summaryOf(version);
  }

  /**
   * Writes the file, closes the history, and calls back when that is done; where it cannot be, all goes on as
   * it was.
   */
  close(done: () => void, failed: (error: unknown) => void): void {
    const { tools, opened } = this.#options;
    this.whenDurable(() => {
      this.#keepNews();
      this.#fileSync.flush((error) => {
        if (error !== undefined) return failed(error);
        this.#fileSync.seal((error) => {
          if (error !== undefined) return failed(error);
          this.#end();
          tools.settle(opened.journal.close(), done, done);
        });
      });
    });
  }

  /** As {@linkcode Together.close}, while the actor stops and takes no messages any more. */
  async shutDown(): Promise<void> {
    const { journal, file } = this.#options.opened;
    const { text } = this;
    const isInSync = this.#fileSync.isInSync;
    this.#end();
    try {
      if (isInSync && file.held === text && !file.hasGrown) return;
      // What could not be made durable is nobody's, and does not come into the file.
      await this.#collaboration.settled;
      // Lines that are just being put behind it may be there or not.
      await journal.commit();
      if (await file.readAll() === text) return journal.append([{ type: "held", edits: [] }]);
      if (file.isChanged(await file.look())) return;
      journal.append([{ type: "writing" }]);
      await journal.commit();
      if (await file.replace(text)) journal.append([{ type: "held", edits: [] }]);
    } finally {
      await journal.close();
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#presence.close();
    this.#fileSync.close();
    this.#options.opened.file.close();
    this.#versionTimer?.cancel();
    this.#collaboration.close();
  }

  #join(member: Ref<CollaboratorEvent>, label: string): void {
    if (this.#members.has(member)) return;
    this.#members.set(member, label);
    this.#presence.join(member);
    this.whenDurable(() => {
      const { stateVector } = this.#collaboration;
      member.tell({ type: "send", frame: encodeYMessage({ type: "sync-step-1", stateVector }) });
    });
  }

  #sync(member: Ref<CollaboratorEvent>, stateVector: Uint8Array): void {
    this.whenDurable(() => {
      try {
        const update = this.#collaboration.difference(stateVector);
        member.tell({ type: "synced", frame: encodeYMessage({ type: "sync-step-2", update }) });
      } catch {
        this.#refuse(member, VIOLATION, "a state vector does not decode");
      }
    });
  }

  #refuse(member: Ref<CollaboratorEvent>, code: number, reason: string): void {
    member.tell({ type: "refused", code, reason });
    this.leave(member);
  }

  #committed(batch: CommittedBatch): void {
    const senders = new Map<Ref<CollaboratorEvent>, number>();
    const lines: string[] = [];
    for (const change of batch.changes) {
      if (change.type === "update") senders.set(change.member, (senders.get(change.member) ?? 0) + 1);
      else if (change.type === "line") lines.push(change.text);
      else if (change.type === "late") this.#options.opened.file.remember(change.text);
    }
    this.#broadcast(batch, senders);
    for (const [member, updates] of senders) this.#acknowledge(member, updates);
    this.#tellFile(batch, lines);
    this.#options.committed(batch);
    if (batch.update !== undefined) this.#edited(batch, senders);
    this.#compact();
  }

  /** Updates are counted in the order in which they came: the first of them must be durable, too. */
  #acknowledge(member: Ref<CollaboratorEvent>, more: number): void {
    const updates = more + (this.#unacknowledged.get(member) ?? 0);
    this.#unacknowledged.delete(member);
    if (this.#collaboration.awaitsOthers(member)) this.#unacknowledged.set(member, updates);
    else member.tell({ type: "saved", updates });
  }

  #broadcast(
    { update, changes }: CommittedBatch,
    senders: ReadonlyMap<Ref<CollaboratorEvent>, number>,
  ): void {
    if (update === undefined) return;
    const event = { type: "send", frame: encodeYMessage({ type: "update", update }) } as const;
    // What several have sent is one message for all; to each, its own part of it is nothing new.
    const [only] = senders.size === 1 && changes.every(({ type }) => type === "update") ? senders.keys() : [];
    for (const member of this.#members.keys()) if (member !== only) member.tell(event);
  }

  #tellFile({ update, appended, changes }: CommittedBatch, lines: readonly string[]): void {
    const file = changes.findLast((change) => change.type === "file");
    if (file?.type === "file") return this.#fileSync.accepted(file.text, file.text === this.text);
    if (update === undefined) return;
    if (appended === undefined) this.#fileSync.edited();
    else this.#fileSync.append(lines, appended);
  }

  /** Keeps the text as a version where somebody has edited since the last, and it is another text. */
  #keepNews(): void {
    const isEdited = this.#authors.size + this.#editors.size > 0;
    if (isEdited && this.versions.isNew(this.text)) this.keepVersion();
  }

  #edited({ changes }: CommittedBatch, senders: ReadonlyMap<Ref<CollaboratorEvent>, number>): void {
    for (const member of senders.keys()) if (this.#members.has(member)) this.#editors.add(member);
    for (const { type } of changes) {
      if (type !== "update") this.#authors.add(type === "line" ? "a line client" : "the file");
    }
    this.#versionTimer?.cancel();
    this.#versionTimer = this.#options.tools.later(VERSION_PAUSE_MS, () => {
      if (!this.#isOver) this.whenDurable(() => this.#keepNews());
    });
  }

  #nameOf(member: Ref<CollaboratorEvent>): string {
    return this.#presence.nameOf(member) ?? this.#members.get(member) ?? "somebody";
  }

  #failed(failed: FailedBatch): void {
    this.#options.failing();
    this.#end();
    for (const member of this.#members.keys()) {
      member.tell({ type: "refused", code: TRY_LATER, reason: "the document could not be saved" });
    }
    const { journal, file } = this.#options.opened;
    // Who opens it anew must not take what is still being written for somebody else's edit.
    const closed = Promise.allSettled([journal.close(), file.idle()]);
    this.#options.tools.settle(closed, () => this.#options.failed(failed), () => {});
  }

  /** Commits; where somebody has taken the history away, what is told then must be there all the same. */
  async #commit(): Promise<void> {
    const { journal, isLost } = this.#options.opened;
    await journal.commit();
    if (isLost()) await journal.snapshot(() => this.#state());
  }

  #compact(): void {
    const { opened: { journal, file, compactBytes }, tools, path } = this.#options;
    if (this.#isOver || this.#isCompacting || journal.bytes < COMPACT_FACTOR * this.#neededBytes) return;
    this.#isCompacting = true;
    this.whenDurable(() => {
      this.#isCompacting = false;
      if (!this.#fileSync.isInSync) return;
      const state = this.#state();
      this.#neededBytes = Math.max(compactBytes, state.reduce((sum, event) => sum + sizeOf(event), 0));
      if (journal.bytes < COMPACT_FACTOR * this.#neededBytes) return;
      const compact = async () => {
        // The history will say that the file has the lines that were put behind it.
        if (!file.hasGrown || await file.makeDurable()) await journal.snapshot(() => this.#state());
      };
      this.#collaboration.alone(
        compact,
        (error) =>
          tools.log.warn(`Cannot compact the history of ${path}: ${error}`, {
            event: "history-not-compacted",
          }),
      );
    });
  }

  /** All that the history needs. */
  #state(): HistoryEvent[] {
    const update = this.#collaboration.difference(EMPTY_STATE);
    const versions = this.#options.opened.versions.all;
    return [
      ...versions.map((version): HistoryEvent => ({ type: "version", version })),
      { type: "update", update },
      { type: "held", edits: diffText(this.text, this.#options.opened.file.held) },
    ];
  }
}

/** The state vector of who has nothing. */
const EMPTY_STATE = Uint8Array.of(0);

function sizeOf(event: HistoryEvent): number {
  if (event.type === "update") return event.update.length;
  return event.type === "version"
    ? event.version.edits.reduce((sum, { insert }) => sum + insert.length + 40, 60)
    : 1;
}
