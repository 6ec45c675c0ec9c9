/**
 * The lines that an edit has added or changed.
 *
 * @module
 */
import { splitLines } from "./text_diff.ts";

/**
 * Lines of `after`, without their ends, that `before` has not, in order: of those that are alike so many
 * as there are more of. A line that stayed or was moved is never among them. An end alone is none.
 */
export function changedLines(before: string, after: string): string[] {
  const had = new Map<string, number>();
  for (const line of linesOf(before)) had.set(line, (had.get(line) ?? 0) + 1);
  return linesOf(after).filter((line) => {
    const count = had.get(line) ?? 0;
    if (count > 0) had.set(line, count - 1);
    return count === 0;
  });
}

function linesOf(text: string): string[] {
  return splitLines(text).map((line) => line.endsWith("\n") ? line.slice(0, -1) : line);
}
