/**
 * What the torrents of a node share.
 *
 * @module
 */
import type { World } from "../world/world.ts";
import { BlockBuffers } from "./block_buffers.ts";
import { BlockCache } from "./block_cache.ts";
import { OpenFiles } from "./open_files.ts";
import { PollPace } from "./poll_pace.ts";

/** Memory and files, of which a node with many torrents takes no more than one with few. */
export interface TorrentResources {
  /** What is read for peers. */
  readonly cache: BlockCache;
  /** The files that are open. */
  readonly openFiles: OpenFiles;
  /** What came from peers. */
  readonly received: BlockBuffers;
  /** When no blocks are taken for a moment. */
  readonly pace: PollPace;
}

const CACHE_BYTES = 32 * 1024 * 1024;
/** Files that are kept open though nobody uses them now. */
const MAX_OPEN_FILES = 128;

/** What one node has. */
export function torrentResources(world: World): TorrentResources {
  return {
    cache: new BlockCache(CACHE_BYTES),
    openFiles: new OpenFiles(world.disk, MAX_OPEN_FILES),
    received: new BlockBuffers(),
    pace: new PollPace(world),
  };
}
