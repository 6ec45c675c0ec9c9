/**
 * Lines that a line client is sent as they come, while their places in the document do not count.
 *
 * @module
 */
import type { OwnUpdates } from "../document_events.ts";

/** Whole lines, and what of them the client itself had sent. */
export interface PushedLines {
  readonly bytes: Uint8Array;
  readonly own: OwnUpdates | undefined;
}

/** Lines at a place of the file, as lines that are counted from their own beginning. */
export function wholeLines(start: number, bytes: Uint8Array, own: OwnUpdates | undefined): PushedLines {
  const ranges = own?.ranges.map((range) => ({
    start: Math.max(range.start - start, 0),
    end: range.end - start,
  }));
  return { bytes, own: own && { ...own, ranges: ranges ?? [] } };
}

/** Whether the last line of a text has no end. */
export function isMidLine(text: Uint8Array = new Uint8Array(0)): boolean {
  return text.length > 0 && text[text.length - 1] !== 0x0a;
}
