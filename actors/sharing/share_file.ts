/**
 * Making a torrent of a file.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import { isFileName } from "../../protocols/file_list.ts";
import { formatMagnet } from "../../protocols/magnet.ts";
import { encodeInfo, encodeMetainfo } from "../../protocols/metainfo.ts";
import { writeAtomic } from "../store/mod.ts";
import { basename, isNotFound, type World } from "../world/world.ts";
import { hashFile } from "./hash_file.ts";
import { announceTiers, type SharingNode } from "./nodes.ts";
import { SourceError } from "./sources.ts";

/** Options of {@linkcode shareFile}. */
export interface ShareFileOptions {
  /** The world. */
  readonly world: Pick<World, "disk" | "hash" | "clock" | "loop">;
  /** All nodes: their trackers stand in the torrent. */
  readonly nodes: readonly SharingNode[];
  /** The directory whose files are given. */
  readonly directory: string;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/** A torrent that was made. */
export interface SharedTorrent {
  /** The `.torrent` file. */
  readonly torrentPath: string;
  /** The magnet link. */
  readonly magnet: string;
  /** Hexadecimal digits. */
  readonly infoHash: string;
}

/**
 * Makes the `.torrent` of a file of the node's directory, in the directory that the program runs in, and its
 * magnet link.
 *
 * @throws {SourceError} when the file is not there, or not in the directory.
 *
 * @example
 * ```ts
 * import { shareFile } from "@troupe/actors/sharing";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { world, disk } = sim.host("a");
 * disk.makeDirectory("files");
 * disk.write("files/notes.txt", "hello");
 * const nodes = [{ id: 1, http: { hostname: "127.0.0.1", port: 10080 } }];
 * const { signal } = new AbortController();
 * const made = await sim.settle(shareFile("notes.txt", { world, nodes, directory: "files", signal }));
 * assertEquals(made.torrentPath, "notes.txt.torrent");
 * assert(disk.read("notes.txt.torrent") !== undefined);
 * ```
 */
export async function shareFile(path: string, options: ShareFileOptions): Promise<SharedTorrent> {
  const { world, nodes, directory, signal } = options;
  const name = basename(path);
  if (!isFileName(name)) throw new SourceError(`Cannot share ${JSON.stringify(path)}: it is not a file`);
  const inDirectory = `${directory}/${name}`;
  const isFile = (at: string) =>
    world.disk.stat(at).then((info) => info.isFile, (error) => {
      if (isNotFound(error)) return false;
      throw error;
    });
  const isInDirectory = await isFile(inDirectory);
  const isGiven = isInDirectory && path === name;
  if (!isGiven && !await isFile(path)) throw new SourceError(`Cannot share ${path}: there is no such file`);
  const isSame = async () => await world.disk.realPath(path) === await world.disk.realPath(inDirectory);
  if (!isGiven && !(isInDirectory && await isSame())) {
    throw new SourceError(`Cannot share ${path}: put it into ${directory}, whose files are given`);
  }
  const { pieceLength, pieces, length } = await hashFile(world, inDirectory, signal);
  const info = encodeInfo({ name, pieceLength, pieces, length });
  const infoHash = world.hash.digest("SHA-1", info);
  const trackers = announceTiers(nodes, 0);
  const torrentPath = `${name}.torrent`;
  await writeAtomic(world.disk, torrentPath, encodeMetainfo(info, trackers));
  const magnet = formatMagnet({ infoHash, displayName: name, trackers: trackers.flat(), peers: [] });
  return { torrentPath, magnet, infoHash: hexText(infoHash) };
}
