/**
 * From what is on the disk at a start to an index that agrees with the files.
 *
 * @module
 */
import { datestampOf, isClientId, type WallSeconds, wallSeconds } from "../../protocols/records.ts";
import { removeTemporaries } from "../store/atomic_file.ts";
import { type Disk, errorText, isNotFound, type World } from "../world/world.ts";
import type { Intents } from "./intents.ts";
import { type FoundRecords, parseRecordFile, type RecordFile, salvageRecordFile } from "./record_file.ts";

/** What is there at a start. */
export interface Recovered {
  /** Each record's datestamp. */
  readonly stamps: ReadonlyMap<string, WallSeconds>;
  /** What was not in order, for the log. */
  readonly remarks: readonly string[];
}

/** What is needed of a world. */
type Machine = Pick<World, "clock" | "disk">;

/** Where a records store keeps its things. */
export interface StorePlaces {
  /** Folder of the clients' files. */
  readonly filesFolder: string;
  /** Folder of the record file. */
  readonly recordFolder: string;
  /** Name of the record file. */
  readonly recordName: string;
}

/** The name of a client's file. */
export function fileNameOf(id: string): string {
  return `${id}.txt`;
}

/** How many files are read at once. */
const READS_AT_ONCE = 16;

/**
 * Reads the record file and makes it agree with the clients' files.
 *
 * The record file is believed, but for the records that a crash caught in the middle of a change (their files are
 * read), files that it does not know (they are read), and records without a file (they go). What half-written files a
 * crash has left is removed.
 *
 * Rejects with a `WorldError`, or an `Error` that says what to do when the record file is no JSON and no crash explains it.
 */
export async function recover(
  machine: Machine,
  places: StorePlaces,
  recordFile: RecordFile,
  intents: Intents,
): Promise<Recovered> {
  const { disk } = machine;
  const { filesFolder, recordFolder, recordName } = places;
  const suspects = await intents.leftOver();
  const intentsName = intents.path.slice(recordFolder.length + 1);
  const removed = await removeTemporaries(disk, filesFolder, (name) => idOfFile(name) !== undefined) +
    await removeTemporaries(disk, recordFolder, (name) => name === recordName || name === intentsName);
  const found = await readRecordFile(disk, recordFile.path, suspects.size > 0);

  const present = new Set<string>();
  for (const { name, isFolder } of await disk.list(filesFolder)) {
    const id = idOfFile(name);
    if (id !== undefined && !isFolder) present.add(id);
  }
  const stamps = new Map([...found.stamps].filter(([id]) => present.has(id)));
  const toRead = [...present].filter((id) => suspects.has(id) || !stamps.has(id));
  const next = toRead.values();
  await Promise.all(Array.from({ length: READS_AT_ONCE }, async () => {
    for (const id of next) stamps.set(id, await stampOnDisk(machine, `${filesFolder}/${fileNameOf(id)}`));
  }));

  // What was read of a change that was not finished must not be taken back by a power cut after this.
  await disk.syncFolder(filesFolder);

  const gone = [...found.stamps.keys(), ...found.undated].filter((id) => !present.has(id)).length;
  const remarks = [
    remark(
      suspects.size,
      "was being changed when the server ended",
      "were being changed when the server ended",
    ),
    remark(removed, "half-written file removed", "half-written files removed"),
    remark(gone, "record without a file dropped", "records without a file dropped"),
    remark(found.undated.length, "record had no datestamp", "records had no datestamp"),
    remark(found.strangers, "name that is no client ID dropped", "names that are no client ID dropped"),
  ].filter((text) => text !== undefined);
  return { stamps, remarks };
}

function remark(count: number, one: string, many: string): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? one : many}`;
}

function idOfFile(name: string): string | undefined {
  const id = name.endsWith(".txt") ? name.slice(0, -4) : "";
  return isClientId(id) ? id : undefined;
}

async function readRecordFile(disk: Disk, path: string, afterCrash: boolean): Promise<FoundRecords> {
  let text: string;
  try {
    text = new TextDecoder().decode(await disk.readFile(path));
  } catch (error) {
    if (isNotFound(error)) return parseRecordFile("");
    throw error;
  }
  try {
    return parseRecordFile(text);
  } catch (error) {
    if (afterCrash) return salvageRecordFile(text);
    const reason = errorText(error);
    throw new Error(
      `Cannot read ${path}: ${reason}. Mend it, or remove it to have it made anew from the clients' files`,
      { cause: error },
    );
  }
}

/** The datestamp of a client's file: its first line's or, without one, the local time when it was changed. */
async function stampOnDisk({ disk, clock }: Machine, path: string): Promise<WallSeconds> {
  const stamp = datestampOf(await disk.readFile(path));
  if (stamp !== undefined) return stamp;
  const { modifiedAtMs } = await disk.stat(path);
  return wallSeconds(modifiedAtMs ?? 0, clock);
}
