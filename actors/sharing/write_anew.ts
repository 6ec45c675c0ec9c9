/**
 * Parts of a torrent after a sync that failed.
 *
 * @module
 */
import { pieceBytes, pieceHash, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { World } from "../world/world.ts";
import { STRETCH_BYTES } from "./block_cache.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import type { FileSet } from "./file_set.ts";
import { Slices } from "./slices.ts";

/**
 * Reads everything, and writes it anew; says whether all pieces are what they were.
 *
 * A kernel whose sync failed takes for written what it could not write: the next sync says nothing of it, and
 * what is read may stand in memory alone.
 */
export async function writeAnew(
  files: FileSet,
  info: TorrentInfo,
  world: Pick<World, "hash" | "clock" | "loop">,
): Promise<boolean> {
  const buffer = new Uint8Array(Math.min(STRETCH_BYTES, info.pieceLength));
  const slices = new Slices(world);
  let isWhole = true;
  for (let piece = 0; piece < info.pieceCount; piece++) {
    const hasher = world.hash.start("SHA-1");
    const length = pieceBytes(info, piece);
    for (let at = 0; at < length; at += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, length - at));
      const offset = piece * info.pieceLength + at;
      await files.read(part, offset);
      hasher.update(part);
      await files.write(part, offset);
      await slices.yield();
    }
    isWhole &&= equalBytes(hasher.digest(), pieceHash(info, piece));
  }
  return isWhole;
}
