/**
 * Scenes in which a node of ours gives, and is the tracker.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { announceUrl, decodeAnnounceResponse } from "../../protocols/tracker.ts";
import { someBytes } from "../sharing/_network.ts";
import type { TestTorrent } from "../sharing/_torrent.ts";
import { DIRECTORY, HTTP_PORT, ScriptedNode, scriptedTorrent } from "./_scripted_swarm.ts";
import { checkManners, checkRate, fresh, giver, leecherOf, lister, ownTorrent } from "./_sharing_stage.ts";

/** Two announces and more are missing by then. */
const FORGOTTEN_MS = 60_000;

export async function limitedUpload(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const perSecond = sim.random.integer(20_000, 60_000);
  const own = ownTorrent(sim, torrent);
  const node = giver(sim, own, { maxUpload: perSecond });
  await sim.advance(2000);
  const leechers = [1, 2].map(() => leecherOf(sim, node.host, own, { everyMs: 50 }));
  const forMs = 8000;
  await sim.advance(forMs);
  checkRate(leechers.reduce((sum, { received }) => sum + received, 0), perSecond, forMs);
}

/** More want something than are served at once: who takes most is not the one that has to wait. */
export async function served(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const own = ownTorrent(sim, torrent);
  const node = giver(sim, own);
  await sim.advance(2000);
  const slow = Array.from(
    { length: 8 },
    () => leecherOf(sim, node.host, own, { everyMs: 2000, isDeaf: true }),
  );
  // As aria2 does, it says by many bitfields what it has.
  const fast = leecherOf(sim, node.host, own, { everyMs: 40, bitfields: 72 });
  // Its turn comes by chance at first.
  await sim.until(() => !fast.isChoked, 200_000, "the fast one to be served");
  await sim.advance(35_000);
  assertEquals(fast.chokes, 0, "who took most was choked");
  const waiting = [...slow, fast].filter(({ isChoked }) => isChoked);
  assertEquals(waiting.length, 1, "as many are served as there are places");
  checkManners(fast, ...slow);
}

/** What is cancelled before its turn is not sent. */
export async function cancelled(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const own = ownTorrent(sim, torrent);
  const node = giver(sim, own, { maxUpload: 20_000 });
  await sim.advance(2000);
  // Of two requests each second is cancelled while the one before it waits for bandwidth.
  const leecher = leecherOf(sim, node.host, own, { everyMs: 100, cancels: true });
  await sim.advance(3000);
  assert(leecher.received > 0, "what was not cancelled is sent");
  checkManners(leecher);
}

/** A file that is written over while it is given: what is sent is of the torrent, or nothing. */
export async function changed(sim: SimWorld): Promise<void> {
  const own = scriptedTorrent(sim, 80, BLOCK_BYTES);
  const node = giver(sim, own);
  await sim.advance(3000);
  const leecher = leecherOf(sim, node.host, own, { everyMs: 5 });
  await sim.until(() => leecher.received > 0, 10_000, "the first block");
  await sim.advance(sim.random.integer(0, 250));
  node.host.disk.write(`${DIRECTORY}/${own.name}`, someBytes(own.info.length, sim.seed + 7));
  await sim.advance(3000);
  checkManners(leecher);
}

/** Who announces itself is named to others, and no longer when it has not for long. */
export async function announced(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const own = ownTorrent(sim, torrent);
  const node = giver(sim, own);
  await sim.advance(3000);
  const announce = async (role: string): Promise<readonly number[]> => {
    const { world } = sim.host(fresh(sim, role));
    const request = {
      ...{ infoHash: own.infoHash, peerId: world.random.bytes(20), port: role === "first" ? 7001 : 7002 },
      ...{ uploaded: 0, downloaded: 0, left: 1 },
    };
    const url = announceUrl(`http://${node.host.name}:${HTTP_PORT}/announce`, request);
    const response = decodeAnnounceResponse(await (await world.net.fetch(new Request(url))).bytes());
    return response.type === "peers" ? response.peers.map(({ port }) => port) : [];
  };
  assertEquals((await sim.settle(announce("first"))).includes(7001), false, "nobody is named to itself");
  await sim.advance(1000);
  assert((await sim.settle(announce("second"))).includes(7001), "who has announced itself is named");
  await sim.advance(FORGOTTEN_MS);
  const named = await sim.settle(announce("third"));
  assert(!named.includes(7001), "who has long not announced itself is not named");
}

export async function catalog(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const other = fresh(sim, "lister");
  let fails = 2;
  const sha256 = sim.host(other).world.hash.digest("SHA-256", torrent.bytes);
  lister(sim, other, torrent, sha256, () => fails-- > 0 ? "fail" : "list");
  const node = new ScriptedNode(sim, fresh(sim, "node"), { others: [other] });
  const asker = sim.host(fresh(sim, "asker")).world;
  const names = async (): Promise<string> => {
    const response = await asker.net.fetch(new Request(`http://${node.host.name}:${HTTP_PORT}/files`));
    return await response.text();
  };
  await sim.advance(10_000);
  assert((await sim.settle(names())).includes(torrent.name), "a node that failed at first is listed");
  sim.host(other).crash();
  await sim.advance(30_000);
  assertEquals(await sim.settle(names()), "[]", "a node that has gone is not listed");
}
