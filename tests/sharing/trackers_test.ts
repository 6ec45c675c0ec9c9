/**
 * Trackers that are up to no good, and torrents of a shape that nobody makes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { TrackerTiers } from "../../actors/sharing/tracker_tiers.ts";
import { encodeInfo, encodeMetainfo, parseMetainfo } from "../../protocols/metainfo.ts";
import { encodeAnnounceResponse } from "../../protocols/tracker.ts";
import { until } from "../_helpers.ts";
import { SharingNetwork, someBytes, startNetwork, type TestNode } from "./_network.ts";
import { Seeder } from "./_seeder.ts";
import { FixedTracker } from "./_tracker.ts";

function nodeOf(network: SharingNetwork, id: number): TestNode {
  const node = network.running.get(id);
  assert(node !== undefined);
  return node;
}

/** A torrent of some bytes, cut into pieces of any length. */
async function infoOf(
  name: string,
  content: Uint8Array<ArrayBuffer>,
  pieceLength: number,
): Promise<Uint8Array> {
  const count = Math.ceil(content.length / pieceLength);
  const pieces = new Uint8Array(20 * count);
  for (let piece = 0; piece < count; piece++) {
    const bytes = content.subarray(piece * pieceLength, (piece + 1) * pieceLength);
    pieces.set(new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)), 20 * piece);
  }
  return encodeInfo({ name, pieceLength, pieces, length: content.length });
}

/** Gigabytes of zeros that take a few kilobytes: a body that grows when it is unpacked. */
function bomb(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = 2048;
  const zeros = new Uint8Array(1024 * 1024);
  const plain = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(zeros);
      else controller.close();
    },
  });
  return plain.pipeThrough(new CompressionStream("gzip"));
}

function endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
}

/** A tracker that knows one peer, among paths that lead nowhere. */
function serveTrackers(seed: number): Deno.HttpServer<Deno.NetAddr> & { readonly asked: Set<string> } {
  const asked = new Set<string>();
  const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, href } = new URL(request.url);
    asked.add(pathname);
    switch (pathname) {
      case "/loop":
        return redirect(href);
      case "/longer":
        return redirect(`${href}x`);
      case "/disk":
        return redirect("file:///etc/hostname");
      case "/inline":
        return redirect("data:text/plain,d8:intervali1ee");
      case "/bomb":
        return new Response(bomb(), { headers: { "content-encoding": "gzip" } });
      case "/endless":
        return new Response(endless());
      case "/good":
        return new Response(
          encodeAnnounceResponse({
            type: "peers",
            intervalSeconds: 30,
            complete: 1,
            incomplete: 0,
            peers: [{ hostname: "127.0.0.1", port: seed }],
          }),
        );
      default:
        return new Response("no", { status: 404 });
    }
  });
  return Object.assign(server, { asked });
}

Deno.test("sharing: a tracker that redirects for ever, to the disk, or sends without end is passed over for the next", async () => {
  await using network = await startNetwork(1);
  const content = someBytes(50_000);
  using seeder = new Seeder({ content, pieceLength: 16_384 });
  const server = serveTrackers(seeder.port);
  try {
    const paths = ["/loop", "/longer", "/disk", "/inline", "/bomb", "/endless", "/nothing", "/good"];
    const trackers = paths.map((path) => [`http://127.0.0.1:${server.addr.port}${path}`]);
    const path = network.file("trackers.torrent");
    await Deno.writeFile(path, encodeMetainfo(await infoOf("a.bin", content, 16_384), trackers));
    const { end } = await nodeOf(network, 1).get(path);
    assertEquals(end, { type: "download-done", name: "a.bin" });
    assertEquals(await network.read(1, "a.bin"), content);
    assertEquals(paths.filter((one) => !server.asked.has(one)), []);
  } finally {
    await server.shutdown();
  }
});

Deno.test("sharing: a first tracker that answers and knows nobody does not keep the next from being asked", async () => {
  await using network = await startNetwork(1);
  const content = someBytes(50_000);
  using seeder = new Seeder({ content, pieceLength: 16_384 });
  await using empty = new FixedTracker([], 3600);
  await using good = new FixedTracker([seeder.port], 3600);
  const path = network.file("tiers.torrent");
  const trackers = [[empty.url], [good.url]];
  await Deno.writeFile(path, encodeMetainfo(await infoOf("a.bin", content, 16_384), trackers));
  const { end } = await nodeOf(network, 1).get(path);
  assertEquals(end, { type: "download-done", name: "a.bin" });
  assertEquals(await network.read(1, "a.bin"), content);
});

Deno.test("trackers: who answered comes first in its tier, and after all others when nothing came of it", () => {
  const tiers = new TrackerTiers([["a", "b"], ["c"]]);
  assertEquals(tiers.inOrder(), ["a", "b", "c"]);
  tiers.answered("b");
  assertEquals(tiers.inOrder(), ["b", "a", "c"]);
  assertEquals(tiers.passOver("b"), true);
  assertEquals(tiers.inOrder(), ["a", "c", "b"]);
  tiers.answered("c");
  assertEquals([tiers.passOver("c"), tiers.passOver("a")], [true, false]);
  assertEquals(tiers.inOrder(), ["b", "a", "c"], "each may know better now");
  assertEquals([new TrackerTiers([[], []]).isEmpty, tiers.isEmpty], [true, false]);
});

Deno.test("sharing: pieces of one byte, of a prime number and of more than all are fetched, and given on", async () => {
  await using network = await startNetwork(2);
  for (const [pieceLength, length] of [[1, 3000], [4099, 50_000], [1 << 20, 50_000]] as const) {
    const name = `${pieceLength}.bin`;
    const content = someBytes(length);
    using seeder = new Seeder({ content, pieceLength });
    const server = serveTrackers(seeder.port);
    try {
      const path = network.file(`${name}.torrent`);
      const tracker = `http://127.0.0.1:${server.addr.port}/good`;
      await Deno.writeFile(path, encodeMetainfo(await infoOf(name, content, pieceLength), [[tracker]]));
      const { end } = await nodeOf(network, 2).get(path);
      assertEquals(end, { type: "download-done", name });
      assertEquals(await network.read(2, name), content);
    } finally {
      await server.shutdown();
    }
  }
});

Deno.test("sharing: the leader changes while a magnet link waits for its metadata, and the file comes", async () => {
  await using network = await startNetwork(3);
  const content = someBytes(200_000);
  await network.write(2, "a.bin", content);
  const { infoHash } = await network.offers("a.bin");
  const torrent = await (await fetch(network.url(1, `/torrents/${infoHash}.torrent`))).bytes();
  assertEquals(parseMetainfo(torrent).info.name, "a.bin");
  await network.stop(1);
  network.lead(0);
  const got = nodeOf(network, 3).get(`magnet:?xt=urn:btih:${infoHash}`);
  // Nobody leads: the link waits for peers. Then there is a leader, and at once another one.
  await until(() => nodeOf(network, 3).system.tree().children.length > 0, "the download");
  network.lead(2);
  network.lead(3);
  assertEquals((await got).end, { type: "download-done", name: "a.bin" });
  assertEquals(await network.read(3, "a.bin"), content);
});
