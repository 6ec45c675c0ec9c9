/**
 * One document with all its doors: edited by lines alone, or, while somebody is at the web door, by
 * everybody.
 *
 * @module
 */
import type { Context, Ref } from "../runtime/mod.ts";
import type { LogFile } from "../store/log_file.ts";
import { reasonText } from "../world/failure.ts";
import { type Cancellable, errorText } from "../world/world.ts";
import { type ActorTools, actorTools, type RunTask } from "./actor_tools.ts";
import { TRY_LATER } from "./collaboration.ts";
import type { CommittedBatch, FailedBatch } from "./change_batch.ts";
import type {
  CollaborationCommand,
  CollaboratorEvent,
  DocumentQuery,
  DocumentText,
} from "./collaboration_events.ts";
import type { DocumentCommand, DocumentEvent, DocumentRange } from "./document_events.ts";
import type { DocumentOptions } from "./document_options.ts";
import { decodeText } from "./known_text.ts";
import { JoiningMembers } from "./joining_members.ts";
import { LineMembers } from "./line_members.ts";
import { LinesDocument } from "./lines_document.ts";
import {
  historyOptions,
  leaveHistory,
  NotEditable,
  type OpenedHistory,
  openHistory,
  type OpenHistoryOptions,
  readVersions,
} from "./open_history.ts";
import { Together } from "./together.ts";
import { VersionList } from "./versions.ts";

/** What a document tells itself. */
export type PrivateMessage =
  | { readonly type: "left"; readonly member: Ref<DocumentEvent> }
  | { readonly type: "collaborator-left"; readonly member: Ref<CollaboratorEvent> }
  | RunTask;

/**
 * The document cannot be edited here, and will not be soon: closed with this, our page does not try again.
 */
export const NOT_EDITABLE = 4413;

/** Where a history that has failed cannot be opened again, it is tried after this long. */
const REOPEN_MS = 500;

const ENCODER = new TextEncoder();

/** The document of one actor. */
export class SharedDocument {
  readonly #self: Context<DocumentCommand | PrivateMessage>;
  readonly #tools: ActorTools;
  readonly #log: LogFile;
  readonly #path: string;
  readonly #desertedMs: number;
  readonly #onDeserted: (() => void) | undefined;
  readonly #history: OpenHistoryOptions | undefined;
  readonly #members = new Set<Ref<DocumentEvent>>();
  /** Who is to become a member once the file was looked at, and what they have said since. */
  readonly #joining = new JoiningMembers();
  readonly #lines: LinesDocument;
  #together: Together | undefined;
  #lineMembers: LineMembers | undefined;
  /** From the one way of editing to the other: what is said meanwhile waits. */
  #switching: "no" | "opening" | "closing" | "failing" | "reading" = "no";
  /** The history, while it is opened, or read. */
  #opening: Promise<OpenedHistory | VersionList> | undefined;
  #later: DocumentCommand[] = [];
  /** What is done once all that is edited together is durable; asked again where that fails. */
  readonly #asked = new Set<DocumentCommand>();
  #desertedTimer: Cancellable | undefined;
  /** What is left to be read of the file as it was before it was edited together. */
  #frozen: Uint8Array | undefined;
  /** What line clients know of the text, where editing it together has failed and begins anew. */
  #known: string | undefined;
  #changes = 0;
  readonly #etagStart: string;
  #snapshot: Uint8Array | undefined;

  constructor(self: Context<DocumentCommand | PrivateMessage>, log: LogFile, options: DocumentOptions) {
    this.#self = self;
    this.#log = log;
    this.#path = options.path;
    this.#desertedMs = options.desertedMs ?? 60_000;
    this.#onDeserted = options.deserted;
    this.#history = historyOptions(options, self.log);
    this.#tools = actorTools(self);
    this.#etagStart = Math.floor(self.world.random.next() * 2 ** 40).toString(36);
    const { path, sync = "always", syncIntervalMs = 100 } = options;
    this.#lines = new LinesDocument(
      this.#tools,
      log,
      { path, sync, syncIntervalMs },
      this.#members,
      () => this.#onIdle(),
    );
  }

  receive(message: DocumentCommand | PrivateMessage): void {
    switch (message.type) {
      case "run":
        return message.task();
      case "left":
        this.#members.delete(message.member);
        return this.#joining.leave(message.member);
      case "collaborator-left":
        return this.#together?.leave(message.member);
      case "read":
        return this.#read(message.range, message.replyTo);
      default:
        if (this.#switching === "no") this.#receive(message);
        else this.#later.push(message);
    }
  }

  #receive(message: Exclude<DocumentCommand, { type: "read" }>): void {
    switch (message.type) {
      case "join":
        return this.#join(message);
      case "update":
        return this.#update(message.member, message.text);
      case "get-text":
      case "get-versions":
      case "get-version":
      case "name-version":
        return this.#query(message);
      default:
        return this.#collaborate(message);
    }
  }

  /** The actor stops. */
  async shutDown(): Promise<void> {
    const said = this.#joining.takeAll();
    // Not while editing it together fails: what the file holds then is not sure.
    const later = this.#switching === "failing" ? [] : this.#later.splice(0);
    said.push(...later.filter((command) => command.type === "update"));
    for (const { member, text } of said) this.#update(member, text);
    this.#lineMembers?.close();
    const together = this.#together;
    this.#together = undefined;
    await together?.shutDown();
    // What was said does not wait for the history. Whoever has opened the log hears how its closing goes.
    await this.#log.close().catch(() => {});
    await leaveHistory(this.#opening);
  }

  #join(command: Extract<DocumentCommand, { type: "join" }>): void {
    const { member } = command;
    if (this.#members.has(member) || this.#joining.has(member)) return;
    this.#self.watch(member, () => ({ type: "left", member }));
    const together = this.#together;
    if (together === undefined) {
      this.#joining.add(member);
      return this.#lines.whenKnown(() => this.#joinLines(member));
    }
    this.#whenDurable(together, command, () => {
      if (this.#joining.hasLeft(member)) return;
      // What the others are still to be told of is in what this one is given.
      this.#lineMembers?.announce();
      this.#members.add(member);
      const text = this.#text(together);
      member.tell({ type: "joined", length: text.length, text });
    });
  }

  #whenDurable(together: Together, command: DocumentCommand, task: () => void): void {
    this.#asked.add(command);
    together.whenDurable(() => {
      this.#asked.delete(command);
      task();
    });
  }

  #joinLines(member: Ref<DocumentEvent>): void {
    const updates = this.#joining.take(member);
    if (!this.#joining.hasLeft(member)) {
      this.#members.add(member);
      this.#lines.welcome(member);
    }
    for (const text of updates) this.#update(member, text);
  }

  #update(member: Ref<DocumentEvent>, text: string): void {
    if (this.#joining.hold(member, text)) return;
    if (text.includes("\n")) {
      const reason = "Cannot save the update: it is more than one line";
      return member.tell({ type: "rejected", updates: 1, characters: text.length + 1, reason });
    }
    if (this.#together === undefined) this.#lines.update(member, text);
    else this.#together.appendLine(member, text);
  }

  #read(range: DocumentRange, replyTo: Ref<DocumentEvent>): void {
    if (this.#frozen === undefined) return this.#lines.read(range, replyTo);
    replyTo.tell({ type: "piece", start: range.start, bytes: this.#frozen.subarray(range.start, range.end) });
  }

  /** The text as bytes, all of it durable. */
  #text(together: Together): Uint8Array {
    return this.#snapshot ??= ENCODER.encode(together.text);
  }

  /**
   * What the file holds now, which somebody may have edited in it: its length, and by what else that shows.
   */
  #tellFileText(replyTo: Ref<DocumentText>): void {
    const tell = (state: string, bytes = this.#log.length) =>
      replyTo.tell({ etag: `${this.#etagStart}-${bytes}-${state}`, bytes });
    this.#tools.settle(
      this.#self.world.disk.stat(this.#path),
      ({ id = 0, modifiedAtMs, size }) => tell([id, modifiedAtMs, size].join("-")),
      // Nobody knows: to be taken for another one each time.
      () => tell(`unknown-${++this.#changes}`),
    );
  }

  #query(query: DocumentQuery): void {
    const together = this.#together;
    if (query.type === "get-text") {
      if (together === undefined) return this.#lines.whenTold(() => this.#tellFileText(query.replyTo));
      return this.#whenDurable(together, query, () => {
        const text = this.#text(together);
        const etag = `${this.#etagStart}-together-${this.#changes}`;
        query.replyTo.tell({ etag, bytes: text.length, text } satisfies DocumentText);
      });
    }
    if (query.type === "get-versions" || query.type === "get-version") {
      if (together === undefined) return this.#readVersions((versions) => versions.answer(query));
      return together.versions.answer(query);
    }
    const { name, by, replyTo } = query;
    if (together === undefined) return replyTo.tell(null);
    this.#whenDurable(together, query, () => replyTo.tell(together.keepVersion(name, by)));
  }

  /** Nobody is at the web door: they are looked up in the history, which is not open. */
  #readVersions(answer: (versions: VersionList) => void): void {
    if (this.#history === undefined) return answer(new VersionList([]));
    this.#switching = "reading";
    const reading = this.#opening = readVersions(this.#self.world, this.#path, this.#history);
    this.#tools.settle(
      reading,
      (versions) => {
        answer(versions);
        this.#drainLater();
      },
      (error) => {
        this.#self.log.error(`Cannot read the versions of ${this.#path}: ${errorText(error)}`, {
          event: "history-unreadable",
        });
        answer(new VersionList([]));
        this.#drainLater();
      },
    );
  }

  // From the one to the other.

  #collaborate(command: CollaborationCommand): void {
    if (command.type === "collaborate") {
      this.#desertedTimer?.cancel();
      const { member } = command;
      if (this.#together !== undefined) {
        this.#self.watch(member, () => ({ type: "collaborator-left", member }));
      } else {
        this.#switching = "opening";
        this.#later.push(command);
        return this.#onIdle();
      }
    }
    this.#together?.receive(command);
  }

  /** No line is under way. */
  #onIdle(): void {
    if (this.#switching !== "opening" || this.#opening !== undefined || !this.#lines.isIdle) return;
    this.#lines.rest();
    const opening = this.#opening = openHistory(this.#self.world, this.#log, this.#history);
    this.#tools.settle(opening, (opened) => this.#onOpened(opened), (error) => this.#onNotOpened(error));
  }

  #onOpened(opened: OpenedHistory): void {
    const lineMembers = new LineMembers(
      this.#tools,
      this.#members,
      () => together.text,
      (task) => together.whenDurable(task),
    );
    const together: Together = new Together({
      tools: this.#tools,
      path: this.#path,
      opened,
      maxDocumentBytes: this.#history?.maxDocumentBytes ?? 0,
      committed: (batch) => this.#committed(batch),
      failing: () => this.#switching = "failing",
      failed: (failed) => this.#failed(failed),
      keepsTextBefore: () => lineMembers.wantsTextBefore,
      deserted: () => this.#awaitDesertion(),
    });
    // What line clients are still reading is the text as they were told of it.
    this.#frozen ??= this.#lines.knownText?.slice() ?? ENCODER.encode(opened.file.held);
    for (const member of this.#members) member.tell({ type: "frozen", text: this.#frozen });
    const known = this.#known ?? decodeText(this.#frozen);
    this.#known = undefined;
    if (known !== together.text) lineMembers.know(known);
    this.#together = together;
    this.#lineMembers = lineMembers;
    this.#changed();
    this.#drainLater();
    if (!together.hasMembers) this.#awaitDesertion();
  }

  #onNotOpened(error: unknown): void {
    this.#opening = undefined;
    const isEditable = !(error instanceof NotEditable);
    if (isEditable) {
      this.#self.log.error(`Cannot open the history of ${this.#path}: ${errorText(error)}`, {
        event: "history-unreadable",
      });
    }
    const code = isEditable ? TRY_LATER : NOT_EDITABLE;
    const reason = error instanceof NotEditable ? error.message : "the document's history cannot be opened";
    this.#later = this.#later.filter((message) => {
      if (message.type !== "collaborate") return true;
      message.member.tell({ type: "refused", code, reason });
      return false;
    });
    if (this.#frozen === undefined) return this.#drainLater();
    // It was edited together before it failed: to what lines alone would be added, the history must say.
    this.#tools.later(REOPEN_MS, () => this.#onIdle());
  }

  #drainLater(): void {
    this.#switching = "no";
    this.#opening = undefined;
    if (this.#together === undefined) this.#lines.resume();
    const later = this.#later;
    this.#later = [];
    for (const message of later) this.receive(message);
  }

  #awaitDesertion(): void {
    this.#desertedTimer?.cancel();
    this.#desertedTimer = this.#tools.later(this.#desertedMs, () => {
      const together = this.#together;
      if (together === undefined || together.hasMembers || this.#switching !== "no") return;
      this.#switching = "closing";
      together.close(() => this.#onClosed(together.text), (error) => {
        this.#self.log.warn(`Cannot leave ${this.#path}: ${errorText(error)}; going on`, {
          event: "history-not-left",
        });
        this.#awaitDesertion();
        this.#drainLater();
      });
    });
  }

  #onClosed(text: string): void {
    this.#lineMembers?.announce();
    this.#lines.begin(ENCODER.encode(text));
    this.#lineMembers = this.#together = undefined;
    this.#frozen = this.#snapshot = undefined;
    const isMidLine = text !== "" && !text.endsWith("\n");
    for (const member of this.#members) {
      member.tell({ type: "thawed", length: this.#lines.toldLength, isMidLine });
    }
    const isDeserted = this.#later.length === 0 && this.#members.size === 0;
    this.#drainLater();
    if (isDeserted) this.#onDeserted?.();
  }

  #committed(batch: CommittedBatch): void {
    if (batch.update !== undefined) this.#changed();
    this.#lineMembers?.committed(batch);
  }

  #changed(): void {
    this.#changes++;
    this.#snapshot = undefined;
  }

  /** Nobody was told of these changes, but the replica has them: it is made anew out of the history. */
  #failed(failed: FailedBatch): void {
    const { changes, error } = failed;
    this.#self.log.error(errorText(error), { event: "update-not-saved", updates: changes.length });
    this.#known = this.#lineMembers?.failed(failed, `Cannot save the update: ${reasonText(error)}`);
    this.#lineMembers?.close();
    this.#together = this.#lineMembers = undefined;
    this.#switching = "opening";
    this.#later.unshift(...this.#asked);
    this.#asked.clear();
    this.#onIdle();
  }
}
