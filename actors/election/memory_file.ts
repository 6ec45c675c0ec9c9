/**
 * What a node must not forget, in a file.
 *
 * @module
 */
import type { ElectionMemory } from "../../protocols/election.ts";
import { isWhole, MAX_NODE_ID } from "../../protocols/election_messages.ts";
import { MAX_REMEMBERED_TERM } from "../../protocols/election_terms.ts";
import { writeAtomic } from "../store/mod.ts";
import { type Disk, errorText, isNotFound } from "../world/world.ts";

/** What was found in a memory file. */
export interface LoadedMemory {
  /** Null where nothing is known: the node begins as one that forgot. */
  readonly memory: ElectionMemory | null;
  /** Why a file that is there was of no use. */
  readonly damage?: string;
}

/** Reads the memory of a node. Rejects with a `WorldError` when there is a file that cannot be read. */
export async function loadMemory(disk: Disk, path: string): Promise<LoadedMemory> {
  let bytes;
  try {
    bytes = await disk.readFile(path);
  } catch (error) {
    if (isNotFound(error)) return { memory: null };
    throw error;
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const fields = new Map<string, unknown>(
      Object.entries(typeof value === "object" && value !== null ? value : {}),
    );
    const term = fields.get("term");
    const votedFor = fields.get("votedFor");
    if (isWhole(term, MAX_REMEMBERED_TERM) && isWhole(votedFor, MAX_NODE_ID)) {
      return { memory: { term, votedFor } };
    }
    return { memory: null, damage: "it holds no term that can be, and a vote" };
  } catch (error) {
    return { memory: null, damage: errorText(error) };
  }
}

/** Replaces the memory of a node: durable once it has resolved. Rejects with a `WorldError`. */
export async function saveMemory(disk: Disk, path: string, memory: ElectionMemory): Promise<void> {
  const { term, votedFor } = memory;
  await writeAtomic(disk, path, new TextEncoder().encode(JSON.stringify({ term, votedFor }) + "\n"));
}
