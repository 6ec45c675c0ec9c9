/**
 * A document out of its history and its file.
 *
 * The history has every edit; the file has a text that it once held, perhaps with less of what was appended
 * since (a crash), and perhaps with what somebody has edited in it meanwhile. To merge that, it must be
 * known
 * what the file held before.
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

/**
 * The edits of somebody who has saved the file, as edits of the text.
 *
 * @param bases texts that the file held, the latest first. Somebody may have read one, and saved another
 * made
 * of it, while the file had changed in between; so it is the nearest that was edited. One that is the
 * same as
 * an old one was brought back on purpose.
 */
export function outsideEdits(file: string, bases: readonly string[], text: string): TextEdit[] {
  // The file may hold what it was last given, though that is not known for sure.
  if (file === text) return [];
  const [latest = ""] = bases;
  let edits = diffText(latest, file);
  let base = latest;
  let cost = editCost(edits);
  for (const other of bases.slice(1)) {
    if (cost === 0 || other === file) break;
    // A text whose length differs by more cannot be nearer.
    if (Math.abs(other.length - file.length) >= cost) continue;
    const fromOther = diffText(other, file);
    const otherCost = editCost(fromOther);
    if (otherCost < cost) [base, edits, cost] = [other, fromOther, otherCost];
  }
  return rebaseEdits(edits, diffText(base, text));
}
