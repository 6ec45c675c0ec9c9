/**
 * What changed from one text to another, and the same change made to a third.
 *
 * @module
 */

import { isHighSurrogate, isLowSurrogate } from "../../protocols/_surrogates.ts";

/** One change of a text. Offsets are in UTF-16 units of the text before any of the changes. */
export interface TextEdit {
  /** Where it begins. */
  readonly at: number;
  /** How many units it takes away. */
  readonly remove: number;
  /** What it puts there. */
  readonly insert: string;
}

/**
 * Two texts that differ in more lines than this are not compared line by line: what differs is replaced as a
 * whole.
 */
const MAX_LINE_EDITS = 1000;
/** Stretches longer than this are not compared unit by unit. */
const MAX_UNITS = 2000;
const MAX_UNIT_EDITS = 400;
/** A character of a script without spaces. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
/**
 * What is compared within a line: words, the space between them, and each other character. A word that
 * differs is another word: of two that differ in a few letters no third one is made when they are merged.
 * Scripts without spaces go by character.
 */
const WORDS = new RegExp(
  String.raw`${UNSPACED}|(?:(?!${UNSPACED})[\p{L}\p{M}\p{N}_])+|\s+|.`,
  "gsu",
);

/**
 * The edits that make `after` of `before`, in order, none touching another.
 *
 * Lines are compared first (Myers, "An O(ND) difference algorithm", 1986), then the words of lines that
 * differ.
 */
export function diffText(before: string, after: string): TextEdit[] {
  if (before === after) return [];
  const edits = diffRange(before, after, byLines, isLineEnd);
  return edits.map((edit, index) => {
    const last = edits[index - 1];
    return slide(
      before,
      edit,
      last === undefined ? 0 : last.at + last.remove + 1,
      edits[index + 1]?.at ?? before.length + 1,
    );
  });
}

/**
 * The same edit at the place where people would see it: what is put into `ab|ab` may as well stand before
 * or behind it. An edit that
 * begins and ends with a line, or else with a word, tears nothing when it is merged with others.
 */
function slide(before: string, edit: TextEdit, from: number, to: number): TextEdit {
  const { remove, insert } = edit;
  if ((remove > 0 && insert !== "") || remove + insert.length > MAX_UNITS) return edit;
  let units = edit.insert || before.slice(edit.at, edit.at + edit.remove);
  let { at } = edit;
  // As far to the left as it goes, and from there to the right.
  const leftmost = Math.max(from, at - MAX_UNITS);
  const rightmost = at + MAX_UNITS;
  while (at > leftmost && before[at - 1] === units.at(-1)) {
    units = before[--at] + units.slice(0, -1);
  }
  let [best, bestAt, bestUnits] = [-1, at, units];
  for (;;) {
    const next = before[at + edit.remove];
    const score = boundary(before[at - 1], units[0]) + boundary(units.at(-1), next);
    if (score >= best) [best, bestAt, bestUnits] = [score, at, units];
    if (next === undefined || next !== units[0] || at + remove + 1 >= to || at >= rightmost) break;
    units = units.slice(1) + next;
    at++;
  }
  return { at: bestAt, remove: edit.remove, insert: edit.insert === "" ? "" : bestUnits };
}

/** How good a place between two units is to cut a text. */
function boundary(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined || left === "\n") return 5;
  if (isHighSurrogate(left.charCodeAt(0)) && isLowSurrogate(right.charCodeAt(0))) return -10;
  if (right === "\n") return 3;
  if (/\s/.test(left) || /\s/.test(right)) return 2;
  return /[\p{L}\p{N}]/u.test(left) && /[\p{L}\p{N}]/u.test(right) ? 0 : 1;
}

/** How much a change changes: units taken away and put there. */
export function editCost(edits: readonly TextEdit[]): number {
  return edits.reduce((sum, { remove, insert }) => sum + remove + insert.length, 0);
}

/** The text after the edits. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = "";
  let from = 0;
  for (const { at, remove, insert } of edits) {
    result += text.slice(from, at) + insert;
    from = at + remove;
  }
  return result + text.slice(from);
}

/**
 * The edits `theirs`, which were made to some text, as edits of the text that `ours` have made of it: what
 * ours put there stays, and what both took away is taken away once. Where both inserted at one place, ours
 * stands first.
 */
export function rebaseEdits(theirs: readonly TextEdit[], ours: readonly TextEdit[]): TextEdit[] {
  const result: TextEdit[] = [];
  let next = 0;
  let shift = 0;
  for (const edit of theirs) {
    let from = edit.at;
    const end = edit.at + edit.remove;
    const parts: TextEdit[] = [];
    let insertAt: number | undefined;
    for (;;) {
      const own = ours[next];
      // Past the last one that touches this edit.
      if (own === undefined || own.at > end || (own.at === end && edit.remove > 0 && own.remove > 0)) break;
      const ownEnd = own.at + own.remove;
      if (own.at > from) parts.push({ at: from + shift, remove: own.at - from, insert: "" });
      if (ownEnd > end) {
        // It goes on behind this edit: what is left of it is met by the next one again.
        insertAt ??= own.at + shift + own.insert.length;
        from = Math.max(from, end);
        break;
      }
      shift += own.insert.length - own.remove;
      from = Math.max(from, ownEnd);
      next++;
    }
    if (from < end) parts.push({ at: from + shift, remove: end - from, insert: "" });
    const at = parts.at(-1)?.at ?? insertAt ?? from + shift;
    const last = parts.pop();
    result.push(
      ...parts,
      last === undefined ? { at, remove: 0, insert: edit.insert } : { ...last, insert: edit.insert },
    );
  }
  return result.filter(({ remove, insert }) => remove > 0 || insert !== "");
}

/** How many units two texts begin with alike. */
export function commonStart(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left.charCodeAt(start) === right.charCodeAt(start)) start++;
  return start;
}

/** How many units two texts end with alike, of so many at most. */
export function commonEnd(left: string, right: string, most: number): number {
  let end = 0;
  while (
    end < most && left.charCodeAt(left.length - 1 - end) === right.charCodeAt(right.length - 1 - end)
  ) end++;
  return end;
}

/** Edits between two stretches, once what both begin and end with is cut off. */
function diffRange(
  before: string,
  after: string,
  compare: (before: string, after: string) => TextEdit[],
  isEnd: (left: string, right: string) => boolean,
): TextEdit[] {
  const shorter = Math.min(before.length, after.length);
  let start = commonStart(before, after);
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start--;
  let end = commonEnd(before, after, shorter - start);
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end--;
  if (start + end === before.length || start + end === after.length) {
    return [{
      at: start,
      remove: before.length - end - start,
      insert: after.slice(start, after.length - end),
    }];
  }
  // What is compared begins and ends where its parts do.
  while (
    start > 0 &&
    !(isEnd(before.charAt(start - 1), before.charAt(start)) &&
      isEnd(after.charAt(start - 1), after.charAt(start)))
  ) start--;
  while (
    end > 0 && !(isEnd(before.charAt(before.length - end - 1), before.charAt(before.length - end)) &&
      isEnd(after.charAt(after.length - end - 1), after.charAt(after.length - end)))
  ) end--;
  const removed = before.slice(start, before.length - end);
  const inserted = after.slice(start, after.length - end);
  return compare(removed, inserted).map((edit) => ({ ...edit, at: edit.at + start }));
}

function isLineEnd(left: string): boolean {
  return left === "\n";
}

function isWordEnd(left: string, right: string): boolean {
  return boundary(left, right) > 0;
}

function byLines(before: string, after: string): TextEdit[] {
  const [left, right] = [splitLines(before), splitLines(after)];
  const hunks = myers(left, right, MAX_LINE_EDITS);
  if (hunks === undefined) return [{ at: 0, remove: before.length, insert: after }];
  const offsets = offsetsOf(left);
  return hunks.flatMap(({ from, to, start, end }) => {
    const at = offsets[from] ?? before.length;
    const removed = before.slice(at, offsets[to] ?? before.length);
    const inserted = right.slice(start, end).join("");
    if (removed === "" || inserted === "") return [{ at, remove: removed.length, insert: inserted }];
    return diffRange(removed, inserted, byUnits, isWordEnd).map((edit) => ({ ...edit, at: edit.at + at }));
  });
}

function byUnits(before: string, after: string): TextEdit[] {
  const whole = [{ at: 0, remove: before.length, insert: after }];
  if (before.length > MAX_UNITS || after.length > MAX_UNITS) return whole;
  const [left, right] = [before.match(WORDS) ?? [], after.match(WORDS) ?? []];
  const hunks = myers(left, right, MAX_UNIT_EDITS);
  if (hunks === undefined) return whole;
  const offsets = offsetsOf(left);
  return hunks.map(({ from, to, start, end }) => {
    const at = offsets[from] ?? before.length;
    return { at, remove: (offsets[to] ?? before.length) - at, insert: right.slice(start, end).join("") };
  });
}

/** Lines with their ends. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function offsetsOf(parts: readonly string[]): number[] {
  let at = 0;
  return parts.map((part) => {
    const start = at;
    at += part.length;
    return start;
  });
}

/** Parts `from` to `to` of the one list are replaced by parts `start` to `end` of the other. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** The shortest edit script of two lists; undefined where it has more than `maxEdits` steps. */
function myers(
  left: readonly string[],
  right: readonly string[],
  maxEdits: number,
): Hunk[] | undefined {
  const most = Math.min(maxEdits, left.length + right.length);
  const furthest = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const rounds: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    rounds.push(furthest.slice(middle - edits - 1, middle + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits ||
        (k !== edits && at(furthest, middle + k - 1) < at(furthest, middle + k + 1));
      let x = down ? at(furthest, middle + k + 1) : at(furthest, middle + k - 1) + 1;
      while (x < left.length && x - k < right.length && left[x] === right[x - k]) x++;
      furthest[middle + k] = x;
      if (x >= left.length && x - k >= right.length) return trace(rounds, left.length, right.length);
    }
  }
  return undefined;
}

/** Goes back along the rounds, and joins steps that touch. */
function trace(rounds: readonly Int32Array[], leftLength: number, rightLength: number): Hunk[] {
  const hunks: Hunk[] = [];
  let [x, y] = [leftLength, rightLength];
  for (let edits = rounds.length - 1; edits > 0; edits--) {
    const before = rounds[edits] ?? new Int32Array(0);
    const k = x - y;
    const middle = edits + 1;
    const down = k === -edits || (k !== edits && at(before, middle + k - 1) < at(before, middle + k + 1));
    const previous = down ? k + 1 : k - 1;
    const fromX = at(before, middle + previous);
    const fromY = fromX - previous;
    const [toX, toY] = down ? [fromX, fromY + 1] : [fromX + 1, fromY];
    const last = hunks.at(-1);
    if (last !== undefined && last.from === toX && last.start === toY) {
      hunks[hunks.length - 1] = { ...last, from: fromX, start: fromY };
    } else hunks.push({ from: fromX, to: toX, start: fromY, end: toY });
    [x, y] = [fromX, fromY];
  }
  return hunks.reverse();
}

function at(values: Int32Array, index: number): number {
  return values[index] ?? 0;
}
