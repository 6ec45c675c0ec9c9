/**
 * A document out of its history and its file.
 *
 * The history has every edit; the file has a text that it once held, perhaps with less of what was appended
 * since (a crash), and perhaps with what somebody has edited in it meanwhile. To merge that, it must be
 * known what the file held before.
 *
 * @module
 */
import type { DocumentVersion, HistoryEvent } from "./history.ts";
import type { Replica } from "./replica.ts";
import { applyEdits, diffText, editCost, rebaseEdits, type TextEdit } from "./text_diff.ts";

/** What the history says. */
export interface Recovered {
  /** Texts that the file may have held last, the likeliest first. */
  readonly bases: readonly string[];
  readonly versions: readonly DocumentVersion[];
}

/** Brings a fresh replica to where the history ends. */
export function replay(replica: Replica, events: readonly HistoryEvent[]): Recovered {
  const held = events.findLastIndex(({ type }) => type === "held");
  const writing = events.findLastIndex(({ type }) => type === "writing");
  const bases: string[] = [];
  const mark = held < 0 ? 0 : held;
  applyAll(replica, events.slice(0, mark));
  const heldEvent = events[held];
  if (heldEvent?.type === "held") {
    const first = applyEdits(replica.text, heldEvent.edits);
    const appended = appendedAfter(events, held);
    // The file is appended to only while it holds the text.
    if (heldEvent.edits.length === 0 && appended !== "") bases.push(first + appended);
    bases.push(first);
  }
  if (writing > mark) {
    applyAll(replica, events.slice(mark, writing));
    bases.push(replica.text);
    applyAll(replica, events.slice(writing));
  } else applyAll(replica, events.slice(mark));
  const versions = events.flatMap((event) => event.type === "version" ? [event.version] : []);
  return { bases, versions };
}

function applyAll(replica: Replica, events: readonly HistoryEvent[]): void {
  replica.applyTogether(() => {
    for (const event of events) if (event.type === "update") replica.apply(event.update);
  });
}

function appendedAfter(events: readonly HistoryEvent[], mark: number): string {
  let text = "";
  for (const event of events.slice(mark + 1)) {
    if (event.type === "version") continue;
    if (event.type !== "update" || event.appended === undefined) break;
    text += event.appended;
  }
  return text;
}

/**
 * Whether a file's text is only what a crash has left: one that it held, with a part of what was appended to
 * it.
 */
export function isCutOff(file: string, bases: readonly string[]): boolean {
  const [longest = "", first] = bases;
  if (bases.includes(file)) return true;
  return first !== undefined && longest.startsWith(first) && file.startsWith(first) &&
    longest.startsWith(file);
}

/** Old texts that are compared in full with what somebody has saved: a comparison takes milliseconds. */
const MAX_COMPARED = 4;

/**
 * The edits of somebody who has saved the file, as edits of the text.
 *
 * They were made to the latest text that the file held, or else to an old one: somebody may have read it, and
 * saved what they made of it, while the file had changed in between. Such an old one is much nearer, and at
 * least half of the file comes from it: of a file that was rewritten, or replaced by a short one, the
 * distance to old and short texts says nothing. A text that the file has held before was brought back on
 * purpose.
 *
 * @param bases texts that the file held, the latest first
 */
export function outsideEdits(file: string, bases: readonly string[], text: string): TextEdit[] {
  // The file may hold what it was last given, though that is not known for sure.
  if (file === text) return [];
  let [base = ""] = bases;
  let edits = diffText(base, file);
  if (!bases.includes(file)) {
    let cost = editCost(edits);
    for (const other of nearest(file, bases.slice(1), cost)) {
      const fromOther = diffText(other, file);
      const otherCost = editCost(fromOther);
      if (otherCost < cost && isMostlyKept(file, fromOther)) {
        [base, edits, cost] = [other, fromOther, otherCost];
      }
    }
  }
  return rebaseEdits(edits, diffText(base, text));
}

/** Whether at least half of a file was not put there by these edits. */
function isMostlyKept(file: string, edits: readonly TextEdit[]): boolean {
  const inserted = edits.reduce((sum, { insert }) => sum + insert.length, 0);
  return inserted < file.length && 2 * inserted <= file.length;
}

/**
 * The few texts of which a file is likeliest to be made, at less than this cost: by whole lines, and by how
 * both begin and end.
 */
function nearest(file: string, texts: readonly string[], cost: number): string[] {
  const lines = new Set(file.split("\n"));
  return texts
    // A text whose length differs by more cannot be nearer.
    .filter((text) => 2 * text.length >= file.length && Math.abs(text.length - file.length) < cost)
    .map((text) => {
      let inLines = 0;
      for (const line of text.split("\n")) if (lines.has(line)) inLines += line.length + 1;
      const alike = Math.min(file.length, Math.max(inLines, commonEnds(file, text)));
      return { text, distance: text.length + file.length - 2 * alike };
    })
    .sort((left, right) => left.distance - right.distance)
    .slice(0, MAX_COMPARED)
    .map(({ text }) => text);
}

/** How many units two texts share at their beginning and at their end. */
function commonEnds(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left.charCodeAt(start) === right.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    left.charCodeAt(left.length - 1 - end) === right.charCodeAt(right.length - 1 - end)
  ) end++;
  return start + end;
}
