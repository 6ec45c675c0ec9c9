/**
 * Scenes in which a node of ours fetches.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { hexText } from "../../protocols/tracker.ts";
import { someBytes } from "../sharing/_network.ts";
import { type TestTorrent, torrentOf } from "../sharing/_torrent.ts";
import { ScriptedPeer } from "./_scripted_peer.ts";
import { DIRECTORY, magnetOf, ScriptedNode, ScriptedTracker, torrentFileFor } from "./_scripted_swarm.ts";
import {
  checkBytes,
  checkFetched,
  checkManners,
  checkRate,
  fetcher,
  fresh,
  hasEnded,
  leecherOf,
  lister,
} from "./_sharing_stage.ts";

/** Who alone gives a piece, and a wrong one, is never dialled again; the rest is fetched of others. */
export async function liar(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const bad = new ScriptedPeer(sim, fresh(sim, "liar"), torrent, { answer: () => "lie" });
  // A slow one: the other is looked for all the time.
  const good = new ScriptedPeer(sim, fresh(sim, "good"), torrent, { delayMs: 1500 });
  const { node } = fetcher(sim, torrent, () => [bad.address, good.address]);
  await sim.until(hasEnded(node), 120_000, "the download to end");
  checkFetched(node, torrent);
  assert(bad.connections <= 1, `a liar was dialled ${bad.connections} times`);
  const whole = bad.asked.length;
  assert(whole <= 2 * torrent.info.pieceCount, `a liar was asked for ${whole} blocks`);
  checkManners(bad, good);
}

/** Requests that were taken and are not answered, by four that leave and four that refuse. */
export async function quitters(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const quitters = Array.from(
    { length: 8 },
    (_, index) =>
      new ScriptedPeer(sim, fresh(sim, "quitter"), torrent, {
        answer: () => index % 2 === 0 ? "leave" : "reject",
        delayMs: sim.random.integer(1, 400),
        fast: index % 2 === 1,
      }),
  );
  const good = new ScriptedPeer(sim, fresh(sim, "good"), torrent, { delayMs: 20 });
  // The one that gives is heard of when all others had their turn.
  const { node } = fetcher(
    sim,
    torrent,
    (count) => count === 1 ? quitters.map(({ address }) => address) : [good.address],
  );
  await sim.until(hasEnded(node), 120_000, "the download to end");
  checkFetched(node, torrent);
  checkManners(good, ...quitters);
}

/** The only one that gives breaks off again and again. */
export async function unsteady(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  let answers = 0;
  const isFast = sim.random.integer(0, 1) === 1;
  const peer = new ScriptedPeer(sim, fresh(sim, "unsteady"), torrent, {
    answer: () => ++answers % 5 === 0 ? "leave" : "send",
    fast: isFast,
  });
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  await sim.until(hasEnded(node), 180_000, "the download to end");
  checkFetched(node, torrent);
  checkManners(peer);
}

/** Of four that are asked and say nothing, blocks are asked of one that answers, before they are replaced. */
export async function silent(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const silent = Array.from(
    { length: 4 },
    () => new ScriptedPeer(sim, fresh(sim, "silent"), torrent, { answer: () => "ignore" }),
  );
  const good = new ScriptedPeer(sim, fresh(sim, "good"), torrent);
  const addresses = silent.map(({ address }) => address);
  const { node } = fetcher(sim, torrent, (count) => count === 1 ? addresses : [...addresses, good.address]);
  await sim.until(hasEnded(node), 25_000, "the download to end");
  checkFetched(node, torrent);
  checkManners(good, ...silent);
}

/** Trackers that are not there, or fail, are asked again within seconds, not at the next interval. */
export async function failingTracker(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const absent = fetcher(sim, torrent, () => [peer.address]);
  absent.tracker.host.kill();
  const failing = fetcher(sim, torrent, (count) => count <= 2 ? undefined : [peer.address]);
  await sim.advance(sim.random.integer(500, 3000));
  absent.tracker.host.restart();
  for (const { node } of [absent, failing]) {
    await sim.until(hasEnded(node), 20_000, "the download to end");
    checkFetched(node, torrent);
  }
  const [first = 0, , third = Infinity] = failing.tracker.askedAtMs;
  assert(third - first <= 5000, `a tracker that fails was asked a third time after ${third - first} ms`);
}

export async function limitedDownload(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const perSecond = sim.random.integer(20_000, 60_000);
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const { node } = fetcher(sim, torrent, () => [peer.address], { maxDownload: perSecond });
  const beganMs = sim.now;
  await sim.until(hasEnded(node), 120_000, "the download to end");
  checkFetched(node, torrent);
  checkRate(torrent.info.length, perSecond, sim.now - beganMs);
}

/** A magnet link, where the one that has the metadata is behind one with false and eight that are silent. */
export async function magnet(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const kinds = ["false", ...Array.from({ length: 8 }, () => "silent" as const), "true"] as const;
  const peers = kinds.map((metadata) =>
    new ScriptedPeer(sim, fresh(sim, metadata), torrent, {
      metadata,
      delayMs: metadata === "true" ? 400 : 1,
    })
  );
  const what = magnetOf(torrent, peers.map(({ address }) => address));
  const node = new ScriptedNode(sim, fresh(sim, "node"), { wants: [what] });
  // Four are asked at once, and each has ten seconds.
  await sim.until(hasEnded(node), 28_000, "the download to end");
  checkFetched(node, torrent);
  checkManners(...peers);
}

/** A name that somebody takes meanwhile is theirs. */
export async function takenMeanwhile(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent, { delayMs: 100 });
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  await sim.until(() => peer.sent > 0, 60_000, "the first block");
  const theirs = Uint8Array.of(1, 2, 3);
  const path = `${DIRECTORY}/${torrent.name}`;
  const isLink = sim.random.integer(0, 1) === 1;
  if (isLink) node.host.disk.link(path, "/nowhere");
  else node.host.disk.write(path, theirs);
  await sim.until(hasEnded(node), 60_000, "the download to end");
  assertEquals(node.ends.map(({ type }) => type), ["download-failed"]);
  assertEquals(node.read(torrent.name), isLink ? undefined : theirs, "what somebody put there stays");
}

/** Killed in the middle: what was written is not asked for again. */
export async function resumed(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent, { delayMs: 100 });
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  const blocks = sim.random.integer(3, 2 * torrent.info.pieceCount - 2);
  await sim.until(() => peer.sent >= blocks * BLOCK_BYTES, 60_000, "a part of it");
  const before = peer.sent;
  node.host.kill();
  node.host.restart();
  await sim.until(hasEnded(node), 60_000, "the download to end");
  checkFetched(node, torrent);
  checkManners(peer);
  // Pieces of two blocks: of those on their way, each may be half there; one more is on the wire.
  const again = peer.sent - torrent.info.length;
  const halves = peer.asked.length === 0 ? 0 : Math.min(before, halfFetched(peer, before));
  assert(again <= halves, `${again} bytes were fetched again, at most ${halves} were not kept`);
}

/** Bytes of blocks sent before of pieces that were not whole by then, and of the piece that came last. */
function halfFetched(peer: ScriptedPeer, sent: number): number {
  const count = Math.ceil(sent / BLOCK_BYTES);
  const answered = peer.asked.slice(0, count);
  const last = answered.at(-1)?.piece;
  const perPiece = new Map<number, number>();
  for (const { piece } of answered) perPiece.set(piece, (perPiece.get(piece) ?? 0) + 1);
  return answered.filter(({ piece }) => piece === last || perPiece.get(piece) === 1)
    .reduce((sum, { length }) => sum + length, 0);
}

/** Parts that an earlier attempt left, some of them no longer what they were. */
export async function foundParts(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const tracker = new ScriptedTracker(sim, fresh(sim, "tracker"), () => [peer.address]);
  const name = fresh(sim, "node");
  const { disk } = sim.host(name);
  const parts = torrent.bytes.slice();
  const { pieceLength, pieceCount, length } = torrent.info;
  const spoiled = sim.random.integer(0, pieceCount - 1);
  parts.set(someBytes(100, sim.seed + 1), Math.min(length - 100, spoiled * pieceLength + 50));
  disk.write(`${DIRECTORY}/.parts/${hexText(torrent.infoHash)}/${torrent.name}`, parts);
  const wants = [torrentFileFor(sim.host(name), torrent, [tracker.url])];
  const node = new ScriptedNode(sim, name, { wants });
  await sim.until(hasEnded(node), 60_000, "the download to end");
  checkFetched(node, torrent);
  const asked = new Set(peer.asked.map(({ piece }) => piece));
  assert(
    asked.size <= 2 && peer.sent <= 2 * pieceLength,
    `${asked.size} pieces were fetched, one was spoiled`,
  );
}

/** The power goes soon after it was told that all is there: it is there, and right. */
export async function durable(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  const { host } = node;
  const isTold = () => node.ends.at(-1)?.type === "download-done";
  let isDown = false;
  const trouble = sim.random.pick(["sync", "crash", "later"]);
  if (trouble === "sync") {
    // A kernel that could not write: the next sync says nothing of it.
    host.disk.failNext("sync", "other", { path: /\.parts\/.*\/scripted/, dropsPages: true });
    await sim.until(hasEnded(node), 60_000, "the download to end");
    // It has lost a part, and says so: the next attempt fetches that.
    if (!isTold()) host.restart();
  } else if (trouble === "crash") {
    // Within the last steps: after the file has its name, or before.
    host.crashAt({
      operation: sim.random.pick(["rename", "syncDirectory", "sync"]),
      when: sim.random.pick(["before", "after"]),
      ended: () => isDown = true,
    });
  }
  await sim.until(() => isDown || isTold(), 60_000, "the download to end");
  const wasTold = isTold();
  await sim.advance(sim.random.integer(0, 50));
  if (!isDown) host.crash();
  const found = node.read(torrent.name);
  assert(found !== undefined || !wasTold, "what was told to be there has gone");
  if (found !== undefined) checkBytes(found, torrent, "it has its name before it is safe");
}

/** What cannot end is told, and what is too much is refused. */
export async function failing(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const other = fresh(sim, "lister");
  const peer = new ScriptedPeer(sim, other, torrent);
  lister(sim, other, () => ({ torrent, sha256: new Uint8Array(32) }));
  const nothing = Array.from({ length: 105 }, (_, index) => {
    const infoHash = someBytes(20, index + 1);
    return magnetOf({ ...torrent, infoHash }, [peer.address]);
  });
  const node = new ScriptedNode(sim, fresh(sim, "node"), {
    others: [other],
    wants: [torrent.name, "../outside", ...nothing],
  });
  await sim.until(() => node.ends.length >= 2, 120_000, "downloads to fail");
  await sim.advance(5000);
  const reasons = node.ends.map((end) => end.type === "download-failed" ? end.reason : end.type);
  const count = (text: string) => reasons.filter((reason) => reason.includes(text)).length;
  assertEquals(count("too much is being fetched"), 7, "downloads over the limit were refused");
  await sim.until(() => node.ends.length > 8, 120_000, "the download to fail");
  assert(node.ends.some((end) => end.type === "download-failed" && end.reason.includes("SHA-256")));
  assertEquals(count("it is not the name of a file"), 1, "a name that leaves the folder was refused");
  assertEquals(node.read(torrent.name), undefined, "a file whose SHA-256 is another did not appear");
}

/** Written over as soon as it is there: what was fetched is given, or nothing. */
export async function changedAtOnce(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  await sim.until(hasEnded(node), 60_000, "the download to end");
  checkFetched(node, torrent);
  await sim.advance(sim.random.integer(5, 50));
  node.host.disk.write(`${DIRECTORY}/${torrent.name}`, someBytes(torrent.info.length, sim.seed + 9));
  const leecher = leecherOf(sim, node.host, torrent, { everyMs: 5 });
  await sim.advance(3000);
  checkManners(leecher);
}

/** What has come is given while the rest comes, and is right, though it was read with what lies beside it. */
export async function givenMeanwhile(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent, { delayMs: 100 });
  const { node } = fetcher(sim, torrent, () => [peer.address]);
  await sim.until(() => peer.sent > 0, 60_000, "the first block");
  const leecher = leecherOf(sim, node.host, torrent, { everyMs: 10 });
  await sim.until(hasEnded(node), 60_000, "the download to end");
  assert(leecher.received > 0, "what has come is given");
  checkManners(leecher, peer);
  checkFetched(node, torrent);
}

/** What the disk refuses once is not there, and is fetched by the next attempt, in this life or the next. */
export async function refused(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent);
  const { node, what } = fetcher(sim, torrent, () => [peer.address]);
  node.host.disk.failNext("write", "other", { path: /\.parts\/.*\/scripted/ });
  await sim.until(hasEnded(node), 60_000, "the download to end");
  assertEquals(node.ends.map(({ type }) => type), ["download-failed"]);
  // Nobody is as fast as the one that has failed lets go of what it had.
  await sim.advance(1000);
  if (sim.seed % 2 === 0) node.host.restart();
  else node.get(what);
  await sim.until(() => node.ends.length > 1, 60_000, "the next download to end");
  assertEquals(node.ends.at(-1), { type: "download-done", name: torrent.name });
  checkBytes(node.read(torrent.name), torrent);
}

/** Who asks for what is being fetched is told so, and takes nothing from who has asked first. */
export async function askedTwice(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent, { delayMs: 100 });
  const { node, what } = fetcher(sim, torrent, () => [peer.address]);
  await sim.until(() => peer.sent > 0, 60_000, "the first block");
  node.get(what);
  node.get(magnetOf(torrent, [peer.address]));
  await sim.until(() => node.ends.length > 2, 60_000, "all three to end");
  assertEquals(node.ends.map(({ type }) => type), ["download-failed", "download-failed", "download-done"]);
  checkBytes(node.read(torrent.name), torrent);
}

/** Who was told that nobody gives it may ask again, once somebody does. */
export async function askedAgain(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const name = fresh(sim, "node");
  const what = torrentFileFor(sim.host(name), torrent, []);
  const node = new ScriptedNode(sim, name, { wants: [what] });
  await sim.until(hasEnded(node), 60_000, "the search to be given up");
  assertEquals(node.ends.map(({ type }) => type), ["download-failed"]);
  const peer = new ScriptedPeer(sim, fresh(sim, "peer"), torrent, { metadata: "true" });
  node.get(magnetOf(torrent, [peer.address]));
  await sim.until(() => node.ends.length > 1, 20_000, "the next download to end");
  assertEquals(node.ends.at(-1), { type: "download-done", name: torrent.name });
  checkBytes(node.read(torrent.name), torrent);
}

/** A torrent of other bytes under the same name, and how a node lists either. */
function twoOfOneName(sim: SimWorld, torrent: TestTorrent) {
  const { hash } = sim.host("maker").world;
  const { name, info: { length, pieceLength } } = torrent;
  const other = torrentOf(hash, name, someBytes(length, sim.seed + 3), pieceLength);
  const listed = (each: TestTorrent) => ({ torrent: each, sha256: hash.digest("SHA-256", each.bytes) });
  return { other, listed };
}

/** A peer that has it, and gives nothing, keeps nobody from what its name stands for by then. */
export async function changedElsewhere(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const { name } = torrent;
  const { other: later, listed } = twoOfOneName(sim, torrent);
  let isChanged = false;
  const [first, second] = [fresh(sim, "lister"), fresh(sim, "lister")];
  const silent = new ScriptedPeer(sim, first, torrent, { answer: () => "ignore" });
  const good = new ScriptedPeer(sim, second, later);
  lister(sim, first, () => isChanged ? "nothing" : listed(torrent));
  lister(sim, second, () => isChanged ? listed(later) : "nothing");
  const node = new ScriptedNode(sim, fresh(sim, "node"), { others: [first, second], wants: [name] });
  await sim.until(() => silent.asked.length > 0, 60_000, "the first request");
  isChanged = true;
  await sim.until(hasEnded(node), 90_000, "the download to end");
  checkFetched(node, later);
  checkManners(silent, good);
}

/** Who lists something else of the name, and does not give it, keeps nobody from what was left for that. */
export async function backAgain(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const { name } = torrent;
  const { other, listed } = twoOfOneName(sim, torrent);
  const [first, second] = [fresh(sim, "lister"), fresh(sim, "lister")];
  let isThere = true;
  let isBack = false;
  const good = new ScriptedPeer(sim, first, torrent, { answer: () => isBack ? "send" : "ignore" });
  const gives = sim.random.pick(["lie", "leave"] as const);
  const bad = new ScriptedPeer(sim, second, other, { answer: () => gives });
  lister(sim, first, () => isThere ? listed(torrent) : "nothing");
  lister(sim, second, () => isThere && !isBack ? "nothing" : listed(other));
  const others = sim.random.shuffle([first, second]);
  const node = new ScriptedNode(sim, fresh(sim, "node"), { others, wants: [name] });
  await sim.until(() => good.asked.length > 0, 60_000, "the first request");
  isThere = false;
  await sim.until(() => bad.asked.length > 0, 90_000, "a request for the other");
  isThere = isBack = true;
  await sim.until(hasEnded(node), 240_000, `the download to end beside one who is to ${gives}`);
  checkFetched(node, torrent);
  checkManners(good, bad);
}

/** Who lists something else of the name, and withholds its torrent, ends no download of what is to come. */
export async function withheld(sim: SimWorld, torrent: TestTorrent): Promise<void> {
  const { name } = torrent;
  const { other, listed } = twoOfOneName(sim, torrent);
  const [first, second] = [fresh(sim, "lister"), fresh(sim, "lister")];
  let isBack = false;
  const good = new ScriptedPeer(sim, first, torrent, { answer: () => isBack ? "send" : "leave" });
  lister(sim, first, () => listed(torrent));
  let isListed = false;
  lister(sim, second, () => isListed ? { ...listed(other), isWithheld: true } : "nothing");
  const others = sim.random.shuffle([first, second]);
  const node = new ScriptedNode(sim, fresh(sim, "node"), { others, wants: [name] });
  await sim.until(() => good.asked.length > 0, 60_000, "the first request");
  isListed = true;
  await sim.advance(60_000);
  assertEquals(node.ends, []);
  const isNoted = ({ type, ...rest }: (typeof node.notices)[number]) =>
    type === "download-note" && "text" in rest && rest.text.startsWith("Nobody gives");
  assert(node.notices.some(isNoted), "the other was not looked at");
  isBack = true;
  await sim.until(hasEnded(node), 240_000, "the download to end");
  checkFetched(node, torrent);
}
