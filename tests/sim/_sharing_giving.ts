/**
 * Scenes in which a node of ours gives, and is the tracker.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { someBytes } from "../sharing/_network.ts";
import type { TestTorrent } from "../sharing/_torrent.ts";
import { ScriptedPeer } from "./_scripted_peer.ts";
import { DIRECTORY, HTTP_PORT, ScriptedNode, scriptedTorrent } from "./_scripted_swarm.ts";
import { announcedTo, letsIn } from "./_sharing_probe.ts";
import {
  checkManners,
  checkRate,
  fetcher,
  fresh,
  giver,
  hasEnded,
  leecherOf,
  lister,
  ownTorrent,
} from "./_sharing_stage.ts";

/** Two announces and more are missing by then. */
const FORGOTTEN_MS = 60_000;
/** A folder is looked at each 5 s. */
const GONE_MS = 8000;
/** What takes a millisecond takes seconds. */
const SLOW_FACTOR = 5000;

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
    const asked = { infoHash: own.infoHash, port: role === "first" ? 7001 : 7002 };
    return (await announcedTo(world, node.host.name, asked)).map(({ port }) => port);
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
  lister(sim, other, () => fails-- > 0 ? "fail" : { torrent, sha256 });
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

/** What was fetched and goes is given no longer, also where its folder is synced long after it is hashed. */
export async function gone(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  const { disk } = node.host;
  await sim.until(() => node.read(torrent.name) !== undefined, 60_000, "the file");
  if (sim.seed % 2 === 0) disk.slowness = SLOW_FACTOR;
  await sim.advance(1);
  disk.slowness = 1;
  await sim.until(hasEnded(node), 60_000, "the download to end");
  const { world } = sim.host(fresh(sim, "asker"));
  const isGiven = () => sim.settle(letsIn(world, node.host.name, torrent.infoHash));
  assert(await isGiven(), "what was fetched is given");
  await sim.advance(1000);
  disk.remove(`${DIRECTORY}/${torrent.name}`);
  await sim.advance(GONE_MS);
  assertEquals(await isGiven(), false, "what has gone is given");
}
