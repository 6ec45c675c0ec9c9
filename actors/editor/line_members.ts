/**
 * The line clients of a document that is edited elsewhere too: they are told of lines.
 *
 * @module
 */
import { joinBytes } from "../../protocols/_join_bytes.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { ActorTools } from "./actor_tools.ts";
import type { Change, CommittedBatch, FailedBatch } from "./change_batch.ts";
import { changedLines } from "./changed_lines.ts";
import type { DocumentEvent, DocumentRange, OwnUpdates } from "./document_events.ts";

/** What was edited elsewhere is told once the edit has paused for so long. */
const PAUSE_MS = 300;

const ENCODER = new TextEncoder();

/** Tells them: lines that were appended at once, lines that were changed elsewhere after a pause. */
export class LineMembers {
  readonly #tools: ActorTools;
  readonly #members: ReadonlySet<Ref<DocumentEvent>>;
  readonly #text: () => string;
  readonly #whenDurable: (task: () => void) => void;
  /** The text that they know, where that is not the text as it is. */
  #known: string | undefined;
  #timer: Cancellable | undefined;

  /**
   * @param text the text as it is
   * @param whenDurable runs a task once all of that is durable, and told of
   */
  constructor(
    tools: ActorTools,
    members: ReadonlySet<Ref<DocumentEvent>>,
    text: () => string,
    whenDurable: (task: () => void) => void,
  ) {
    this.#tools = tools;
    this.#members = members;
    this.#text = text;
    this.#whenDurable = whenDurable;
  }

  /** Whether the text before the next batch is wanted. */
  get wantsTextBefore(): boolean {
    return this.#members.size > 0 && this.#known === undefined;
  }

  /** They know a text that is not the one as it is. */
  know(text: string): void {
    this.#known = text;
    this.#planAnnouncement();
  }

  /** A batch is durable. */
  committed({ changes, appended, textBefore, update }: CommittedBatch): void {
    const lines = changes.filter((change) => change.type === "line");
    if (lines.length > 0) this.#tellLines(lines);
    if (update === undefined) return;
    if (appended !== undefined && this.#known === undefined) return;
    this.#known ??= textBefore;
    if (this.#known === undefined) return;
    const isMidLine = this.#known !== "" && !this.#known.endsWith("\n");
    if (lines.length > 0) {
      this.#known += `${isMidLine ? "\n" : ""}${lines.map(({ text }) => `${text}\n`).join("")}`;
    }
    if (appended === undefined) this.#planAnnouncement();
  }

  /** Tells what was changed elsewhere now. Only where all of the text is durable. */
  announce(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#known === undefined) return;
    const lines = changedLines(this.#known, this.#text());
    this.#known = undefined;
    if (lines === "") return;
    const bytes = ENCODER.encode(lines);
    for (const member of this.#members) member.tell({ type: "changed", bytes });
  }

  /**
   * A batch could not be made durable: those whose lines it had are told. Gives the text that all know,
   * undefined where nobody is there.
   */
  failed({ changes, textBefore }: FailedBatch, reason: string): string | undefined {
    for (const change of changes) {
      if (change.type !== "line") continue;
      change.member.tell({ type: "rejected", updates: 1, characters: change.text.length + 1, reason });
    }
    return this.#known ?? textBefore;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #planAnnouncement(): void {
    this.#timer?.cancel();
    this.#timer = this.#tools.later(PAUSE_MS, () => this.#whenDurable(() => this.announce()));
  }

  #tellLines(lines: readonly Extract<Change, { type: "line" }>[]): void {
    if (this.#tools.world.log.enabled("info")) {
      for (let i = lines.length; i > 0; i--) {
        this.#tools.log.info("Broadcasting update to all clients", { event: "broadcast" });
      }
    }
    const authors = new Map<Ref<DocumentEvent>, { ranges: DocumentRange[]; characters: number }>();
    let at = 0;
    const encoded = lines.map(({ member, text }) => {
      const line = ENCODER.encode(`${text}\n`);
      const own = authors.get(member) ?? { ranges: [], characters: 0 };
      const last = own.ranges.at(-1);
      if (last?.end === at) own.ranges[own.ranges.length - 1] = { start: last.start, end: at + line.length };
      else own.ranges.push({ start: at, end: at + line.length });
      own.characters += text.length + 1;
      authors.set(member, own);
      at += line.length;
      return line;
    });
    const bytes = joinBytes(encoded);
    for (const member of this.#members) {
      const own: OwnUpdates | undefined = authors.get(member);
      member.tell({ type: "appended", bytes, own });
    }
  }
}
