/**
 * Log records as lines.
 *
 * What a stranger sent is in them: both forms make it visible by the one rule of {@linkcode visibleText}.
 *
 * @module
 */
import { visibleLines, visibleText } from "../../protocols/visible_text.ts";
import type { LogLevel, LogRecord } from "./world.ts";

/** The levels, from the least important on. */
export const LOG_LEVELS: readonly LogLevel[] = [
  "debug",
  "info",
  "warn",
  "error",
];

/** Options of {@linkcode textLine}. */
export interface TextLineOptions {
  /** Put before the line. */
  readonly time?: string;
  /** The stack of the record's error follows, in lines of its own that begin with blanks. @default false */
  readonly stack?: boolean;
}

/** `[INFO] message`, or the bare message of a plain record. One line, but for a stack; no line end. */
export function textLine(record: LogRecord, options: TextLineOptions = {}): string {
  const { time, stack = false } = options;
  const message = visibleText(record.message);
  const line = record.plain ? message : `[${record.level.toUpperCase()}] ${message}`;
  const timed = time === undefined ? line : `${time} ${line}`;
  return stack ? timed + stackOf(record.fields?.error) : timed;
}

/**
 * The lines of a stack that say where, each with a line end before it; none of an error that has no stack.
 */
function stackOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return "";
  // The message is before them, and may be as long as the path of an actor 10,000 levels deep.
  const frames = String(error.stack ?? "").slice(-MAX_FRAMES_LENGTH).split("\n")
    .filter((line) => /^\s+at /.test(line));
  const where = frames.map((frame) => `\n    ${visibleText(frame.trim())}`).join("");
  if (error.cause === undefined) return where;
  const { cause } = error;
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return `${where}\n    Caused by: ${visibleText(shortened(what, MAX_CAUSE_LENGTH))}${
    stackOf(cause, depth + 1)
  }`;
}

/** How far the causes of an error are followed: some go in a circle. */
const MAX_CAUSES = 8;
/** Characters of the frames of one error, and of the message of a cause, that are printed. */
const MAX_FRAMES_LENGTH = 8192;
const MAX_CAUSE_LENGTH = 1024;
/** Characters of an error's message in a line of JSON: it may be what a peer has sent. */
const MAX_MESSAGE_LENGTH = 4096;

/** A text of at most so many characters, and a sign that there were more. */
export function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** Options of {@linkcode jsonLine}. */
export interface JsonLineOptions {
  /** Whether errors have their stacks in it. @default true */
  readonly stacks?: boolean;
}

/**
 * One JSON object: `time`, `level`, `actor`, `event`, `msg`, then the record's own fields. No line end. The
 * stable word
 * `event` is a field of the record.
 */
export function jsonLine(record: LogRecord, time: string, options: JsonLineOptions = {}): string {
  const { stacks = true } = options;
  const { level, fields = {} } = record;
  const head: Record<string, unknown> = {
    time,
    level,
    actor: visibleText(record.actor),
    event: typeof fields.event === "string" ? visibleText(fields.event) : NO_EVENT,
    msg: visibleText(record.message),
  };
  const line = { ...head };
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(line, name)) line[name] = value;
  }
  try {
    return JSON.stringify(line, stacks ? plainValue : plainValueWithoutStacks);
  } catch {
    // A field that JSON cannot hold (a cycle) costs the fields, never the line.
    return JSON.stringify(head);
  }
}

/** The event of a line that is for people alone. */
const NO_EVENT = "message";

function plainValue(name: string, value: unknown): unknown {
  if (typeof value === "string") return name === "stack" ? visibleLines(value) : visibleText(value);
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? plainError(value, true) : value;
}

function plainValueWithoutStacks(name: string, value: unknown): unknown {
  return value instanceof Error ? plainError(value, false) : plainValue(name, value);
}

/** An error with what one needs to find its cause. To ask for the stack alone takes long. */
function plainError(error: Error, hasStack: boolean, depth = 0): Record<string, unknown> {
  const { name, cause } = error;
  const message = shortened(String(error.message), MAX_MESSAGE_LENGTH);
  const plain = hasStack ? { name, message, stack: shortStack(error.stack) } : { name, message };
  if (cause === undefined) return plain;
  const inner = cause instanceof Error && depth < MAX_CAUSES
    ? plainError(cause, hasStack, depth + 1)
    : shortened(String(cause), MAX_MESSAGE_LENGTH);
  return { ...plain, cause: inner };
}

/** A stack begins with the message, which may be long, and ends with the frames. */
function shortStack(stack: string | undefined): string | undefined {
  if (typeof stack !== "string" || stack.length <= MAX_FRAMES_LENGTH) return stack;
  return `${shortened(stack, MAX_MESSAGE_LENGTH)}\n${stack.slice(-MAX_FRAMES_LENGTH + MAX_MESSAGE_LENGTH)}`;
}
