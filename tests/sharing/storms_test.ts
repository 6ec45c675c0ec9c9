/**
 * Peers that change their mind without end: what of it reaches a torrent, and who is asked meanwhile.
 */
import { assert, assertEquals } from "@std/assert";
import { PeerStates } from "../../actors/sharing/peer_states.ts";
import { TorrentPeers } from "../../actors/sharing/torrent_peers.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { fetchingFrom, identityOf, PIECES } from "./_fetching.ts";

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

Deno.test("peers: the addresses of one /64 network of IPv6 are one, of which a crowd gives way", async () => {
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("test", { world: sim.host("node").world });
  const peers = new TorrentPeers(new Uint8Array(20), PIECES, 4);
  for (let id = 1; id <= 4; id++) {
    peers.add(system.spawn(`peer-${id}`, () => () => {}), identityOf(`2001:db8::${id}`, id), id);
  }
  assertEquals(peers.admit(identityOf("2001:db8::ffff", 5), 5).type, "refused");
  assertEquals(peers.admit(identityOf("2001:db8:0:1::1", 6), 6).type, "admitted");
  await sim.settle(system.stop());
  sim.close();
});
