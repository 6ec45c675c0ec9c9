/**
 * Peers that share files, as BitTorrent has it: each node gives the files of its directory, the one that
 * leads is the tracker.
 *
 * The wire formats are in `protocols/`: `peer_wire.ts`, `tracker.ts`, `udp_tracker.ts`, `metainfo.ts`,
 * `magnet.ts`, `bencode.ts`. Who leads is heard from the election (`protocols/election_events.ts`), which is
 * found by a registry key.
 *
 * @module
 */
export type { CatalogFile } from "./catalog.ts";
export type { DownloadNotice } from "./download_notice.ts";
export type { DownloadsCommand } from "./downloads.ts";
export { fetchOnce, type FetchOnceOptions } from "./fetch_once.ts";
export { HTTP_PORT_OFFSET, type SharingNode, SWARM_PORT_OFFSET } from "./nodes.ts";
export { type SharedTorrent, shareFile, type ShareFileOptions } from "./share_file.ts";
export { sharing, type SharingCommand, type SharingOptions } from "./sharing.ts";
export { networkFiles, SourceError, type SourceOptions } from "./sources.ts";
export type { PeerStatus, TorrentState, TorrentStatus } from "./torrent_status.ts";
