/**
 * Peers that change their mind without end: what of it reaches a torrent, and who is asked meanwhile.
 */
import { assert, assertEquals } from "@std/assert";
import { Bitfield } from "../../actors/sharing/bitfield.ts";
import { Fetching } from "../../actors/sharing/fetching.ts";
import type { PeerCommand, PeerIdentity } from "../../actors/sharing/messages.ts";
import { PeerStates } from "../../actors/sharing/peer_states.ts";
import { PiecePicker } from "../../actors/sharing/piece_picker.ts";
import { TorrentPeer } from "../../actors/sharing/torrent_peer.ts";
import { TorrentPeers } from "../../actors/sharing/torrent_peers.ts";
import { type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";

const PIECES = 200;

function identityOf(hostname: string, id: number): PeerIdentity {
  const peerId = new Uint8Array(20).fill(id);
  const handshake = { infoHash: new Uint8Array(20), peerId, fast: true, extended: false };
  return { handshake, address: { hostname, port: 1 }, isOutgoing: false };
}

/** A torrent that fetches from so many peers, which have everything. */
function fetchingFrom(sim: SimWorld, count: number, isLimited: boolean) {
  const system = new ActorSystem("test", { world: sim.host("node").world });
  const asked: { peer: number; places: number }[] = [];
  const peers = Array.from({ length: count }, (_, index) => {
    const ref: Ref<PeerCommand> = system.spawn(`peer-${index}`, () => (message: PeerCommand) => {
      if (message.type === "request") asked.push({ peer: index, places: message.places.length });
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
  });
  fetching.isOn = true;
  return { fetching, peers, asked, clock, refills: () => refills };
}

Deno.test("states: of a storm of chokes a few are told, the last one always, and a choke between two unchokes", () => {
  let nowMs = 0;
  const told: string[] = [];
  const dueAtMs: number[] = [];
  const states = new PeerStates({
    now: () => nowMs,
    later: (delayMs) => dueAtMs.push(nowMs + delayMs),
    tellChoking: (isChoking) => told.push(isChoking ? "choke" : "unchoke"),
    tellInterest: (isInterested) => told.push(isInterested ? "interested" : "not"),
  });
  states.interest(true);
  states.choke(false);
  assertEquals(told, ["interested", "unchoke"], "at once");
  for (let round = 0; round < 5000; round++) {
    states.choke(true);
    states.choke(false);
    nowMs = round / 5;
    if (nowMs >= (dueAtMs.at(-1) ?? Infinity)) states.flush();
  }
  states.choke(true);
  states.choke(false);
  states.flush();
  assert(told.length < 100, `${told.length} of 10,000 were told`);
  assertEquals(told.slice(-2), ["choke", "unchoke"], "what was asked for before was dropped");
});

Deno.test("fetching: what a peer that chokes, or refuses, was asked for goes back to what may be asked for", async () => {
  const sim = simWorld({ seed: 1 });
  const { fetching, peers, asked, refills } = fetchingFrom(sim, 2, true);
  const [first, second] = peers;
  assert(first !== undefined && second !== undefined);
  // The second one has said nothing yet.
  second.isChoking = true;
  fetching.grant(BLOCK_BYTES);
  await sim.advance(1);
  assertEquals(asked, [{ peer: 0, places: 1 }]);
  const [outstanding] = first.pipeline.all();
  assert(outstanding !== undefined);
  fetching.onRejected(first, outstanding.place.piece, outstanding.place.begin);
  second.isChoking = false;
  first.isChoking = true;
  assertEquals(refills(), 1);
  fetching.refillDue();
  await sim.advance(1);
  assertEquals(asked, [{ peer: 0, places: 1 }, { peer: 1, places: 1 }]);
  sim.close();
});

Deno.test("fetching: of a limited allowance each has its turn, whoever came first", async () => {
  const sim = simWorld({ seed: 1 });
  const { fetching, asked } = fetchingFrom(sim, 3, true);
  for (let grants = 0; grants < 3; grants++) fetching.grant(BLOCK_BYTES);
  await sim.advance(1);
  assertEquals(new Set(asked.map(({ peer }) => peer)), new Set([0, 1, 2]));
  sim.close();
});

Deno.test("fetching: who refuses everything is not asked again and again, and others once for many refusals", async () => {
  const sim = simWorld({ seed: 1 });
  const { fetching, peers: [peer], asked, clock, refills } = fetchingFrom(sim, 1, false);
  assert(peer !== undefined);
  let rejections = 0;
  for (let rounds = 0; rounds < 100; rounds++) {
    fetching.refillDue();
    for (const { place } of [...peer.pipeline.all()]) {
      rejections++;
      fetching.onRejected(peer, place.piece, place.begin);
    }
  }
  await sim.advance(1);
  const count = asked.reduce((sum, { places }) => sum + places, 0);
  assertEquals(count, rejections);
  assert(count < 400, `it was asked for ${count} blocks`);
  assert(refills() <= 101, `${refills()} looks at all peers`);
  clock.nowMs = 60_000;
  fetching.refillDue();
  assert(peer.pipeline.size > 0, "it is asked again later");
  sim.close();
});

Deno.test("peers: where one address holds all places, one of them gives way to an address that has fewer", async () => {
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("test", { world: sim.host("node").world });
  const peers = new TorrentPeers(new Uint8Array(20), PIECES, 6);
  let count = 0;
  const join = (hostname: string): string => {
    const identity = identityOf(hostname, ++count);
    const admission = peers.admit(identity, count);
    if (admission.type === "refused") return "refused";
    if (admission.insteadOf !== undefined) peers.remove(admission.insteadOf);
    peers.add(system.spawn(`peer-${count}`, () => () => {}), identity, count);
    return admission.insteadOf?.identity.address.hostname ?? "admitted";
  };
  for (let places = 0; places < 6; places++) assertEquals(join("crowd"), "admitted");
  assertEquals(join("crowd"), "refused");
  assertEquals(["a", "b", "a", "c"].map(join), ["crowd", "crowd", "crowd", "crowd"]);
  assertEquals(["crowd", "a", "b", "c"].map(join), ["refused", "refused", "refused", "refused"]);
  await sim.settle(system.stop());
  sim.close();
});
