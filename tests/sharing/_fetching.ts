/**
 * A torrent that fetches from peers which say only what a test has them say.
 *
 * @module
 */
import { Bitfield } from "../../actors/sharing/bitfield.ts";
import { Fetching, type FetchingOptions } from "../../actors/sharing/fetching.ts";
import type { PeerCommand, PeerIdentity } from "../../actors/sharing/messages.ts";
import { PiecePicker } from "../../actors/sharing/piece_picker.ts";
import { TorrentPeer } from "../../actors/sharing/torrent_peer.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { BLOCK_BYTES, type BlockPlace } from "../../protocols/peer_wire.ts";

export const PIECES = 200;

export function identityOf(hostname: string, id: number): PeerIdentity {
  const peerId = new Uint8Array(20).fill(id);
  const handshake = { infoHash: new Uint8Array(20), peerId, fast: true, extended: false };
  return { handshake, address: { hostname, port: 1 }, isOutgoing: false };
}

/** What a test has in its hands. */
export interface FetchingTest {
  readonly fetching: Fetching;
  readonly peers: readonly TorrentPeer[];
  /** Each request: of which peer, for how many blocks. */
  readonly asked: readonly { readonly peer: number; readonly places: number }[];
  /** Each block that was asked for. */
  readonly blocks: readonly BlockPlace[];
  readonly clock: { nowMs: number };
  /** How often all peers were to be looked at anew. */
  readonly refills: () => number;
}

/** A torrent that fetches from so many peers, which have everything. */
export function fetchingFrom(
  sim: SimWorld,
  count: number,
  isLimited: boolean,
  more: Partial<FetchingOptions> = {},
): FetchingTest {
  const system = new ActorSystem("test", { world: sim.host("node").world });
  const asked: { peer: number; places: number }[] = [];
  const blocks: BlockPlace[] = [];
  const peers = Array.from({ length: count }, (_, index) => {
    const ref: Ref<PeerCommand> = system.spawn(`peer-${index}`, () => (message: PeerCommand) => {
      if (message.type !== "request") return;
      asked.push({ peer: index, places: message.places.length });
      blocks.push(...message.places);
    });
    const peer = new TorrentPeer(index + 1, ref, identityOf(`h${index}`, index), PIECES, 0);
    peer.pieces = Bitfield.full(PIECES);
    peer.wantedCount = PIECES;
    peer.isChoking = false;
    return peer;
  });
  const info = { pieceLength: BLOCK_BYTES, length: PIECES * BLOCK_BYTES, pieceCount: PIECES };
  let refills = 0;
  const clock = { nowMs: 0 };
  const fetching = new Fetching({
    info: {
      ...info,
      pieces: new Uint8Array(20 * PIECES),
      name: "a",
      isSingleFile: true,
      files: [],
      bytes: new Uint8Array(),
    },
    picker: new PiecePicker({ info, random: () => 0, maxActiveBytes: 1 << 30 }),
    hash: sim.host("node").world.hash,
    has: () => true,
    peers: () => peers,
    now: () => clock.nowMs,
    good: () => {},
    verifyLater: () => {},
    part: () => {},
    ban: () => {},
    starving: () => {},
    refillLater: () => refills++,
    askBandwidth: isLimited ? () => {} : undefined,
    ...more,
  });
  fetching.isOn = true;
  return { fetching, peers, asked, blocks, clock, refills: () => refills };
}
