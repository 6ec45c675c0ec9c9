/**
 * The shared document.
 *
 * @module
 */
import { type Behavior, type Context, withPrivateMessages } from "../runtime/mod.ts";
import { LogFile } from "../store/log_file.ts";
import { LogFileError } from "../store/log_file_error.ts";
import { type Disk, errorText, isNotFound, WorldError } from "../world/world.ts";
import type { DocumentCommand } from "./document_events.ts";
import type { DocumentOptions } from "./document_options.ts";
import { bringUpToDate, historyOptions, historyPath, NotEditable } from "./open_history.ts";
import { type PrivateMessage, SharedDocument } from "./shared_document.ts";

export * from "./document_events.ts";
export * from "./document_options.ts";

/** The document's file could not be opened. The text is the line for the operator; `cause` has the reason. */
export class DocumentError extends Error {
  /** For `error.name`. */
  override readonly name = "DocumentError";
}

/**
 * A document that many write together: it owns its file alone, and the order of the file is the order for
 * everybody.
 *
 * An update is saved first, and only then sent. The file is the text: what is held in memory is what is not
 * saved yet, so that an update costs the same however long the document is.
 *
 * Its start fails with a {@linkcode DocumentError}. Lives as long as its file handle: spawn it with
 * `escalate()`, since a fresh one would not know its members.
 *
 * @example
 * ```ts no-assert
 * import { sharedDocument } from "@troupe/actors/editor";
 *
 * const behavior = sharedDocument({ path: "notes.txt" });
 * ```
 */
export function sharedDocument(options: DocumentOptions): Behavior<DocumentCommand> {
  return withPrivateMessages<DocumentCommand, PrivateMessage>(async (self) => {
    const { path, within } = options;
    if (within !== undefined) await stayWithin(self.world.disk, within, [path, historyPath(path)]);
    const log = await open(self, path);
    self.onStop(() => log.close());
    await recover(self, log, options);
    if (log.created) self.log.info(`Created ${path} file`, { event: "file-created" });
    self.log.info(`Loaded existing content from ${path}`, { event: "file-loaded", bytes: log.length });
    const document = new SharedDocument(self, log, options);
    self.onStop(() => document.shutDown());
    options.opened?.();
    return (message) => document.receive(message);
  });
}

/**
 * Rejects with a {@linkcode DocumentError} where a name leads out of the directory, or to no regular file.
 */
async function stayWithin(disk: Disk, within: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      (await disk.open(path, { within })).close();
    } catch (error) {
      if (isNotFound(error)) continue;
      throw new DocumentError(`Error opening file ${path}: ${errorText(error)}`, { cause: error });
    }
  }
}

/** After a crash, edits may be durable in the history that the file does not have yet. */
async function recover(
  self: Pick<Context<DocumentCommand>, "world" | "log">,
  log: LogFile,
  options: DocumentOptions,
): Promise<void> {
  const history = historyOptions(options, self.log);
  if (history === undefined) return;
  try {
    await bringUpToDate(self.world, log, history);
  } catch (error) {
    if (error instanceof WorldError && error.kind === "invalid-data") {
      throw new DocumentError(`Error reading file ${historyPath(log.path)}: ${error.message}`, {
        cause: error,
      });
    }
    if (!(error instanceof NotEditable)) throw error;
    self.log.warn(`The history of ${log.path} is not looked at: ${error.message}`, {
      event: "history-ignored",
    });
  }
}

async function open(self: Pick<Context<DocumentCommand>, "world" | "log">, path: string): Promise<LogFile> {
  try {
    const log = await LogFile.open(self.world.disk, path, { form: "text", clock: self.world.clock });
    if (log.cutBytes > 0) {
      self.log.warn(`Removed ${log.cutBytes} bytes of a line that a crash had cut off from ${path}`, {
        event: "torn-line-removed",
      });
    }
    if (log.notWrittenAgain !== undefined) {
      self.log.warn(`What was last written to ${path} may be lost: ${log.notWrittenAgain.message}`, {
        event: "text-not-sure",
      });
    }
    if (log.nulBytes > 0) {
      self.log.warn(`${log.nulBytes} bytes of ${path} are NUL: lost in a crash, or saved by somebody`, {
        event: "text-lost",
      });
    }
    return log;
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error;
    const doing = error.during === "read" ? "reading" : "opening";
    // Nothing is wrong with a file that another has, so that the operator could not guess why it is not
    // opened.
    const why = error.during === "take" ? `: ${error.reason}` : "";
    throw new DocumentError(`Error ${doing} file ${path}${why}`, { cause: error });
  }
}
