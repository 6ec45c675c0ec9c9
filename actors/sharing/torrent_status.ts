/**
 * How a torrent stands, for people and programs.
 *
 * @module
 */
import { pieceBytes, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { SocketAddress } from "../world/world.ts";
import type { Bitfield } from "./bitfield.ts";
import type { TorrentPeer } from "./torrent_peer.ts";

/** `scanning`: looking for what is there; `finishing`: all is there, and the whole is verified. */
export type TorrentState = "scanning" | "fetching" | "finishing" | "seeding" | "failed";

/** One peer of a torrent. Rates are bytes a second. */
export interface PeerStatus {
  /** Where it listens, as far as that is known. */
  readonly address: SocketAddress;
  /** What it calls itself: 20 bytes. */
  readonly peerId: Uint8Array;
  /** Its program. */
  readonly client: string | undefined;
  /** What it has, in the form that peers send it. */
  readonly pieces: Uint8Array;
  /** How many pieces that is. */
  readonly pieceCount: number;
  /** What it gives. */
  readonly downloadRate: number;
  /** What it is given. */
  readonly uploadRate: number;
  /** It gives nothing now. */
  readonly isChoking: boolean;
  /** How many pieces it has that we lack. */
  readonly wantedCount: number;
  /** How many blocks it was asked for and has not sent. */
  readonly asked: number;
}

/** One torrent. Rates are bytes a second. */
export interface TorrentStatus {
  /** Its name. */
  readonly name: string;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** What it does. */
  readonly state: TorrentState;
  /** Why it has failed. */
  readonly failure: string | undefined;
  /** Bytes of all. */
  readonly length: number;
  /** Bytes that are there and good. */
  readonly haveBytes: number;
  /** The pieces that are there, in the form that peers send them. */
  readonly pieces: Uint8Array;
  /** How many pieces there are. */
  readonly pieceCount: number;
  /** Bytes received so far. */
  readonly downloaded: number;
  /** Bytes sent so far. */
  readonly uploaded: number;
  /** What comes. */
  readonly downloadRate: number;
  /** What goes. */
  readonly uploadRate: number;
  /** The peers that are connected. */
  readonly peers: readonly PeerStatus[];
}

/** What becomes of a torrent. */
export type TorrentNotice =
  /** What was there has been looked at: it takes peers. */
  | { readonly type: "torrent-ready"; readonly infoHash: Uint8Array }
  /** It fetches no more, since it is to be begun anew. */
  | { readonly type: "torrent-released"; readonly infoHash: Uint8Array }
  /** All is there, and stands under its name. */
  | { readonly type: "torrent-complete"; readonly infoHash: Uint8Array }
  /** Nothing will come of it. */
  | { readonly type: "torrent-failed"; readonly infoHash: Uint8Array; readonly reason: string };

/** What {@linkcode torrentStatus} is made of. */
export interface TorrentFacts {
  readonly info: TorrentInfo;
  readonly infoHash: Uint8Array;
  readonly state: TorrentState;
  readonly failure: string | undefined;
  readonly have: Bitfield;
  readonly downloaded: number;
  readonly uploaded: number;
  readonly peers: readonly TorrentPeer[];
  readonly nowMs: number;
}

/** Takes down how a torrent stands. */
export function torrentStatus(facts: TorrentFacts): TorrentStatus {
  const { info, have, nowMs } = facts;
  const peers = facts.peers.map((peer) => peerStatus(peer, nowMs));
  const last = info.pieceCount - 1;
  const short = have.has(last) ? info.pieceLength - pieceBytes(info, last) : 0;
  return {
    name: info.name,
    infoHash: facts.infoHash,
    state: facts.state,
    failure: facts.failure,
    length: info.length,
    haveBytes: have.count * info.pieceLength - short,
    pieces: have.bytes.slice(),
    pieceCount: info.pieceCount,
    downloaded: facts.downloaded,
    uploaded: facts.uploaded,
    downloadRate: peers.reduce((sum, peer) => sum + peer.downloadRate, 0),
    uploadRate: peers.reduce((sum, peer) => sum + peer.uploadRate, 0),
    peers,
  };
}

function peerStatus(peer: TorrentPeer, nowMs: number): PeerStatus {
  return {
    address: peer.listensAt,
    peerId: peer.identity.handshake.peerId,
    client: peer.client,
    pieces: peer.pieces.bytes.slice(),
    pieceCount: peer.pieces.count,
    downloadRate: peer.given.rate(nowMs),
    uploadRate: peer.taken.rate(nowMs),
    isChoking: peer.isChoking,
    wantedCount: peer.wantedCount,
    asked: peer.pipeline.size,
  };
}
