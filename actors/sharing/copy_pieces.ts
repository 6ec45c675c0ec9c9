/**
 * Pieces of a torrent that are on the disk already, written once more.
 *
 * @module
 */
import { pieceBytes, pieceHash, type TorrentInfo } from "../../protocols/metainfo.ts";
import { type World, WorldError } from "../world/world.ts";
import type { Bitfield } from "./bitfield.ts";
import { STRETCH_BYTES } from "./block_cache.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import type { FileSet } from "./file_set.ts";
import { Slices } from "./slices.ts";

/** Options of {@linkcode copyPieces}. */
export interface CopyOptions {
  readonly info: TorrentInfo;
  readonly world: Pick<World, "hash" | "clock" | "loop">;
  readonly signal: AbortSignal;
  /** Which pieces are right: those in it are left alone, and those that are found are added. */
  readonly right: Bitfield;
}

/**
 * Reads what files hold of a torrent, and writes it into others or into the same. Rejects where it cannot;
 * what was found by then counts.
 *
 * Into the same after a sync that failed: a kernel takes for written what it could not write, so that the
 * next sync says nothing of it, and what is read may stand in memory alone.
 */
export async function copyPieces(from: FileSet, to: FileSet, options: CopyOptions): Promise<void> {
  const { info, world, signal, right } = options;
  const buffer = new Uint8Array(Math.min(STRETCH_BYTES, info.pieceLength));
  const slices = new Slices(world);
  for (let piece = 0; piece < info.pieceCount; piece++) {
    if (right.has(piece)) continue;
    const hasher = world.hash.start("SHA-1");
    const length = pieceBytes(info, piece);
    for (let at = 0; at < length; at += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, length - at));
      const offset = piece * info.pieceLength + at;
      if (signal.aborted) throw new WorldError("closed", `Cannot copy ${info.name}: it was stopped`);
      await from.read(part, offset);
      hasher.update(part);
      await to.write(part, offset);
      await slices.yield();
    }
    if (equalBytes(hasher.digest(), pieceHash(info, piece))) right.add(piece);
  }
}
