/**
 * From what is on the disk at a start to an index that agrees with the files.
 *
 * @module
 */
import type { WallSeconds } from "../../protocols/records.ts";
import { removeTemporaries } from "../store/atomic_file.ts";
import type { World } from "../world/world.ts";
import { idOfFile, listClientFiles, readStamps } from "./client_files.ts";
import { readRecordFile } from "./found_record_file.ts";
import type { Intents } from "./intents.ts";
import type { RecordFile } from "./record_file.ts";

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
  /** Directory of the clients' files. */
  readonly filesDirectory: string;
  /** Directory of the record file. */
  readonly recordDirectory: string;
  /** Name of the record file. */
  readonly recordName: string;
}

/** So many files are named one by one in the log; of more, their number. */
const MAX_NAMED = 20;

/**
 * Reads the record file and makes it agree with the clients' files.
 *
 * The record file is believed, but for the records that a crash caught in the middle of a change (their files
 * are read), files that it does not know (they are read), and records without a file (they go). What
 * half-written files a crash has left is removed. What cannot be read is named, kept, and costs nothing else.
 *
 * Rejects with a `WorldError`.
 */
export async function recover(
  machine: Machine,
  places: StorePlaces,
  recordFile: RecordFile,
  intents: Intents,
): Promise<Recovered> {
  const { disk, clock } = machine;
  const { filesDirectory, recordDirectory, recordName } = places;
  const left = await intents.leftOver(clock);
  const intentsName = intents.path.slice(recordDirectory.length + 1);
  const removed = await removeTemporaries(disk, filesDirectory, (name) => idOfFile(name) !== undefined) +
    await removeTemporaries(disk, recordDirectory, (name) => name === recordName || name === intentsName);
  const isSuspect = (id: string) => left.keptAs !== undefined || left.ids.has(id);
  const { found, remarks } = await readRecordFile(machine, recordFile.path, left.ids.size > 0);

  const { ids, refused } = await listClientFiles(disk, filesDirectory);
  const known = [...found.stamps].filter(([id]) => ids.has(id));
  const toRead = [...ids].filter((id) => isSuspect(id) || !found.stamps.has(id));
  const read = await readStamps(machine, filesDirectory, toRead);
  const stamps = new Map([...known, ...read.stamps]);

  // What was read of a change that was not finished must not be taken back by a power cut after this.
  await disk.syncDirectory(filesDirectory);

  const gone = [...found.stamps.keys(), ...found.undated].filter((id) => !ids.has(id)).length;
  const counts = [
    remark(
      left.ids.size,
      "was being changed when the server ended",
      "were being changed when the server ended",
    ),
    remark(removed, "half-written file removed", "half-written files removed"),
    remark(gone, "record without a file dropped", "records without a file dropped"),
    remark(found.undated.length, "record had no datestamp", "records had no datestamp"),
    remark(found.strangers, "name that is no client ID dropped", "names that are no client ID dropped"),
  ].filter((text) => text !== undefined);
  const kept = left.keptAs === undefined
    ? []
    : [`${intents.path} cannot be read: it is kept in ${left.keptAs}`];
  const named = [...refused, ...read.refused];
  const more = remark(Math.max(0, named.length - MAX_NAMED), "more file left alone", "more files left alone");
  return {
    stamps,
    remarks: [
      ...kept,
      ...remarks,
      ...counts,
      ...named.slice(0, MAX_NAMED),
      ...(more === undefined ? [] : [more]),
    ],
  };
}

function remark(count: number, one: string, many: string): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? one : many}`;
}
