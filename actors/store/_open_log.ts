import type { Disk, DiskFile } from "../world/world.ts";
import { WorldError } from "../world/world.ts";
import type { RecordForm, Recovered } from "./_form.ts";
import { FramedForm } from "./_framed_form.ts";
import { OwnedFile } from "./_owned_file.ts";
import { TextForm } from "./_text_form.ts";
import { LogFileError } from "./log_file_error.ts";
import type { LogFileOptions } from "./log_file_options.ts";

/** A log that was opened and recovered. */
export interface OpenedLog {
  readonly owned: OwnedFile;
  readonly records: RecordForm;
  readonly recovered: Recovered;
}

/** Opens a log and recovers it. Throws {@linkcode LogFileError}. */
export async function openLog(disk: Disk, path: string, options: LogFileOptions): Promise<OpenedLog> {
  const owned = await OwnedFile.open(disk, path).catch(async (error: unknown): Promise<never> => {
    if (isInUse(error)) throw new LogFileError("take", path, error);
    throw new LogFileError(await readingIsTheTrouble(disk, path, error) ? "read" : "open", path, error);
  });
  try {
    const records = options.form === "text" ? new TextForm(disk, path) : new FramedForm(disk, path, options);
    return { owned, records, recovered: await records.recover(owned, options.replay) };
  } catch (error) {
    owned.close();
    const isForeign = error instanceof WorldError && error.kind === "invalid-data";
    throw new LogFileError(isInUse(error) ? "take" : isForeign ? "use" : "read", path, error);
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof WorldError && error.kind === "in-use";
}

/** Whether a file that may not be opened for both may be opened for writing alone. */
async function readingIsTheTrouble(disk: Disk, path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof WorldError && error.kind === "permission-denied")) return false;
  let file: DiskFile;
  try {
    file = await disk.open(path, { read: false, write: true });
  } catch {
    return false;
  }
  file.close();
  return true;
}
