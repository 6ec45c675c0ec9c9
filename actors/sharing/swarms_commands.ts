/**
 * What the torrents of a node are told.
 *
 * @module
 */
import type { TorrentInfo } from "../../protocols/metainfo.ts";
import type { Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import type { AnnounceAs } from "./announcer.ts";
import type { ReportedFile } from "./catalog.ts";
import type { FileAlias } from "./given_files.ts";
import type { SharedFile } from "./library.ts";
import type { FindSwarm } from "./messages.ts";
import type { MetadataNotice } from "./metadata_fetch.ts";
import type { TorrentNotice, TorrentStatus } from "./torrent_status.ts";
import type { Versioned } from "./versioned.ts";

/** A torrent to be fetched. */
export interface FetchOrder {
  /** What it holds. */
  readonly info: TorrentInfo;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** What the whole has to have, where that is known: a single file. */
  readonly sha256?: Uint8Array;
  /** Addresses of trackers, in tiers. */
  readonly trackers: readonly (readonly string[])[];
  /** Peers that are known already. */
  readonly peers: readonly SocketAddress[];
}

/** What {@linkcode swarms} can be told. */
export type SwarmsCommand =
  | FindSwarm
  /** The files that are given. */
  | { readonly type: "share"; readonly files: readonly SharedFile[] }
  /** Names that others have for files. */
  | { readonly type: "set-aliases"; readonly aliases: readonly FileAlias[] }
  /** Peers that want a torrent, if it is given here. */
  | {
    readonly type: "found-wanting";
    readonly infoHash: string;
    readonly addresses: readonly SocketAddress[];
  }
  /** Fetches a torrent. */
  | { readonly type: "fetch"; readonly order: FetchOrder; readonly observer: Ref<TorrentNotice> }
  /** Fetches the info dictionary of a magnet link. */
  | {
    readonly type: "fetch-metadata";
    readonly infoHash: Uint8Array;
    readonly trackers: readonly (readonly string[])[];
    readonly peers: readonly SocketAddress[];
    readonly observer: Ref<MetadataNotice>;
  }
  /** Ends what `observer` has had fetched: a torrent, or its info dictionary. What is there of it stays. */
  | { readonly type: "abandon"; readonly infoHash: Uint8Array; readonly observer: Ref<never> }
  /** The pieces of what is fetched under a hash are to be had under another by now. */
  | { readonly type: "follow"; readonly infoHash: Uint8Array; readonly to: AnnounceAs }
  /** The trackers may have changed: those of what is fetched are asked anew. */
  | { readonly type: "announce-all" }
  /** The files that are given, as they are reported to the leader. */
  | { readonly type: "get-inventory"; readonly replyTo: Ref<Versioned<readonly ReportedFile[]>> }
  /** The info dictionary of an info hash in hexadecimal digits, of what is given. */
  | { readonly type: "get-info"; readonly infoHash: string; readonly replyTo: Ref<Uint8Array | undefined> }
  /** How all torrents stand that are in use. */
  | { readonly type: "get-status"; readonly replyTo: Ref<readonly TorrentStatus[]> };
