import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeInfo, encodeMetainfo, parseMetainfo } from "../../protocols/metainfo.ts";
import {
  encodeExtensionHandshake,
  encodeMetadataMessage,
  EXTENSION_HANDSHAKE_ID,
} from "../../protocols/peer_extensions.ts";
import { encodeHandshake, encodePeerMessage } from "../../protocols/peer_wire.ts";
import { hexBytes, hexText } from "../../protocols/tracker.ts";
import { decodeUdpRequest, encodeUdpResponse } from "../../protocols/udp_tracker.ts";
import { sharing } from "../../actors/sharing/mod.ts";
import { simWorld, type World } from "../../actors/world/sim/mod.ts";
import { registryKey } from "../../mod.ts";
import { delay, service, writeAll } from "../sim/_harness.ts";
import { deadline, TestClient, until } from "../_helpers.ts";
import { SharingNetwork, someBytes, startNetwork, type TestNode } from "./_network.ts";

const BLOCK = 16384;

const NAME = "a.bin";

function nodeOf(network: SharingNetwork, id: number): TestNode {
  const node = network.running.get(id);
  assert(node !== undefined);
  return node;
}

let strangers = 0;

/** A peer of Node 1 that has shaken hands. */
async function stranger(network: SharingNetwork, infoHash: string): Promise<TestClient> {
  const hash = hexBytes(infoHash);
  assert(hash !== undefined);
  const peerId = new TextEncoder().encode(`-YY0000-${String(++strangers).padStart(12, "0")}`);
  const client = await TestClient.connect(nodeOf(network, 1).swarmPort);
  await client.send(encodeHandshake({ infoHash: hash, peerId, fast: false, extended: false }));
  assertEquals((await client.bytes(68)).length, 68);
  return client;
}

Deno.test("sharing: a second get of one name, or of one magnet link, does not end the first", async () => {
  await using network = await SharingNetwork.create(2);
  network.start(1);
  const slow = network.start(2, { maxDownload: 300_000 });
  network.lead(1);
  const bytes = someBytes(600_000);
  await network.write(1, NAME, bytes);
  const { infoHash } = await network.offers(NAME);
  const first = slow.get(NAME);
  await until(
    async () => await Deno.stat(`${network.directory(2)}/.parts`).then(() => true, () => false),
    "a start",
  );
  for (const what of [NAME, `magnet:?xt=urn:btih:${infoHash}`]) {
    const { end } = await slow.get(what);
    assert(end.type === "download-failed");
    assertMatch(end.reason, /it is being fetched/);
  }
  assertEquals((await first).end, { type: "download-done", name: NAME });
  assertEquals(await network.read(2, NAME), bytes);
  // What was fetched and removed may be fetched again.
  await Deno.remove(`${network.directory(2)}/${NAME}`);
  assertEquals((await slow.get(NAME)).end, { type: "download-done", name: NAME });
});

Deno.test("sharing: peers of a file that is taken out of the folder are let go", async () => {
  await using network = await startNetwork(1);
  await network.write(1, NAME, someBytes(100_000));
  const { infoHash } = await network.offers(NAME);
  using client = await stranger(network, infoHash);
  await Deno.remove(`${network.directory(1)}/${NAME}`);
  await client.closed();
});

Deno.test("sharing: a storm of interest, or of chokes, is closed, and nobody else notices", async () => {
  await using network = await startNetwork(2);
  const bytes = someBytes(100_000);
  await network.write(1, NAME, bytes);
  const { infoHash } = await network.offers(NAME);
  for (const [on, off] of [["interested", "not-interested"], ["choke", "unchoke"]] as const) {
    using client = await stranger(network, infoHash);
    const pair = [...encodePeerMessage({ type: on }), ...encodePeerMessage({ type: off })];
    const storm = new Uint8Array(20_000 * pair.length);
    for (let at = 0; at < storm.length; at += pair.length) storm.set(pair, at);
    await client.send(storm).catch(() => {});
    await client.closed();
  }
  assertEquals((await nodeOf(network, 2).get(NAME)).end, { type: "download-done", name: NAME });
  assertEquals(await network.read(2, NAME), bytes);
});

Deno.test("sharing: links among the parts of a torrent lead nowhere, be they of files or of folders", async () => {
  await using network = await startNetwork(1);
  const outside = network.file("outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(`${outside}/victim`, "untouched");
  const pieces = new Uint8Array(20);
  const path = network.file("linked.torrent");
  const infos = [
    {
      info: encodeInfo({ name: "one", pieceLength: BLOCK, pieces, length: 5 }),
      link: "one",
      to: `${outside}/victim`,
    },
    {
      info: encodeInfo({ name: "two", pieceLength: BLOCK, pieces, length: 5 }),
      link: "two",
      to: `${outside}/new`,
    },
    {
      info: encodeInfo({
        name: "many",
        pieceLength: BLOCK,
        pieces,
        files: [{ path: ["a", "b", "c"], length: 5 }],
      }),
      link: "many",
      to: outside,
    },
  ];
  for (const { info, link, to } of infos) {
    await Deno.writeFile(path, encodeMetainfo(info));
    const parts = `${network.directory(1)}/.parts/${
      hexText(new Uint8Array(await crypto.subtle.digest("SHA-1", info)))
    }`;
    await Deno.mkdir(parts, { recursive: true });
    assert((await new Deno.Command("ln", { args: ["-s", to, `${parts}/${link}`] }).output()).success);
    const { end } = await nodeOf(network, 1).get(path);
    assert(end.type === "download-failed", link);
  }
  assertEquals([...Deno.readDirSync(outside)].map(({ name }) => name), ["victim"]);
  assertEquals(await Deno.readTextFile(`${outside}/victim`), "untouched");
});

Deno.test("sharing: a part that is another file too, by a hard link, is made anew, and the other stays as it is", async () => {
  await using network = await startNetwork(2);
  const bytes = someBytes(100_000);
  await network.write(1, NAME, bytes);
  const { infoHash } = await network.offers(NAME);
  const victim = network.file("victim");
  await Deno.writeFile(victim, someBytes(100_000, 2));
  const parts = `${network.directory(2)}/.parts/${infoHash}`;
  await Deno.mkdir(parts, { recursive: true });
  assert((await new Deno.Command("ln", { args: [victim, `${parts}/${NAME}`] }).output()).success);
  assertEquals((await nodeOf(network, 2).get(NAME)).end, { type: "download-done", name: NAME });
  assertEquals(await network.read(2, NAME), bytes);
  assertEquals(await Deno.readFile(victim), someBytes(100_000, 2));
});

Deno.test("sharing: a link in the place of the lock on the parts of a torrent leads nowhere", async () => {
  await using network = await startNetwork(1);
  const outside = network.file("outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(`${outside}/victim`, "untouched");
  const info = encodeInfo({ name: "one", pieceLength: BLOCK, pieces: new Uint8Array(20), length: 5 });
  const path = network.file("locked.torrent");
  await Deno.writeFile(path, encodeMetainfo(info));
  const hash = hexText(new Uint8Array(await crypto.subtle.digest("SHA-1", info)));
  const lock = `${network.directory(1)}/.parts/${hash}.lock`;
  await Deno.mkdir(`${network.directory(1)}/.parts`);
  for (const to of [`${outside}/victim`, `${outside}/new`, outside, lock]) {
    assert((await new Deno.Command("ln", { args: ["-sfn", to, lock] }).output()).success);
    const { end } = await nodeOf(network, 1).get(path);
    assert(end.type === "download-failed", to);
    assertMatch(end.reason, /\.lock/);
  }
  assertEquals([...Deno.readDirSync(outside)].map(({ name }) => name), ["victim"]);
  assertEquals(await Deno.readTextFile(`${outside}/victim`), "untouched");
});

Deno.test("sharing: peers are had from a UDP tracker that is not ours, at whichever address its name has", async () => {
  await using network = await startNetwork(2);
  const bytes = someBytes(50_000);
  await network.write(1, NAME, bytes);
  const { infoHash } = await network.offers(NAME);
  const torrent = await (await fetch(network.url(1, `/torrents/${infoHash}.torrent`))).bytes();
  const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  assert(socket.addr.transport === "udp");
  const path = network.file("udp.torrent");
  const tracker = `udp://localhost:${socket.addr.port}/announce`;
  await Deno.writeFile(path, encodeMetainfo(parseMetainfo(torrent).info.bytes, [[tracker]]));
  const serving = serveUdpTracker(socket, { hostname: "127.0.0.1", port: nodeOf(network, 1).swarmPort });
  const { end } = await nodeOf(network, 2).get(path).finally(() => socket.close());
  assertEquals(end, { type: "download-done", name: NAME });
  assertEquals(await network.read(2, NAME), bytes);
  assert(await serving > 0);
});

/** Answers connects, and announces with one peer, until the socket is closed; says how many announces. */
async function serveUdpTracker(
  socket: Deno.DatagramConn,
  seed: { readonly hostname: string; readonly port: number },
): Promise<number> {
  let answered = 0;
  try {
    for await (const [bytes, from] of socket) {
      const request = decodeUdpRequest(bytes);
      if (request === undefined || request.type === "scrape") continue;
      const { transaction } = request;
      // Neither of these is an answer to what was asked.
      await socket.send(Uint8Array.of(1, 2, 3), from);
      await socket.send(
        encodeUdpResponse({ type: "error", transaction: transaction ^ 1, reason: "no" }),
        from,
      );
      if (request.type === "connect") {
        await socket.send(encodeUdpResponse({ type: "connect", transaction, connection: 7n }), from);
        continue;
      }
      answered++;
      const response = {
        type: "peers",
        intervalSeconds: 30,
        complete: 1,
        incomplete: 0,
        peers: [seed],
      } as const;
      await socket.send(encodeUdpResponse({ type: "announce", transaction, response }), from);
    }
  } catch {
    // It was closed.
  }
  return answered;
}

Deno.test("sharing: one byte a second is closed: a handshake in ten seconds, a message in two minutes and a half", async () => {
  const sim = simWorld({ seed: 1 });
  const seed = sim.host("seed");
  seed.disk.makeDirectory("/data");
  const content = someBytes(20_000);
  seed.disk.write(`/data/${NAME}`, content);
  const http = { hostname: "::", port: 10080 };
  seed.start(service("node", () =>
    sharing({
      id: 1,
      nodes: [{ id: 1, http: { hostname: "seed", port: 10080 } }],
      directory: "/data",
      swarm: { hostname: "::", port: 9080 },
      http,
      election: registryKey("none"),
    })));
  await sim.advance(1000);
  const pieces = new Uint8Array(40);
  pieces.set(seed.world.hash.digest("SHA-1", content.subarray(0, BLOCK)));
  pieces.set(seed.world.hash.digest("SHA-1", content.subarray(BLOCK)), 20);
  const infoHash = seed.world.hash.digest(
    "SHA-1",
    encodeInfo({ name: NAME, pieceLength: BLOCK, pieces, length: 20_000 }),
  );
  const handshake = encodeHandshake({
    infoHash,
    peerId: new Uint8Array(20).fill(66),
    fast: true,
    extended: true,
  });
  const bitfieldOf100KiB = Uint8Array.of(0, 1, 0x90, 1, 5);
  // What comes at once, what comes byte by byte, and when that is to be over.
  const slow = [
    { atOnce: 0, bytes: handshake, minMs: 10_000, maxMs: 12_000 },
    {
      atOnce: 68,
      bytes: Uint8Array.from([...handshake, ...bitfieldOf100KiB]),
      minMs: 140_000,
      maxMs: 160_000,
    },
  ];
  for (const { atOnce, bytes, minMs, maxMs } of slow) {
    const closedAfterMs = await sim.settle(trickle(sim.host("slow").world, bytes, atOnce), 400_000);
    assert(closedAfterMs >= minMs && closedAfterMs <= maxMs, `closed after ${closedAfterMs} ms`);
  }
  sim.close();
});

/** Sends byte after byte, one a second, then zeros; says after how many milliseconds it was closed. */
async function trickle(world: World, bytes: Uint8Array, atOnce: number): Promise<number> {
  const connection = await world.net.connectTcp({ hostname: "seed", port: 9080 });
  const startMs = world.clock.monotonic();
  let isClosed = false;
  const reading = (async () => {
    const buffer = new Uint8Array(1000);
    while (await connection.read(buffer) !== null);
  })().catch(() => {}).finally(() => isClosed = true);
  await writeAll(connection, bytes.subarray(0, atOnce));
  for (let at = atOnce; !isClosed; at++) {
    await connection.write(Uint8Array.of(bytes[at] ?? 0)).catch(() => {});
    await delay(world, 1000);
  }
  await reading;
  connection.close();
  return world.clock.monotonic() - startMs;
}

Deno.test("sharing: a torrent that has the name of the folder of parts is refused before it is fetched", async () => {
  await using network = await startNetwork(1);
  const path = network.file("parts.torrent");
  const info = encodeInfo({ name: ".parts", pieceLength: BLOCK, pieces: new Uint8Array(20), length: 5 });
  await Deno.writeFile(path, encodeMetainfo(info));
  const { end } = await nodeOf(network, 1).get(path);
  assertEquals(end, {
    type: "download-failed",
    reason: "Cannot fetch .parts: that is the name of the folder of parts",
  });
});

Deno.test("sharing: metadata of 100 MB, of a wrong size or hash is not taken, nor names that lead out in it", async () => {
  await using network = await startNetwork(1);
  const info = encodeInfo({ name: "../b.bin", pieceLength: BLOCK, pieces: new Uint8Array(20), length: 5 });
  const infoHash = new Uint8Array(await crypto.subtle.digest("SHA-1", info));
  const data = (totalBytes: number, bytes: Uint8Array) =>
    encodeMetadataMessage({ type: "data", piece: 0, totalBytes, data: bytes });
  const peers = [
    { size: 100 * 1024 * 1024, answer: undefined },
    { size: info.length, answer: data(100 * 1024 * 1024, info) },
    { size: info.length, answer: data(info.length, info.slice(1)) },
    { size: info.length, answer: data(info.length, info.toReversed()) },
    { size: info.length, answer: encodeMetadataMessage({ type: "reject", piece: 0 }) },
    // What the link says, and of no use all the same.
    { size: info.length, answer: data(info.length, info) },
  ].map((lie) => ({ ...lie, listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }) }));
  const addresses = peers.map(({ listener: { addr } }) => addr.transport === "tcp" ? addr.port : 0);
  const magnet = `magnet:?xt=urn:btih:${hexText(infoHash)}${
    addresses.map((port) => `&x.pe=127.0.0.1:${port}`).join("")
  }`;
  const got = nodeOf(network, 1).get(magnet);
  for (const { size, answer, listener } of peers) {
    using client = new TestClient(await deadline(listener.accept()));
    assertEquals((await client.bytes(68)).length, 68);
    const peerId = new TextEncoder().encode(`-ZZ0000-${String(++strangers).padStart(12, "0")}`);
    await client.send(encodeHandshake({ infoHash, peerId, fast: false, extended: true }));
    const said = encodeExtensionHandshake({ metadataId: 3, metadataSize: size });
    await client.send(encodePeerMessage({ type: "extended", id: EXTENSION_HANDSHAKE_ID, payload: said }));
    if (answer !== undefined) {
      await client.send(encodePeerMessage({ type: "extended", id: 2, payload: answer })).catch(() => {});
    }
    await deadline(client.closed(), undefined, `metadata of ${size} bytes`);
    listener.close();
  }
  const { end } = await got;
  assert(end.type === "download-failed");
  assertMatch(end.reason, /not one of a file in a folder/);
});
