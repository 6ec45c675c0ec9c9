/**
 * The lines that an edit has added or changed.
 *
 * @module
 */
import { type Hunk, MAX_LINE_EDITS, myers, splitLines } from "./text_diff.ts";

/**
 * To find so many edits of a stretch takes as many steps as their square. All stretches share these: a text
 * that differs everywhere must not keep others waiting.
 */
const MAX_STEPS = MAX_LINE_EDITS ** 2 / 4;
/** The most of the steps left that one stretch may take. */
const STRETCH_SHARE = 1 / 2;

/**
 * Lines of `after`, without their ends, that are not lines of `before`: those that were added or changed.
 * An end alone is no change.
 */
export function changedLines(before: string, after: string): string[] {
  const linesOf = (text: string) =>
    splitLines(text).map((line) => line.endsWith("\n") ? line.slice(0, -1) : line);
  const [left, right] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  const limit = Math.min(left.length, right.length) - start;
  while (end < limit && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  return addedLines(left.slice(start, left.length - end), right.slice(start, right.length - end));
}

/**
 * Lines that stand once in both are compared first, and what is between them then ("patience diff"): a line
 * that stayed is not taken for a new one for the sake of an empty line beside it.
 */
function addedLines(left: readonly string[], right: readonly string[]): string[] {
  const added: string[][] = [];
  let stepsLeft = MAX_STEPS;
  let [x, y] = [0, 0];
  for (const { from, start } of [...stayed(left, right), { from: left.length, start: right.length }]) {
    if (start > y) {
      const between = right.slice(y, start);
      const maxEdits = Math.floor(Math.sqrt(stepsLeft * STRETCH_SHARE));
      const hunks = myers(left.slice(x, from), between, maxEdits);
      if (hunks === undefined) added.push(between);
      else for (const hunk of hunks) added.push(between.slice(hunk.start, hunk.end));
      stepsLeft -= (hunks === undefined ? maxEdits : editsOf(hunks)) ** 2;
    }
    [x, y] = [from + 1, start + 1];
  }
  return added.flat();
}

function editsOf(hunks: readonly Hunk[]): number {
  return hunks.reduce((sum, { from, to, start, end }) => sum + to - from + end - start, 0);
}

/** A line that stands at `from` in the one list and at `start` in the other. */
interface StayedLine {
  readonly from: number;
  readonly start: number;
  readonly before: StayedLine | undefined;
}

/** The most of the lines that stand once in both lists, in the same order. */
function stayed(left: readonly string[], right: readonly string[]): StayedLine[] {
  const places = placesOf(right);
  /** The longest sequences, by length: each the one that ends first. */
  const longest: StayedLine[] = [];
  for (const [line, from] of placesOf(left)) {
    const start = places.get(line) ?? -1;
    if (from < 0 || start < 0) continue;
    let [low, high] = [0, longest.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((longest[middle]?.start ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    longest[low] = { from, start, before: longest[low - 1] };
  }
  const lines: StayedLine[] = [];
  for (let line = longest.at(-1); line !== undefined; line = line.before) lines.push(line);
  return lines.reverse();
}

/** Where each line stands; -1 for one that stands in several places. An empty one is like any other. */
function placesOf(lines: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [at, line] of lines.entries()) {
    const known = places.get(line);
    if (known !== undefined) { if (known >= 0) places.set(line, -1); }
    else if (line.trim() !== "") places.set(line, at);
  }
  return places;
}
