/**
 * Lines that are put behind a file, and what somebody else has made of it.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { joinBytes } from "../../protocols/_join_bytes.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Batch } from "../store/log_file_options.ts";
import type { DocumentEvent, DocumentRange, OwnUpdates } from "./document_events.ts";

/**
 * Updates of one member in a row that are not saved yet. Where they stand is counted from the first record of
 * their batch.
 */
export interface Unsaved {
  readonly member: Ref<DocumentEvent>;
  readonly start: number;
  end: number;
  updates: number;
  characters: number;
}

const LF = 0x0a;
const LINE_END = Uint8Array.of(LF);
const NOTHING = new Uint8Array(0);

/** Whether a text begins with another one. */
export function isBeginning(of: Uint8Array, text: Uint8Array): boolean {
  return text.length >= of.length && of.every((byte, index) => byte === text[index]);
}

/** Whether a text is shorter, and does not end as another one: somebody may be about to write the rest. */
export function lacksEnd(known: Uint8Array, text: Uint8Array): boolean {
  return text.length < known.length && !equalBytes(lastLine(known), lastLine(text));
}

function lastLine(text: Uint8Array): Uint8Array {
  const end = text.length - (isMidLine(text) ? 0 : 1);
  return text.subarray(text.lastIndexOf(LF, end - 1) + 1, Math.max(end, 0));
}

/** Whether the last line of a text has no end. */
export function isMidLine(text: Uint8Array): boolean {
  return text.length > 0 && text[text.length - 1] !== LF;
}

/**
 * A batch that begins at this place, up to which the members were told. Of a file that was replaced, the log
 * does not say what stands between that and its own records.
 *
 * @param text the file up to the batch's own records
 */
export function since({ bytes, leadBytes }: Batch, text: Uint8Array, place: number): Batch {
  const others = text.subarray(place);
  const lead = isMidLine(text) && bytes.length > leadBytes ? LINE_END : NOTHING;
  const all = joinBytes([others, lead, bytes.subarray(leadBytes)]);
  return {
    start: place,
    bytes: all,
    othersBytes: others.length,
    leadBytes: others.length + lead.length,
    endsLine: isMidLine(text.subarray(0, place)) && all[0] === LF,
    replaced: false,
  };
}

/** How many updates they are. */
export function countOf(updates: readonly Unsaved[]): number {
  return updates.reduce((sum, { updates }) => sum + updates, 0);
}

/** What of a batch each member had sent. The end of the line before belongs to the update that needed it. */
export function ownUpdates(batch: Batch, updates: readonly Unsaved[]): Map<Ref<DocumentEvent>, OwnUpdates> {
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
