/**
 * The record file, as it is found at a start.
 *
 * @module
 */
import { setAside, setFileAside } from "../store/set_aside.ts";
import { errorText, isNotFound, type World, WorldError } from "../world/world.ts";
import { type FoundRecords, parseRecordFile, salvageRecordFile } from "./record_file.ts";

/** What was found, and what was not in order, for the log. */
export interface FoundRecordFile {
  readonly found: FoundRecords;
  readonly remarks: readonly string[];
}

/**
 * Reads the record file. What stands there and cannot be read, or is no record, is kept beside it: the file
 * will be written anew. After a crash a file that is not whole is nothing unusual; its whole lines count.
 */
export async function readRecordFile(
  world: Pick<World, "disk" | "clock">,
  path: string,
  afterCrash: boolean,
): Promise<FoundRecordFile> {
  const { disk, clock } = world;
  let bytes: Uint8Array;
  try {
    bytes = await disk.readFile(path);
  } catch (error) {
    if (isNotFound(error)) return { found: parseRecordFile(""), remarks: [] };
    const isUseless = error instanceof WorldError &&
      (error.kind === "not-a-file" || error.kind === "permission-denied");
    if (!isUseless) throw error;
    const kept = await setFileAside(disk, path, clock);
    return { found: parseRecordFile(""), remarks: [`${errorText(error)}: it is kept in ${kept}`] };
  }
  const text = new TextDecoder().decode(bytes);
  const keep = async (why: string) =>
    `${path} ${why}: it is kept in ${await setAside(disk, path, bytes, clock)}`;
  try {
    const found = parseRecordFile(text);
    const isForeign = found.strangers > 0 || found.undated.length > 0;
    return { found, remarks: isForeign ? [await keep("holds what is no record")] : [] };
  } catch (error) {
    const found = salvageRecordFile(text);
    return { found, remarks: afterCrash ? [] : [await keep(`cannot be read (${errorText(error)})`)] };
  }
}
