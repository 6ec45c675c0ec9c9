import { type FileInfo, WorldError } from "../world/world.ts";
import type { OwnedFile } from "./_owned_file.ts";
import { readFully, SCAN_BYTES } from "./_scan.ts";
import { type Intent, writeSoon } from "./_torn_tail.ts";

/** How often a piece is read anew since somebody else wrote into the file meanwhile. */
const MAX_LOOKS = 5;

/**
 * Writes what a file holds into it once more, piece by piece, so that the next sync covers it; `kept` stands
 * in for zeros, by which a system shows what it has lost. What else stands there is somebody's: whoever saves
 * meanwhile wins.
 *
 * @param seen is given each piece as it is found
 */
export async function writeAgain(
  owned: OwnedFile,
  start: number,
  end: number,
  { kept, seen }: { readonly kept?: Intent; readonly seen?: (bytes: Uint8Array) => void } = {},
): Promise<void> {
  for (let at = start, looks = 1; at < end;) {
    const before = await owned.look();
    const piece = await readFully(owned.file, at, Math.min(end, at + SCAN_BYTES));
    if (piece.length === 0) return;
    // What follows the second look comes at once, where the world can.
    if (isSame(before, await owned.look())) {
      seen?.(piece);
      if (kept !== undefined) fillZeros(piece, at, kept);
      await writeSoon(owned.file, piece, at);
      at += piece.length;
      looks = 1;
    } else if (looks++ === MAX_LOOKS) {
      throw new WorldError("in-use", `Cannot write ${owned.path} again: somebody else is writing into it`);
    }
  }
}

function isSame(before: FileInfo | undefined, now: FileInfo | undefined): boolean {
  return before?.id === now?.id && before?.size === now?.size && before?.modifiedAtMs === now?.modifiedAtMs;
}

function fillZeros(piece: Uint8Array, at: number, { offset, bytes }: Intent): void {
  for (let i = 0; i < piece.length; i++) if (piece[i] === 0) piece[i] = bytes[at + i - offset] ?? 0;
}
