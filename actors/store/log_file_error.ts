/**
 * Why a log could not be opened.
 *
 * @module
 */
import { errorText, WorldError } from "../world/world.ts";

/**
 * What failed: opening the file; reading it; using it, since it is something else; taking it, since another
 * process has it or somebody's file has the name of its journal.
 */
export type LogFileStep = "open" | "read" | "use" | "take";

/** A log could not be opened. `cause` is the {@linkcode WorldError}. */
export class LogFileError extends Error {
  /** For `error.name`. */
  override readonly name = "LogFileError";
  /** What was tried. */
  readonly during: LogFileStep;
  /** Why it failed. */
  readonly reason: string;
  /** Tells what was tried with which file, and why it failed. */
  constructor(during: LogFileStep, path: string, cause: unknown) {
    const reason = reasonOf(cause);
    super(`Cannot ${during} ${path}: ${reason}`, { cause });
    this.during = during;
    this.reason = reason;
  }
}

function reasonOf(error: unknown): string {
  const text = errorText(error);
  // A WorldError says what could not be done, too; here its reason is enough.
  return error instanceof WorldError ? text.slice(text.indexOf(": ") + 2) : text;
}
