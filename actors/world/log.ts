/**
 * The log, as a world has it.
 *
 * @module
 */

/** How much a log line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values that a log line may carry. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One event for the log. */
export interface LogRecord {
  /** How much it matters. */
  readonly level: LogLevel;
  /** Path of the actor that says it. */
  readonly actor: string;
  /** What happened, for people. */
  readonly message: string;
  /** What happened, for programs. */
  readonly fields?: LogFields;
  /** Text form: print the message bare, without `[INFO] ` before it (lines whose exact text is promised). */
  readonly plain?: boolean;
  /** Text form: the stack of the error in `fields` follows. @default only where debug lines are shown */
  readonly stack?: boolean;
}

/** Where log lines go. */
export interface Log {
  /** False when lines of this level are thrown away, so that nobody need build them. */
  enabled(level: LogLevel): boolean;
  /** Writes a line, unless its level is thrown away. */
  write(record: LogRecord): void;
}
