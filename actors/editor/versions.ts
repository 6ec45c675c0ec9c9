/**
 * The versions of a document: states of its text that people may come back to.
 *
 * @module
 */
import type { DocumentQuery, VersionSummary } from "./collaboration_events.ts";
import type { DocumentVersion } from "./history.ts";
import { applyEdits, diffText } from "./text_diff.ts";

/** Older ones are put together. */
const MAX_VERSIONS = 500;

/** The list, the oldest first. */
export class VersionList {
  #versions: DocumentVersion[];
  /** The text of the last one. */
  #lastText: string;

  constructor(versions: readonly DocumentVersion[]) {
    this.#versions = [...versions];
    this.#lastText = versions.reduce((text, { edits }) => applyEdits(text, edits), "");
  }

  /** All of them, to be kept. */
  get all(): readonly DocumentVersion[] {
    return this.#versions;
  }

  /** What people choose from. */
  get summaries(): VersionSummary[] {
    return this.#versions.map(summaryOf);
  }

  /** Whether the text is another than that of the last version. */
  isNew(text: string): boolean {
    return text !== this.#lastText;
  }

  /** The text of a version; undefined where there is none. */
  textOf(id: number): string | undefined {
    const index = this.#versions.findIndex((version) => version.id === id);
    if (index < 0) return undefined;
    return this.#versions.slice(0, index + 1).reduce((text, { edits }) => applyEdits(text, edits), "");
  }

  /** Answers a question about them. */
  answer(query: Extract<DocumentQuery, { type: "get-versions" | "get-version" }>): void {
    if (query.type === "get-versions") query.replyTo.tell(this.summaries);
    else query.replyTo.tell(this.textOf(query.id) ?? null);
  }

  /** Adds the text as it is now. */
  add(text: string, about: Pick<DocumentVersion, "atMs" | "by" | "name">): DocumentVersion {
    const id = (this.#versions.at(-1)?.id ?? 0) + 1;
    const version = { id, ...about, edits: diffText(this.#lastText, text) };
    this.#versions.push(version);
    this.#lastText = text;
    if (this.#versions.length > MAX_VERSIONS) this.#joinOldest();
    return version;
  }

  /** The second takes what the first had done; it is known by its own name. */
  #joinOldest(): void {
    const [first, second] = this.#versions;
    if (first === undefined || second === undefined) return;
    const edits = diffText("", applyEdits(applyEdits("", first.edits), second.edits));
    this.#versions.splice(0, 2, { ...second, edits });
  }
}

/** A version without its text. */
export function summaryOf({ id, atMs, name, by }: DocumentVersion): VersionSummary {
  return { id, atMs, by, ...(name === undefined ? {} : { name }) };
}
