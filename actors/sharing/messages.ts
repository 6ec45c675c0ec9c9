/**
 * What the connection to a peer and the swarm that it belongs to tell each other.
 *
 * @module
 */
import type { MetadataMessage } from "../../protocols/peer_extensions.ts";
import type { BlockPlace, Handshake } from "../../protocols/peer_wire.ts";
import type { Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import type { BlockBuffers } from "./block_buffers.ts";
import type { CacheRegion } from "./block_cache.ts";
import type { PollPace } from "./poll_pace.ts";
import type { BlockRead, StorageCommand } from "./storage_commands.ts";

/** What a swarm tells the connection to a peer. */
export type PeerCommand =
  /** It is taken in; `pieces` is what it is told that we have. */
  | { readonly type: "welcome"; readonly welcome: Welcome }
  /** Asks the peer for blocks. */
  | { readonly type: "request"; readonly places: readonly BlockPlace[] }
  /** A block is not needed any more. */
  | { readonly type: "cancel"; readonly place: BlockPlace }
  /** We have a piece now. */
  | { readonly type: "have"; readonly piece: number }
  /** Whether the peer is sent what it asks for. */
  | { readonly type: "choke"; readonly isChoked: boolean }
  /** Whether we want something of it. */
  | { readonly type: "interest"; readonly isInterested: boolean }
  /** A message of the metadata exchange. */
  | { readonly type: "send-metadata"; readonly message: MetadataMessage }
  /** It has dialled again, or been dialled: a connection that it knows nothing of any more is to end. */
  | { readonly type: "probe" }
  /** Closes the connection. */
  | { readonly type: "part"; readonly reason: string }
  | BlockRead
  | BandwidthGranted;

/** So many bytes may be sent, or asked for. */
export interface BandwidthGranted {
  readonly type: "bandwidth-granted";
  /** Bytes. */
  readonly bytes: number;
}

/** What a connection is given when its peer is taken into a swarm. */
export interface Welcome {
  /** What the swarm calls the peer: 1 or more. */
  readonly id: number;
  /** What we have, in the form that peers send it; undefined when nothing is known of pieces yet. */
  readonly bits?: Uint8Array;
  /** How many pieces there are, and how many of them we have. */
  readonly pieceCount: number;
  /** How many of them we have. */
  readonly haveCount: number;
  /** Bytes of a piece. */
  readonly pieceLength: number;
  /** Bytes of all. */
  readonly length: number;
  /** Where blocks are found; undefined when nothing can be given. */
  readonly source?: BlockSource;
}

/** Where the blocks of a torrent are found, and those that come are put. */
export interface BlockSource {
  /** Those that are in memory. */
  readonly blocks: Pick<CacheRegion, "find">;
  /** Takes them into memory. */
  readonly storage: Ref<StorageCommand>;
  /** Copies of those that come. */
  readonly received: BlockBuffers;
  /** When the next may be taken. */
  readonly pace: Pick<PollPace, "mustWait">;
}

/** What a peer is, as its connection knows after the handshake. */
export interface PeerIdentity {
  /** The peer's handshake. */
  readonly handshake: Handshake;
  /** The far end of the connection. */
  readonly address: SocketAddress;
  /** Whether we dialled it. */
  readonly isOutgoing: boolean;
}

/** What the connection to a peer tells its swarm; `peer` is the connection. */
export type PeerEvent =
  | { readonly type: "peer-joined"; readonly peer: Ref<PeerCommand>; readonly identity: PeerIdentity }
  | { readonly type: "peer-left"; readonly peer: Ref<PeerCommand>; readonly reason: string }
  /** What it has, as it said; undefined: everything. */
  | {
    readonly type: "peer-bits";
    readonly peer: Ref<PeerCommand>;
    readonly bits: Uint8Array | "all" | "none";
  }
  | { readonly type: "peer-has"; readonly peer: Ref<PeerCommand>; readonly piece: number }
  | { readonly type: "peer-choked"; readonly peer: Ref<PeerCommand>; readonly isChoking: boolean }
  | { readonly type: "peer-interested"; readonly peer: Ref<PeerCommand>; readonly isInterested: boolean }
  | { readonly type: "peer-allowed"; readonly peer: Ref<PeerCommand>; readonly piece: number }
  | {
    readonly type: "peer-block";
    readonly peer: Ref<PeerCommand>;
    readonly piece: number;
    readonly begin: number;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "peer-rejected"; readonly peer: Ref<PeerCommand>; readonly place: BlockPlace }
  /** It was sent so many bytes of blocks. */
  | { readonly type: "peer-took"; readonly peer: Ref<PeerCommand>; readonly bytes: number }
  /** It speaks the metadata exchange, and has the info dictionary of so many bytes. */
  | {
    readonly type: "peer-extensions";
    readonly peer: Ref<PeerCommand>;
    readonly metadataBytes?: number;
    readonly maxRequests?: number;
    readonly listenPort?: number;
    readonly client?: string;
  }
  | { readonly type: "peer-metadata"; readonly peer: Ref<PeerCommand>; readonly message: MetadataMessage };

/** Where a connection finds the swarm of an info hash. */
export type FindSwarm = {
  readonly type: "find-swarm";
  /** The info hash as hexadecimal digits. */
  readonly infoHash: string;
  /** Told the swarm; undefined where there is none. */
  readonly replyTo: Ref<SwarmEntry | undefined>;
};

/** A swarm as connections are given it. */
export interface SwarmEntry {
  /** Told what the peer says. */
  readonly swarm: Ref<PeerEvent>;
  /** The info dictionary under the info hash that the peer asked for, where it is known. */
  readonly infoBytes?: Uint8Array;
}

/** Who hands out bandwidth. */
export type BandwidthCommand = {
  readonly type: "take-bandwidth";
  /** Bytes. */
  readonly bytes: number;
  /** Told when they may go. */
  readonly replyTo: Ref<BandwidthGranted>;
};
