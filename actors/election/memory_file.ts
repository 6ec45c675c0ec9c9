/**
 * What a node must not forget, in a file.
 *
 * It is no journal: only the last term and vote count, they are read once, at the start, and replacing one
 * small file is atomic by itself. A journal would be events that nobody replays, and the rewriting that keeps
 * it short.
 *
 * @module
 */
import type { ElectionMemory } from "../../protocols/election.ts";
import { isWhole, MAX_NODE_ID } from "../../protocols/election_messages.ts";
import { MAX_REMEMBERED_TERM } from "../../protocols/election_terms.ts";
import { makeNameDurable, removeTemporariesOf, setFileAside, writeAtomic } from "../store/mod.ts";
import { type Disk, errorText, isNotFound, WorldError } from "../world/world.ts";
import { isNoSuchText, mayBeRenamed } from "./no_such_text.ts";

/** What was found in a memory file. */
export interface LoadedMemory {
  /** Null where nothing is known: the node begins as one that forgot. */
  readonly memory: ElectionMemory | null;
  /** Why a file that is there was of no use. */
  readonly damage?: string;
}

/** More than this no memory has. */
const MAX_BYTES = 65536;

/**
 * Reads the memory of a node. What stands in its place and is none is kept beside it, as `PATH.damaged-TIME`.
 * Rejects with a `WorldError` when there is a file that cannot be read.
 */
export async function loadMemory(disk: Disk, path: string): Promise<LoadedMemory> {
  try {
    await removeTemporariesOf(disk, path);
    await makeNameDurable(disk, path);
    return { memory: parseMemory(await disk.readFile(path, { maxBytes: MAX_BYTES })) };
  } catch (error) {
    if (isNotFound(error)) return { memory: null };
    if (!isUseless(error)) throw error;
    if (!await mayBeRenamed(disk, path)) throw error;
    const kept = await setFileAside(disk, path);
    return { memory: null, damage: `${errorText(error)}; it is kept in ${kept}` };
  }
}

/** Throws `SyntaxError` when the bytes are no memory. */
function parseMemory(bytes: Uint8Array): ElectionMemory {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const fields = new Map<string, unknown>(
    Object.entries(typeof value === "object" && value !== null ? value : {}),
  );
  const term = fields.get("term");
  const votedFor = fields.get("votedFor");
  if (isWhole(term, MAX_REMEMBERED_TERM) && isWhole(votedFor, MAX_NODE_ID)) return { term, votedFor };
  throw new SyntaxError("it holds no term that can be, and a vote");
}

/** Whether what stands there is no memory; a disk that fails may do better another time. */
function isUseless(error: unknown): boolean {
  return error instanceof WorldError ? isNoSuchText(error) : error instanceof SyntaxError;
}

/** Replaces the memory of a node: durable once it has resolved. Rejects with a `WorldError`. */
export async function saveMemory(disk: Disk, path: string, memory: ElectionMemory): Promise<void> {
  const { term, votedFor } = memory;
  await writeAtomic(disk, path, new TextEncoder().encode(JSON.stringify({ term, votedFor }) + "\n"));
}
