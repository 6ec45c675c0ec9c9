/**
 * What a torrent is made of, and what it can be told.
 *
 * @module
 */
import type { TorrentInfo } from "../../protocols/metainfo.ts";
import type { Ref } from "../runtime/mod.ts";
import type { DialTarget } from "./address_book.ts";
import type { AnnounceAs, TransferCounts } from "./announcer.ts";
import type { BandwidthCommand, PeerEvent } from "./messages.ts";
import type { PeerSessionOptions } from "./peer_session.ts";
import type { TorrentResources } from "./resources.ts";
import type { StoragePlace } from "./storage_commands.ts";
import type { TorrentNotice, TorrentStatus } from "./torrent_status.ts";

/** What a torrent can be told, beside what peers say. */
export type TorrentCommand =
  | PeerEvent
  /** Peers that were heard of. */
  | { readonly type: "found-peers"; readonly targets: readonly DialTarget[] }
  /** The trackers may have changed: they are asked anew. */
  | { readonly type: "announce-soon" }
  | AnnounceAs
  /** What it fetches is to be begun anew: it ends, unless all of it is there already. */
  | { readonly type: "release" }
  /** How it stands. */
  | { readonly type: "get-status"; readonly replyTo: Ref<TorrentStatus> };

/** Options of torrent. */
export interface TorrentOptions {
  /** What it holds. */
  readonly info: TorrentInfo;
  /** Its info hash. */
  readonly infoHash: Uint8Array;
  /**
   * Where its bytes are. What is shared is complete and was verified before; else what is there is looked for
   * first.
   */
  readonly place: StoragePlace;
  /** The SHA-256 that the whole has to have; of a single file. */
  readonly sha256?: Uint8Array;
  /** Addresses of trackers in tiers. */
  readonly trackers: readonly (readonly string[])[];
  /** What it shares with the other torrents of its node. */
  readonly resources: TorrentResources;
  /** What connections that it makes are given. */
  readonly session: Omit<PeerSessionOptions, "wanted">;
  /** Hands out what may be asked for. @default no limit */
  readonly download?: Ref<BandwidthCommand>;
  /** Told what becomes of it. */
  readonly observer: Ref<TorrentNotice>;
  /** The most peers at once. @default 50 */
  readonly maxPeers?: number;
  /** How many peers are sent to at once. @default 8 */
  readonly uploadSlots?: number;
}

const STATUS_MS = 2000;

/** What trackers are told of how a torrent stands, in bytes. Rejects where it does not say in time. */
export async function countsOf(torrent: Ref<TorrentCommand>): Promise<TransferCounts> {
  const status = await torrent.ask({ type: "get-status" }, { timeoutMs: STATUS_MS });
  const { uploaded, downloaded, length, haveBytes } = status;
  return { uploaded, downloaded, left: length - haveBytes };
}
