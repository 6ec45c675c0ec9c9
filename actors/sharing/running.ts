/**
 * What is known of a torrent that is in use.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import type { Ref } from "../runtime/mod.ts";
import type { AnnounceAs } from "./announcer.ts";
import type { SharedFile } from "./library.ts";
import type { PeerEvent, SwarmEntry } from "./messages.ts";
import type { MetadataFetchCommand, MetadataNotice } from "./metadata_fetch.ts";
import type { FetchOrder } from "./swarms_commands.ts";
import type { TorrentCommand } from "./torrent_commands.ts";
import type { TorrentNotice } from "./torrent_status.ts";

/** A torrent in use. */
export interface Running {
  /** Takes peers in. */
  readonly swarm: Ref<TorrentCommand> | Ref<MetadataFetchCommand>;
  /** Undefined while nothing is known but the hash. */
  readonly torrent: Ref<TorrentCommand> | undefined;
  /** The info dictionary, once it is known. */
  readonly infoBytes: Uint8Array | undefined;
  /** Told what becomes of it; undefined for what is only given, and once all is there. */
  observer: Ref<TorrentNotice> | undefined;
  /** Told what becomes of the info dictionary; undefined where that is known. */
  readonly metadataFor: Ref<MetadataNotice> | undefined;
  /** The one that has it fetched, who alone may abandon it. */
  readonly fetchedFor: Ref<never> | undefined;
  /** Peers may come. */
  isReady: boolean;
  /** All of it is there. */
  isComplete: boolean;
  /** By which other hash its pieces are to be had, and are given, by now. */
  as: AnnounceAs | undefined;
  /** What the single file is called in the directory, of what is fetched. */
  readonly name: string | undefined;
  /** What it was ordered by; undefined for what is only given. */
  readonly order: FetchOrder | undefined;
  /** The file of this node that what is fetched was copied from, as far as it is the same. */
  readonly sameAs: SharedFile | undefined;
  /** The file that it gives; what was fetched is one as soon as it is found in the directory. */
  file: SharedFile | undefined;
}

/** One of which nothing is known but the hash, and whose info dictionary is looked for. */
export function searching(swarm: Ref<MetadataFetchCommand>, observer: Ref<MetadataNotice>): Running {
  return {
    swarm,
    torrent: undefined,
    infoBytes: undefined,
    observer: undefined,
    metadataFor: observer,
    fetchedFor: observer,
    isReady: true,
    isComplete: false,
    as: undefined,
    name: undefined,
    order: undefined,
    sameAs: undefined,
    file: undefined,
  };
}

/** What who has found it is told. */
export function entryOf(swarm: Ref<PeerEvent>, infoBytes: Uint8Array | undefined): SwarmEntry {
  return { swarm, ...(infoBytes === undefined ? {} : { infoBytes }) };
}

/** The same of one that has followed its bytes to an info hash, in hexadecimal digits. */
export function followerOf(all: Iterable<Running>, infoHash: string): SwarmEntry | undefined {
  for (const { as, swarm, isReady } of all) {
    if (isReady && as !== undefined && hexText(as.infoHash) === infoHash) return entryOf(swarm, as.infoBytes);
  }
  return undefined;
}
