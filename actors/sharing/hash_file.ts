/**
 * The hashes of a file that is shared.
 *
 * @module
 */
import { HASH_BYTES, pieceLengthFor } from "../../protocols/metainfo.ts";
import { type FileInfo, type World, WorldError } from "../world/world.ts";
import { isSameFile } from "../store/same_file.ts";
import { Slices } from "./slices.ts";

/** A file, with what others need to fetch it. */
export interface HashedFile {
  /** Bytes. */
  readonly length: number;
  /** Bytes of a piece. */
  readonly pieceLength: number;
  /** SHA-1 digests of all pieces. */
  readonly pieces: Uint8Array<ArrayBuffer>;
  /** Of the whole. */
  readonly sha256: Uint8Array<ArrayBuffer>;
  /** What the file was when it was hashed. */
  readonly fileInfo: FileInfo;
}

/** What is read and hashed in one go: under half a millisecond, for both digests. */
const STEP_BYTES = 256 * 1024;

/**
 * Hashes a file in steps that keep nobody waiting.
 *
 * @throws {WorldError} when it cannot be read, is no regular file, or changes meanwhile (`invalid-data`).
 */
export async function hashFile(
  world: Pick<World, "disk" | "hash" | "clock" | "loop">,
  path: string,
  signal: AbortSignal,
): Promise<HashedFile> {
  const { disk, hash } = world;
  const before = await disk.stat(path);
  if (!before.isFile) throw new WorldError("other", `Cannot share ${path}: it is no regular file`);
  const length = before.size;
  const pieceLength = pieceLengthFor(length);
  const pieces = new Uint8Array(Math.ceil(length / pieceLength) * HASH_BYTES);
  const whole = hash.start("SHA-256");
  // What was a file a moment ago may be a link out of the directory now.
  const file = await disk.open(path, { followLink: false });
  try {
    const slices = new Slices(world);
    const buffer = new Uint8Array(Math.min(STEP_BYTES, pieceLength));
    for (let offset = 0; offset < length;) {
      const piece = Math.floor(offset / pieceLength);
      const end = Math.min(length, offset + pieceLength);
      const hasher = hash.start("SHA-1");
      while (offset < end) {
        signal.throwIfAborted();
        const count = await file.read(buffer.subarray(0, Math.min(buffer.length, end - offset)), offset);
        if (count === null) throw changed(path);
        const part = buffer.subarray(0, count);
        hasher.update(part);
        whole.update(part);
        offset += count;
        await slices.yield();
      }
      pieces.set(hasher.digest(), piece * HASH_BYTES);
    }
  } finally {
    file.close();
  }
  if (!isSameFile(before, await disk.stat(path))) throw changed(path);
  return { length, pieceLength, pieces, sha256: whole.digest(), fileInfo: before };
}

function changed(path: string): WorldError {
  return new WorldError("invalid-data", `Cannot share ${path}: it changes`);
}
