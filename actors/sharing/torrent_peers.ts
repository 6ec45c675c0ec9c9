/**
 * The peers of a torrent: who is let in, and who never again.
 *
 * @module
 */
import { hexText } from "../../protocols/_percent_bytes.ts";
import type { TorrentInfo } from "../../protocols/metainfo.ts";
import { addressKey } from "../net/mod.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Bitfield } from "./bitfield.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import type { BlockSource, PeerCommand, PeerIdentity, Welcome } from "./messages.ts";
import { isOwnKind } from "./peer_id.ts";
import { TorrentPeer } from "./torrent_peer.ts";

const MAX_BANNED = 1000;
/** Who has neither sent nor got a block for so long gives way to another when all places are taken. */
const IDLE_MS = 30_000;

/** Whether a peer is let in, and which other goes for it. */
export type Admission =
  | { readonly type: "admitted"; readonly insteadOf?: TorrentPeer }
  /** `for`: the one that is there instead, if it still is. */
  | { readonly type: "refused"; readonly reason: string; readonly for?: TorrentPeer };

/** Everybody who is connected, by connection. */
export class TorrentPeers {
  readonly #ownId: Uint8Array;
  readonly #pieceCount: number;
  readonly #maxPeers: number;
  readonly #peers = new Map<Ref<PeerCommand>, TorrentPeer>();
  readonly #banned = new Set<string>();
  #count = 0;

  /** Nobody is there; `ownId` is what we call ourselves. */
  constructor(ownId: Uint8Array, pieceCount: number, maxPeers: number) {
    this.#ownId = ownId;
    this.#pieceCount = pieceCount;
    this.#maxPeers = maxPeers;
  }

  /** How many are there. */
  get size(): number {
    return this.#peers.size;
  }

  /** Who is there. */
  all(): MapIterator<TorrentPeer> {
    return this.#peers.values();
  }

  /** The peer of a connection. */
  find(ref: Ref<PeerCommand>): TorrentPeer | undefined {
    return this.#peers.get(ref);
  }

  /** Whether a peer is there. */
  has(peer: TorrentPeer): boolean {
    return this.#peers.has(peer.ref);
  }

  /**
   * Whether a peer may come in, and who has to go for it.
   *
   * Where a client of another kind and we have dialled each other, both connections are taken in: it chooses
   * by a rule of its own, and to close the one that it keeps would be to lose both.
   *
   * An ID is what anybody says: from another host it is that of another peer.
   */
  admit(identity: PeerIdentity, nowMs: number): Admission {
    const { handshake: { peerId }, address: { hostname } } = identity;
    if (this.isBanned(identity)) return { type: "refused", reason: "it is banned" };
    const [other, another] = [...this.#peers.values()].filter(({ identity: { handshake, address } }) =>
      address.hostname === hostname && equalBytes(handshake.peerId, peerId)
    );
    if (another !== undefined) return connected(another);
    if (other !== undefined && isOwnKind(peerId)) return this.#chooseOf(other, identity);
    if (other !== undefined && other.identity.isOutgoing === identity.isOutgoing) return connected(other);
    if (this.#peers.size < this.#maxPeers) return { type: "admitted" };
    const idlest = idlestOf(this.#peers.values());
    if (idlest !== undefined && nowMs - idlest.usedAtMs >= IDLE_MS) {
      return { type: "admitted", insteadOf: idlest };
    }
    const insteadOf = this.#oneOfTheCrowd(addressKey(hostname));
    return insteadOf === undefined
      ? { type: "refused", reason: "the torrent has peers enough" }
      : { type: "admitted", insteadOf };
  }

  /** One of the address that has most places (of IPv6, the /64 network), if the asker's will have fewer. */
  #oneOfTheCrowd(asker: string): TorrentPeer | undefined {
    const byAddress = Map.groupBy(this.#peers.values(), (peer) => addressKey(peer.identity.address.hostname));
    let crowd: TorrentPeer[] = [];
    for (const group of byAddress.values()) if (group.length > crowd.length) crowd = group;
    return crowd.length > (byAddress.get(asker)?.length ?? 0) + 1 ? idlestOf(crowd) : undefined;
  }

  /**
   * Of two connections between nodes of our kind that one stays which has moved blocks, or else the one that
   * the side with the greater ID has dialled: both sides see it so.
   */
  #chooseOf(other: TorrentPeer, identity: PeerIdentity): Admission {
    if (other.given.total + other.taken.total > 0) return connected(other);
    const isOursGreater = hexText(this.#ownId) > hexText(identity.handshake.peerId);
    const isBetter = identity.isOutgoing !== other.identity.isOutgoing &&
      identity.isOutgoing === isOursGreater;
    return isBetter ? { type: "admitted", insteadOf: other } : connected(other);
  }

  /** A peer is there now. */
  add(ref: Ref<PeerCommand>, identity: PeerIdentity, nowMs: number): TorrentPeer {
    const peer = new TorrentPeer(++this.#count, ref, identity, this.#pieceCount, nowMs);
    this.#peers.set(ref, peer);
    return peer;
  }

  /** A peer has gone; false when it was not there. */
  remove(peer: TorrentPeer): boolean {
    return this.#peers.delete(peer.ref);
  }

  /** Whether it has lied before; one that had dialled us then is known by its own address once we dial it. */
  isBanned(identity: PeerIdentity): boolean {
    return this.#banned.has(banKeyOf(identity));
  }

  /** A peer is not let in again; of very many the one that was banned first is forgotten. */
  ban(peer: TorrentPeer): void {
    this.#banned.add(banKeyOf(peer.identity));
    const [oldest] = this.#banned;
    if (this.#banned.size > MAX_BANNED && oldest !== undefined) this.#banned.delete(oldest);
  }
}

/** Nobody is let in yet. */
export const NOT_READY: Admission = { type: "refused", reason: "the torrent is not ready" };

function connected(other: TorrentPeer): Admission {
  return { type: "refused", reason: "there is a connection to it", for: other };
}

/** Who of these has neither sent nor got a block for longest. */
function idlestOf(peers: Iterable<TorrentPeer>): TorrentPeer | undefined {
  let idlest: TorrentPeer | undefined;
  for (const peer of peers) if (idlest === undefined || peer.usedAtMs < idlest.usedAtMs) idlest = peer;
  return idlest;
}

/** What the connection to a peer is given when the peer is taken in. */
export function welcomeOf(
  id: number,
  { pieceCount, pieceLength, length }: TorrentInfo,
  have: Bitfield,
  source: BlockSource,
): Welcome {
  const bits = have.bytes.slice();
  return { id, bits, pieceCount, haveCount: have.count, pieceLength, length, source };
}

/** Peers choose their IDs: one that lies under the ID of another is not to have that other banned. */
function banKeyOf({ handshake, address }: PeerIdentity): string {
  return `${hexText(handshake.peerId)} ${address.hostname}`;
}
