/**
 * What a person is told while nobody gives what they asked for, and when it is given up.
 */
import { assert, assertEquals } from "@std/assert";
import { GIVE_UP_MS, PeerSearch, QUIET_MS } from "../../actors/sharing/peer_search.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { formatMagnet } from "../../protocols/magnet.ts";
import { encodeMetainfo, parseMetainfo } from "../../protocols/metainfo.ts";
import {
  encodeExtensionHandshake,
  encodeMetadataMessage,
  EXTENSION_HANDSHAKE_ID,
} from "../../protocols/peer_extensions.ts";
import { encodeHandshake, encodePeerMessage } from "../../protocols/peer_wire.ts";
import type { Log, LogRecord } from "../../mod.ts";
import { deadline, TestClient } from "../_helpers.ts";
import { ScriptedPeer } from "../sim/_scripted_peer.ts";
import { magnetOf, ScriptedNode, scriptedTorrent, torrentFileFor } from "../sim/_scripted_swarm.ts";
import { checkFetched, fetcher, hasEnded } from "../sim/_sharing_stage.ts";
import { Seeder } from "./_seeder.ts";
import { torrentOf } from "./_torrent.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { SharingNetwork, someBytes, startNetwork } from "./_network.ts";

function notesOf(node: ScriptedNode): string[] {
  return node.notices.flatMap((notice) => notice.type === "download-note" ? [notice.text] : []);
}

Deno.test("search: nobody found is said once, and given up only where no tracker was named", () => {
  for (const hasTrackers of [true, false]) {
    const search = new PeerSearch(hasTrackers, 1000);
    assertEquals(search.look(999 + QUIET_MS), "go-on");
    assertEquals([search.look(1000 + QUIET_MS), search.look(1001 + QUIET_MS)], ["say-so", "go-on"]);
    assertEquals(search.look(999 + GIVE_UP_MS), "go-on");
    assertEquals(search.look(1000 + GIVE_UP_MS), hasTrackers ? "go-on" : "give-up");
  }
  const search = new PeerSearch(false, 0);
  search.found();
  assertEquals(search.look(10 * GIVE_UP_MS), "go-on", "a peer was there once");
});

Deno.test("sharing: what names no tracker, and what nobody of the network has, ends with a reason after 30 s", async () => {
  const why = "it names no tracker, and this network's nodes have named no peer in 30 s";
  for (
    const [kind, named, failed] of [["torrent", "scripted.bin", "scripted.bin"], [
      "magnet",
      "The link",
      "the torrent",
    ]]
  ) {
    const sim = simWorld({ seed: 1 });
    const torrent = scriptedTorrent(sim, 3);
    const what = kind === "torrent" ? torrentFileFor(sim.host("node"), torrent, []) : magnetOf(torrent, []);
    const node = new ScriptedNode(sim, "node", { wants: [what] });
    await sim.until(hasEnded(node), 60_000, "the end");
    assert(sim.now >= GIVE_UP_MS && sim.now < GIVE_UP_MS + 3000, `it ended after ${sim.now} ms`);
    assertEquals(node.ends, [{ type: "download-failed", reason: `Cannot fetch ${failed}: ${why}` }]);
    const notes = notesOf(node);
    assertEquals(notes[0], `${named} names no tracker: asking the nodes of this network, for 30 s`);
    assertEquals(notes.at(-1), `No peer was found yet that has ${failed}: still looking`);
    sim.close();
  }
});

Deno.test("sharing: a tracker that knows nobody is asked on, and that nobody was found is said once", async () => {
  const sim = simWorld({ seed: 2 });
  const torrent = scriptedTorrent(sim, 3);
  const peer = new ScriptedPeer(sim, "peer", torrent);
  const { node, tracker } = fetcher(sim, torrent, () => sim.now < 100_000 ? [] : [peer.address]);
  await sim.until(hasEnded(node), 200_000, "the end");
  assert(sim.now > 100_000 && tracker.askedAtMs.length > 3);
  assertEquals(notesOf(node), ["No peer was found yet that has scripted.bin: still looking"]);
  checkFetched(node, torrent);
  sim.close();
});

Deno.test("sharing: a .torrent without trackers is fetched from the nodes of the network that have it", async () => {
  await using network = await startNetwork(2);
  const content = someBytes(50_000);
  await network.write(1, "a.bin", content);
  const { infoHash } = await network.offers("a.bin");
  const whole = await (await fetch(network.url(1, `/torrents/${infoHash}.torrent`))).bytes();
  const path = network.file("bare.torrent");
  await Deno.writeFile(path, encodeMetainfo(parseMetainfo(whole).info.bytes));
  const { end } = await network.running.get(2)?.get(path) ?? {};
  assertEquals(end, { type: "download-done", name: "a.bin" });
  assertEquals(await network.read(2, "a.bin"), content);
});

Deno.test("sharing: peers that came for a magnet link's metadata leave no warning of a dead letter behind", async () => {
  await using network = await SharingNetwork.create(1);
  const lines: LogRecord[] = [];
  const log: Log = { enabled: (level) => level !== "debug", write: (record) => lines.push(record) };
  const node = network.start(1, {}, (world) => ({ ...world, log }));
  const content = someBytes(5);
  using seeder = new Seeder({ content, pieceLength: 16384 });
  const { info: { bytes: info }, infoHash } = torrentOf(denoWorld().hash, "a.bin", content, 16384);
  const handshake = (id: number) =>
    encodeHandshake({ infoHash, peerId: new Uint8Array(20).fill(id), fast: false, extended: true });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peers = [listener.addr.port, seeder.port].map((port) => ({ hostname: "127.0.0.1", port }));
  const got = node.get(formatMagnet({ infoHash, trackers: [], peers }));
  using giver = new TestClient(await deadline(listener.accept()));
  await giver.send(handshake(1));
  // Another one has come by itself, and is there when the search ends.
  using other = await TestClient.connect(node.swarmPort);
  await other.send(handshake(2));
  assertEquals((await other.bytes(68)).length, 68);
  const said = encodeExtensionHandshake({ metadataId: 3, metadataSize: info.length });
  await giver.send(encodePeerMessage({ type: "extended", id: EXTENSION_HANDSHAKE_ID, payload: said }));
  const data = encodeMetadataMessage({ type: "data", piece: 0, totalBytes: info.length, data: info });
  await giver.send(encodePeerMessage({ type: "extended", id: 2, payload: data }));
  await other.closed();
  assertEquals((await got).end.type, "download-done");
  assertEquals(lines.filter(({ message }) => message.includes("ead letter")), []);
});
