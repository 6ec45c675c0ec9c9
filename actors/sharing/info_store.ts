/**
 * Info dictionaries of the network's files, for those who ask the leader for a `.torrent`.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import { MAX_INFO_BYTES } from "../../protocols/metainfo.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import type { CatalogFile } from "./catalog.ts";
import { httpGet } from "./http_get.ts";
import { nodeUrl, type SharingNode } from "./nodes.ts";
import type { SwarmsCommand } from "./swarms_commands.ts";

/** What an {@linkcode infoStore} can be asked. */
export type InfoStoreCommand = {
  readonly type: "find-info";
  /** The file. */
  readonly file: CatalogFile;
  /** Told the info dictionary of its torrent; undefined when nobody gives it. */
  readonly replyTo: Ref<Uint8Array | undefined>;
};

/** Options of {@linkcode infoStore}. */
export interface InfoStoreOptions {
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** What this node has itself. */
  readonly swarms: Ref<SwarmsCommand>;
}

type Private = {
  readonly type: "fetched";
  readonly infoHash: string;
  readonly bytes: Uint8Array | undefined;
  readonly replyTo: Ref<Uint8Array | undefined>;
};

const ASK_MS = 3000;
/** Bytes that are kept. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/**
 * Has info dictionaries fetched from the nodes that have the files, and keeps those that were asked for last.
 */
export function infoStore(options: InfoStoreOptions): Behavior<InfoStoreCommand> {
  return withPrivateMessages<InfoStoreCommand, Private>((self) => {
    const kept = new Map<string, Uint8Array>();
    let keptBytes = 0;
    return (message) => {
      switch (message.type) {
        case "find-info": {
          const { file, replyTo } = message;
          const known = kept.get(file.infoHash);
          if (known !== undefined) return replyTo.tell(known);
          const { infoHash } = file;
          const outcome = (bytes: Uint8Array | undefined): Private => ({
            type: "fetched",
            infoHash,
            bytes,
            replyTo,
          });
          return self.pipe(fetchInfo(self, options, file), outcome, () => outcome(undefined));
        }
        case "fetched": {
          const { infoHash, bytes, replyTo } = message;
          if (bytes !== undefined && !kept.has(infoHash)) {
            kept.set(infoHash, bytes);
            keptBytes += bytes.length;
          }
          for (const [oldest, { length }] of kept) {
            if (keptBytes <= MAX_KEPT_BYTES) break;
            kept.delete(oldest);
            keptBytes -= length;
          }
          return replyTo.tell(bytes);
        }
        default:
          assertNever(message);
      }
    };
  });
}

/** Asks this node itself, then the holders, until one gives what has the hash. */
async function fetchInfo(
  self: Context<InfoStoreCommand | Private>,
  { swarms, nodes }: InfoStoreOptions,
  { infoHash, holders }: CatalogFile,
): Promise<Uint8Array | undefined> {
  const own = await swarms.ask({ type: "get-info", infoHash }, { timeoutMs: ASK_MS });
  if (own !== undefined) return own;
  const { world, signal } = self;
  for (const node of nodes) {
    if (!holders.includes(node.id)) continue;
    try {
      const { status, bytes } = await httpGet(world, nodeUrl(node, `/share/info/${infoHash}`), {
        timeoutMs: ASK_MS,
        maxBytes: MAX_INFO_BYTES,
        signal,
      });
      if (status === 200 && hexText(world.hash.digest("SHA-1", bytes)) === infoHash) return bytes;
    } catch {
      // The next one may answer.
    }
  }
  return undefined;
}
