/**
 * Log records as lines.
 *
 * @module
 */
import type { LogLevel, LogRecord } from "./world.ts";

/** The levels, from the least important on. */
export const LOG_LEVELS: readonly LogLevel[] = [
  "debug",
  "info",
  "warn",
  "error",
];

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/g;

/** Makes control characters visible, so that what a peer sent can neither forge a line nor drive a terminal. */
function visible(text: string): string {
  return text.replace(CONTROL, (char) => {
    if (char === "\n") return "\\n";
    if (char === "\r") return "\\r";
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** `[INFO] message`, or the bare message of a plain record. Always one line; no line end. */
export function textLine(record: LogRecord): string {
  const message = visible(record.message);
  return record.plain ? message : `[${record.level.toUpperCase()}] ${message}`;
}

/** One JSON object: `time`, `level`, `actor`, `msg`, then the record's own fields. No line end. */
export function jsonLine(record: LogRecord, time: string): string {
  const line: Record<string, unknown> = {
    time,
    level: record.level,
    actor: record.actor,
    msg: record.message,
  };
  for (const [name, value] of Object.entries(record.fields ?? {})) {
    if (!Object.hasOwn(line, name)) line[name] = value;
  }
  try {
    return JSON.stringify(line, plainValue);
  } catch {
    // A field that JSON cannot hold (a cycle) costs the fields, never the line.
    return JSON.stringify({
      time,
      level: record.level,
      actor: record.actor,
      msg: record.message,
    });
  }
}

function plainValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) {
    return { name: value.name, message: value.message };
  }
  return value;
}
