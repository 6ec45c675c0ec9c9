/**
 * What was said, as the history keeps it: one line of text an entry.
 *
 * @module
 */
import { formatChatEvent } from "../../protocols/chat.ts";
import { withoutFormatting } from "../../protocols/irc.ts";

/** How something is said. */
export type SpeechKind = "message" | "action" | "notice" | "tags";

/** What the history has of something said. */
export interface HistoryEntry {
  readonly id: string;
  /** Milliseconds since 1970; 0 for what was kept before times were. */
  readonly timeMs: number;
  readonly name: string;
  readonly user: string;
  readonly host: string;
  readonly kind: Exclude<SpeechKind, "tags">;
  readonly text: string;
}

/** Which part of a history is asked for, as `CHATHISTORY` has it. Limits are counted in entries. */
export type HistoryQuery =
  | { readonly type: "latest"; readonly after?: HistoryPoint; readonly limit: number }
  | { readonly type: "before" | "after" | "around"; readonly point: HistoryPoint; readonly limit: number }
  | {
    readonly type: "between";
    readonly from: HistoryPoint;
    readonly to: HistoryPoint;
    readonly limit: number;
  };

/** A place in a history: an entry, or a time. */
export type HistoryPoint = { readonly id: string } | { readonly timeMs: number };

/** The entry as a line. */
export function encodeEntry(entry: HistoryEntry): string {
  return JSON.stringify(entry);
}

/** A line as an entry. One of a former version of the program has a name and a text alone. */
export function decodeEntry(line: string): HistoryEntry {
  if (line.startsWith("{")) {
    try {
      const value: unknown = JSON.parse(line);
      if (isEntry(value)) return value;
    } catch {
      // It is a line of a former version that begins so.
    }
  }
  return decodeFormerLine(line);
}

/** `NAME: TEXT` or `* NAME TEXT`. */
function decodeFormerLine(line: string): HistoryEntry {
  const [, actor, action] = /^\* (\S+) (.*)$/s.exec(line) ?? [];
  const [, name = "", text = line] = /^([^:]*): (.*)$/s.exec(line) ?? [];
  const common = { id: "", timeMs: 0, user: "line", host: "unknown" };
  return actor === undefined || action === undefined
    ? { ...common, name, kind: "message", text }
    : { ...common, name: actor, kind: "action", text: action };
}

function isEntry(value: unknown): value is HistoryEntry {
  if (typeof value !== "object" || value === null) return false;
  const entry: Partial<Record<keyof HistoryEntry, unknown>> = value;
  const texts = [entry.id, entry.name, entry.user, entry.host, entry.text];
  return texts.every((text) => typeof text === "string") && typeof entry.timeMs === "number" &&
    (entry.kind === "message" || entry.kind === "action" || entry.kind === "notice");
}

/** The line that an entry is to people. */
export function formatEntry(entry: HistoryEntry): string {
  const { name, kind } = entry;
  const text = withoutFormatting(entry.text);
  return formatChatEvent({ type: kind === "action" ? "did" : "said", name, text });
}

/**
 * The entries that a query asks for, oldest first, of those that are kept.
 *
 * Follows the subcommands of the draft `chathistory` of IRCv3: `before` and `after` leave the point itself
 * out, `around` has it in the middle, `between` takes from the side of its first point.
 */
export function selectEntries(
  entries: readonly HistoryEntry[],
  query: HistoryQuery,
): readonly HistoryEntry[] {
  const { limit } = query;
  const after = (point: HistoryPoint) => entries.slice(firstAfter(entries, point));
  const before = (point: HistoryPoint) => entries.slice(0, firstFrom(entries, point));
  switch (query.type) {
    case "latest":
      return (query.after === undefined ? entries : after(query.after)).slice(-limit);
    case "before":
      return before(query.point).slice(-limit);
    case "after":
      return after(query.point).slice(0, limit);
    case "around": {
      const place = firstFrom(entries, query.point);
      const start = Math.max(0, place - Math.floor(limit / 2));
      return entries.slice(start, start + limit);
    }
    case "between": {
      const [first, second] = [firstAfter(entries, query.from), firstFrom(entries, query.to)];
      if (first <= second) return entries.slice(first, second).slice(0, limit);
      const [from, to] = [firstAfter(entries, query.to), firstFrom(entries, query.from)];
      return entries.slice(from, to).slice(-limit);
    }
  }
}

/** Bytes of the texts of one answer: it must fill no member's queue. */
const MAX_ANSWER_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/** The last of some entries, as many as one answer may send. */
export function fittingEntries(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  let bytes = 0;
  const tooMuch = entries.findLastIndex(({ text }) => {
    return (bytes += encoder.encode(text).length) > MAX_ANSWER_BYTES;
  });
  return entries.slice(tooMuch + 1);
}

/** The place of the first entry at the point or after it. One that is not known stands before all. */
function firstFrom(entries: readonly HistoryEntry[], point: HistoryPoint): number {
  const place = "id" in point
    ? entries.findIndex(({ id }) => id === point.id)
    : entries.findIndex(({ timeMs }) => timeMs >= point.timeMs);
  return place < 0 ? ("id" in point ? 0 : entries.length) : place;
}

/** The place of the first entry after the point. */
function firstAfter(entries: readonly HistoryEntry[], point: HistoryPoint): number {
  if ("id" in point) return entries.findIndex(({ id }) => id === point.id) + 1;
  const place = entries.findIndex(({ timeMs }) => timeMs > point.timeMs);
  return place < 0 ? entries.length : place;
}
