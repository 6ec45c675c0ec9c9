/**
 * A document out of its history and its file.
 *
 * The history has every edit; the file has a text that it once held, perhaps with less of what was appended
 * since (a crash), and perhaps with what somebody has edited in it meanwhile. To merge that, it must be
 * known what the file held before.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { type DocumentVersion, heldBy, type HistoryEvent } from "./history.ts";
import type { Replica } from "./replica.ts";
import {
  applyEdits,
  commonEnd,
  commonStart,
  diffText,
  editCost,
  rebaseEdits,
  type TextEdit,
} from "./text_diff.ts";

const ENCODER = new TextEncoder();

/** A text that the file has held. */
export interface HeldText {
  readonly text: string;
  /** It has grown at its end: so long it was at times before. In order. */
  readonly lengths: readonly number[];
  /** It is what somebody has saved. */
  readonly isSaved?: boolean;
}

/** What the history says. */
export interface Recovered {
  /** Texts that the file may have held last, the likeliest first. */
  readonly bases: readonly HeldText[];
  readonly versions: readonly DocumentVersion[];
}

/** Of replacements in a row of which nobody knows what became of them, so many are looked at. */
const MAX_WRITINGS = 8;

/** Brings a fresh replica to where the history ends. */
export function replay(replica: Replica, events: readonly HistoryEvent[]): Recovered {
  const held = events.findLastIndex((event) => heldBy(event) !== undefined);
  const bases: HeldText[] = [];
  applyAll(replica, events.slice(0, held + 1));
  const edits = heldBy(events[held]);
  if (edits !== undefined) {
    const first = applyEdits(replica.text, edits);
    const appended = appendedAfter(events, held);
    // The file is appended to only while it holds the text.
    if (edits.length === 0 && appended.length > 0) bases.push(grown(first, appended));
    bases.push({ text: first, lengths: [] });
  }
  const writings: HeldText[] = [];
  let from = held + 1;
  for (const [index, { type }] of events.entries()) {
    if (type !== "writing" || index < from) continue;
    applyAll(replica, events.slice(from, index));
    from = index;
    writings.unshift({ text: replica.text, lengths: [] });
    if (writings.length > MAX_WRITINGS) writings.pop();
  }
  applyAll(replica, events.slice(from));
  bases.push(...writings);
  const versions = events.flatMap((event) => event.type === "version" ? [event.version] : []);
  return { bases, versions };
}

function applyAll(replica: Replica, events: readonly HistoryEvent[]): void {
  replica.applyTogether(() => {
    for (const event of events) if (event.type === "update") replica.apply(event.update);
  });
}

function appendedAfter(events: readonly HistoryEvent[], mark: number): string[] {
  const appended: string[] = [];
  for (const event of events.slice(mark + 1)) {
    if (event.type === "version") continue;
    if (event.type !== "update" || event.appended === undefined) break;
    appended.push(event.appended);
  }
  return appended;
}

function grown(text: string, appended: readonly string[]): HeldText {
  let { length } = text;
  const lengths = appended.map((more) => {
    const before = length;
    length += more.length;
    return before;
  });
  return { text: text + appended.join(""), lengths };
}

/**
 * Whether a file is only what a crash has left: one that it held, with a part of what was appended to it.
 * Such an append is not synced: its length may have reached the disk before it, with zeros in its place, and
 * it may end within a character.
 */
export function isCutOff(file: Uint8Array, bases: readonly HeldText[]): boolean {
  const [longest, first, ...others] = bases.map(({ text }) => ENCODER.encode(text));
  if ([longest, first, ...others].some((base) => base !== undefined && equalBytes(base, file))) return true;
  if (longest === undefined || first === undefined) return false;
  const { length } = first;
  return length <= file.length && file.length <= longest.length &&
    equalBytes(longest.subarray(0, length), first) && equalBytes(file.subarray(0, length), first) &&
    file.every((byte, at) => byte === longest[at] || (byte === 0 && at >= length));
}

/** So much of the last line tells where a file was cut off. */
const CUT_END_CHARACTERS = 32;
/** Lines may be alike: so many places are thought of, the last ones. */
const MAX_CUTS = 8;

/**
 * What a crash may have left of a text that had grown, where somebody has edited that before it was seen: cut
 * off where the file ends.
 */
export function cutOffBases(file: string, bases: readonly HeldText[]): HeldText[] {
  const [longest, first] = bases;
  if (longest === undefined || first === undefined || longest.lengths.length === 0) return [];
  const { text } = longest;
  const found: HeldText[] = [];
  let line = text.length;
  for (let end = text.length - 1; end > first.text.length && found.length < MAX_CUTS; end--) {
    // Not what stands before that line: there somebody may have put one of their own.
    if (line >= end) line = text.lastIndexOf("\n", end - 2) + 1;
    const isEnd = file.endsWith(text.slice(Math.max(line, end - CUT_END_CHARACTERS), end));
    if (isEnd) found.push({ text: text.slice(0, end), lengths: [] });
  }
  return found;
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
 * purpose, but for what somebody had saved: who saves that again goes on with it.
 *
 * @param bases texts that the file held, the latest first
 */
export function outsideEdits(file: string, bases: readonly HeldText[], text: string): TextEdit[] {
  // The file may hold what it was last given, though that is not known for sure.
  if (file === text) return [];
  const latest = bases[0]?.text ?? "";
  const saves = bases.filter(({ isSaved }) => isSaved).map((save) => save.text);
  // Who empties the file means that.
  if (file !== "" && saves.includes(file)) return savedAgain(file, saves[0] ?? file, text);
  const hole = bases[0] && holeIn(file, bases[0]);
  if (hole !== undefined) return editsBehind(hole.saved, hole.own, bases, text);
  let base = latest;
  let edits = diffText(base, file);
  if (!bases.some((held) => hasHeld(held, file))) {
    let cost = editCost(edits);
    const olds = bases.flatMap((
      held,
      index,
    ) => [...(index === 0 ? [] : [held.text]), ...shorter(held, file)]);
    for (const other of nearest(file, olds, cost)) {
      const fromOther = diffText(other, file);
      const otherCost = editCost(fromOther);
      if (otherCost >= cost || !isMostlyKept(file, fromOther)) continue;
      if (!bringsWhatCame(withoutLastEnd(fromOther, other), diffText(other, latest))) {
        [base, edits, cost] = [other, fromOther, otherCost];
      }
    }
  }
  return keepLinesWhole(rebaseEdits(edits, diffText(base, text)), text, linesOf(edits, base));
}

/**
 * Somebody saves what was saved before. Where that is the latest, they have changed nothing since, and know
 * of nothing that others did; else they take back what they have saved in between.
 */
function savedAgain(file: string, latestSave: string, text: string): TextEdit[] {
  return rebaseEdits(diffText(latestSave, file), diffText(latestSave, text));
}

/**
 * As {@linkcode outsideEdits}, of somebody behind whose text lines were put that they have not seen.
 *
 * @param own these lines, with which the latest text ends
 */
export function editsBehind(
  saved: string,
  own: string,
  bases: readonly HeldText[],
  text: string,
): TextEdit[] {
  const before = bases.map((base, index) =>
    index === 0 ? { ...base, text: base.text.slice(0, -own.length) } : base
  );
  return outsideEdits(saved, before, text);
}

/**
 * Whoever saves a shorter text at the moment when lines are put behind the one before has a hole of zeros in
 * the file, from the end of their last line up to where the file had ended.
 */
function holeIn(
  file: string,
  { text, lengths }: HeldText,
): { readonly saved: string; readonly own: string } | undefined {
  const end = file.lastIndexOf("\0") + 1;
  const own = file.slice(end);
  const before = text.slice(0, text.length - own.length);
  if (end === 0 || !lengths.includes(before.length) || !text.endsWith(own)) return undefined;
  const saved = file.slice(0, end).replace(/\0+$/, "");
  if (saved !== "" && !saved.endsWith("\n")) return undefined;
  const isFilled = ENCODER.encode(file.slice(0, end)).length === ENCODER.encode(before).length;
  return isFilled && !before.endsWith("\0") ? { saved, own } : undefined;
}

/** Whole lines that are put between lines. */
function linesOf(edits: readonly TextEdit[], base: string): ReadonlySet<string> {
  return new Set(edits.filter(isLines).map(({ insert }) => insert));

  function isLines({ at, remove, insert }: TextEdit): boolean {
    return remove === 0 && insert.endsWith("\n") && (at === 0 || base[at - 1] === "\n");
  }
}

/**
 * The same edits, with whole lines put between lines also where what was around them is no longer there: a
 * difference of two texts cuts words at any place where the texts are alike.
 */
function keepLinesWhole(edits: readonly TextEdit[], text: string, lines: ReadonlySet<string>): TextEdit[] {
  return edits.map((edit, index) => {
    const { at, remove, insert } = edit;
    if (remove > 0 || at === 0 || text[at - 1] === "\n" || !lines.has(insert)) return edit;
    const next = text.indexOf("\n", at) + 1;
    return next === 0 || next > (edits[index + 1]?.at ?? text.length) ? edit : { ...edit, at: next };
  });
}

function hasHeld({ text, lengths }: HeldText, file: string): boolean {
  return text === file || (lengths.includes(file.length) && text.startsWith(file));
}

/** Ends of a file that are looked for in what it held. */
const LAST_LINES = 4;
const MAX_LAST_LINES = 4096;

/**
 * What a text was before it grew, where a file is likeliest to be made of that: as long as the file, or up to
 * one of its last lines.
 */
function shorter({ text, lengths }: HeldText, file: string): string[] {
  if (lengths.length === 0) return [];
  const found = new Set<number>();
  const firstFrom = (least: number) => lengths.find((length) => length >= least);
  const longestTo = (most: number) => lengths.findLast((length) => length <= most);
  for (const length of [firstFrom(file.length), longestTo(file.length)]) {
    if (length !== undefined) found.add(length);
  }
  const lines = file.slice(-MAX_LAST_LINES).split("\n").filter((line) => line !== "").slice(-LAST_LINES);
  for (const line of lines) {
    const at = text.lastIndexOf(line);
    const length = at < 0 ? undefined : firstFrom(at + line.length);
    if (length !== undefined) found.add(length);
  }
  return [...found].map((length) => text.slice(0, length));
}

/** Many programs end the last line when they save: that is nothing that came. */
function withoutLastEnd(edits: readonly TextEdit[], base: string): readonly TextEdit[] {
  return edits.filter(({ at, insert }) => at < base.length || insert !== "\n");
}

/** A shorter piece is found in any longer one by chance. */
const MIN_PIECE = 3;

/**
 * Whether a file has, where an old text does not, what came there since, or a part of it: then it was made of
 * a later one, however near the old one is.
 */
function bringsWhatCame(edits: readonly TextEdit[], came: readonly TextEdit[]): boolean {
  return edits.some(({ at, insert }) =>
    came.some((other) => other.at === at && isBrought(insert, other.insert))
  );
}

function isBrought(insert: string, came: string): boolean {
  if (insert === "" || came === "") return false;
  return came.includes(insert) || (came.trim().length >= MIN_PIECE && insert.includes(came));
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
      const start = commonStart(file, text);
      const ends = start + commonEnd(file, text, Math.min(file.length, text.length) - start);
      const alike = Math.min(file.length, Math.max(inLines, ends));
      return { text, distance: text.length + file.length - 2 * alike };
    })
    .sort((left, right) => left.distance - right.distance)
    .slice(0, MAX_COMPARED)
    .map(({ text }) => text);
}
