/**
 * The lines that an edit has added or changed.
 *
 * @module
 */
import { commonEnd, commonStart } from "./text_diff.ts";

/** Of more lines that differ than these all count as changed: nobody waits for a comparison of them. */
const MAX_LINES = 100_000;

/**
 * Lines of `after`, each with an end, that `before` has not, in order: of those that are alike so many as
 * there are more of. A line that stayed or was moved is never among them. An end alone is no change.
 */
export function changedLines(before: string, after: string): string {
  const alike = commonStart(before, after);
  // Whole lines, which are lines of both.
  const start = alike === 0 ? 0 : before.lastIndexOf("\n", alike - 1) + 1;
  const most = Math.min(before.length, after.length) - start;
  const endsAt = before.indexOf("\n", before.length - commonEnd(before, after, most)) + 1;
  const end = endsAt === 0 ? 0 : before.length - endsAt;
  const left = ended(before.slice(start, before.length - end));
  const right = ended(after.slice(start, after.length - end));
  if (hasMoreLines(left) || hasMoreLines(right)) return right;
  const had = new Map<string, number>();
  for (const line of linesOf(left)) had.set(line, (had.get(line) ?? 0) + 1);
  return linesOf(right).filter((line) => {
    const count = had.get(line) ?? 0;
    if (count > 0) had.set(line, count - 1);
    return count === 0;
  }).join("");
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}

function hasMoreLines(text: string): boolean {
  let at = -1;
  for (let lines = 0; lines <= MAX_LINES; lines++) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return false;
  }
  return true;
}
