/**
 * The clients' files, as they are found at a start.
 *
 * @module
 */
import {
  datestampOf,
  isClientId,
  MAX_DATA_LIMIT_BYTES,
  type WallSeconds,
  wallSeconds,
} from "../../protocols/records.ts";
import { type DirectoryEntry, type Disk, errorText, type World, WorldError } from "../world/world.ts";

/** The name of a client's file. */
export function fileNameOf(id: string): string {
  return `${id}.txt`;
}

/** The client whose file has this name; undefined when it is another file. */
export function idOfFile(name: string): string | undefined {
  const id = name.endsWith(".txt") ? name.slice(0, -4) : "";
  return isClientId(id) ? id : undefined;
}

/** The clients' files in a directory. */
export interface ClientFiles {
  /** Clients with a file. */
  readonly ids: ReadonlySet<string>;
  /** Why others are left alone, a line each. */
  readonly refused: readonly string[];
}

/** Lists the clients' files. What is no regular file, or a link out of the directory, is left alone. */
export async function listClientFiles(disk: Disk, directory: string): Promise<ClientFiles> {
  const ids = new Set<string>();
  const refused: string[] = [];
  for (const entry of await disk.list(directory)) {
    const id = idOfFile(entry.name);
    if (id === undefined || entry.isDirectory) continue;
    const reason = await refusal(disk, directory, entry);
    if (reason === undefined) ids.add(id);
    else refused.push(`${entry.name} is left alone: ${reason}`);
  }
  return { ids, refused };
}

async function refusal(disk: Disk, directory: string, entry: DirectoryEntry): Promise<string | undefined> {
  if (entry.isFile) return undefined;
  try {
    (await disk.open(`${directory}/${entry.name}`, { within: directory })).close();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** How many files are read at once. */
const READS_AT_ONCE = 16;

/** Datestamps that were read from clients' files. */
export interface ReadStamps {
  readonly stamps: ReadonlyMap<string, WallSeconds>;
  /** Why others could not be read, a line each. */
  readonly refused: readonly string[];
}

/** Reads the datestamps of some clients' files. One that cannot be read costs that one. */
export async function readStamps(
  world: Pick<World, "disk" | "clock">,
  directory: string,
  ids: Iterable<string>,
): Promise<ReadStamps> {
  const stamps = new Map<string, WallSeconds>();
  const refused: string[] = [];
  const next = Iterator.from(ids);
  await Promise.all(Array.from({ length: READS_AT_ONCE }, async () => {
    for (const id of next) {
      try {
        stamps.set(id, await stampOnDisk(world, directory, id));
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        refused.push(`${fileNameOf(id)} cannot be read: ${reasonOf(error)}`);
      }
    }
  }));
  return { stamps, refused: refused.sort() };
}

/** The datestamp of a client's file: its first line's or, without one, the local time when it was changed. */
async function stampOnDisk(
  { disk, clock }: Pick<World, "disk" | "clock">,
  directory: string,
  id: string,
): Promise<WallSeconds> {
  const path = `${directory}/${fileNameOf(id)}`;
  const stamp = datestampOf(await disk.readFile(path, { within: directory, maxBytes: MAX_DATA_LIMIT_BYTES }));
  if (stamp !== undefined) return stamp;
  const { modifiedAtMs } = await disk.stat(path);
  return wallSeconds(modifiedAtMs ?? 0, clock);
}

function reasonOf(error: unknown): string {
  const text = errorText(error);
  return text.slice(text.indexOf(": ") + 2);
}
