/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * What a node tells its page.
 *
 * @module
 */

/** A file of the network. */
export interface SwarmFile {
  readonly name: string;
  readonly bytes: number;
  readonly infoHash: string;
  readonly nodes: readonly number[];
}

/** A peer. Rates are bytes a second, pieces are bits in base64. */
export interface SwarmPeer {
  readonly address: string;
  readonly client: string | null;
  readonly pieces: string;
  readonly downloadRate: number;
  readonly uploadRate: number;
}

/** A torrent in use at a node. */
export interface SwarmTorrent {
  readonly name: string;
  readonly infoHash: string;
  readonly state: string;
  readonly length: number;
  readonly haveBytes: number;
  readonly pieceCount: number;
  readonly pieces: string;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly peers: readonly SwarmPeer[];
}

/** All of it. */
export interface SwarmView {
  readonly node: number;
  readonly leader: number | null;
  readonly trackers: readonly string[];
  readonly files: readonly SwarmFile[];
  /** `torrents` is null for a node that does not answer. */
  readonly nodes: readonly { readonly id: number; readonly torrents: readonly SwarmTorrent[] | null }[];
}
