/**
 * What strangers may do to a node, and what comes of it: nothing.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeBencode } from "../../protocols/bencode.ts";
import { encodeInfo, encodeMetainfo } from "../../protocols/metainfo.ts";
import {
  encodeHandshake,
  encodePeerMessage,
  peerFrames,
  type PeerMessage,
} from "../../protocols/peer_wire.ts";
import { decodeAnnounceResponse, hexBytes, hexText } from "../../protocols/tracker.ts";
import { deadline, TestClient, until } from "../_helpers.ts";
import { type SharingNetwork, someBytes, startNetwork, type TestNode } from "./_network.ts";

const NAME = "a.bin";
const bytes = someBytes(100_000);

interface Stage extends AsyncDisposable {
  readonly network: SharingNetwork;
  readonly seed: TestNode;
  readonly infoHash: Uint8Array;
}

/** A network of two, of which the first leads and has a file. */
async function stage(): Promise<Stage> {
  const network = await startNetwork(2);
  await network.write(1, NAME, bytes);
  const { infoHash } = await network.offers(NAME);
  const seed = network.running.get(1);
  const hash = hexBytes(infoHash);
  assert(seed !== undefined && hash !== undefined);
  return { network, seed, infoHash: hash, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
}

/** Whoever asks is served as before. */
async function stillServes({ network }: Stage): Promise<void> {
  const outcome = await network.running.get(2)?.get(NAME);
  assertEquals(outcome?.end, { type: "download-done", name: NAME });
  assertEquals(await network.read(2, NAME), bytes);
}

let peers = 0;

function handshakeOf({ infoHash }: Stage, fast = true): Uint8Array {
  const peerId = new TextEncoder().encode(`-XX0000-${String(++peers).padStart(12, "0")}`);
  return encodeHandshake({ infoHash, peerId, fast, extended: false });
}

/** A stranger that has shaken hands. */
async function stranger(at: Stage, fast = true): Promise<TestClient> {
  const client = await TestClient.connect(at.seed.swarmPort);
  await client.send(handshakeOf(at, fast));
  assertEquals((await client.bytes(68)).length, 68);
  return client;
}

const words = (...numbers: number[]): Uint8Array => {
  const all = new Uint8Array(4 * numbers.length);
  numbers.forEach((number, index) => new DataView(all.buffer).setUint32(4 * index, number));
  return all;
};
const message = (id: number, payload: Uint8Array): Uint8Array =>
  Uint8Array.from([...words(1 + payload.length), id, ...payload]);

Deno.test("sharing: what is no handshake, and one for a torrent that is not here, is closed at once", async () => {
  await using at = await stage();
  const rubbish = crypto.getRandomValues(new Uint8Array(96));
  rubbish[0] = 0x20;
  const unknown = encodeHandshake({
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20).fill(65),
    fast: true,
    extended: true,
  });
  for (const first of [rubbish, unknown, "GET / HTTP/1.1\r\n\r\n", Uint8Array.of(0x16, 3, 1)]) {
    using client = await TestClient.connect(at.seed.swarmPort);
    await client.send(first);
    await client.closed();
  }
  await stillServes(at);
});

Deno.test("sharing: a peer that breaks the rules is closed, whatever it says, and nobody else notices", async () => {
  await using at = await stage();
  const broken: [string, Uint8Array][] = [
    ["a have for piece 2^31", message(4, words(2 ** 31))],
    ["a have for the piece after the last", message(4, words(7))],
    ["a request for 1 GB", message(6, words(0, 0, 2 ** 30))],
    ["a request beyond the end", message(6, words(6, 0, 16384))],
    ["a request for piece 2^32 - 1", message(6, words(2 ** 32 - 1, 0, 16384))],
    ["a request for nothing", message(6, words(0, 0, 0))],
    ["a message of 4 GB", words(2 ** 32 - 1)],
    ["a block of 1 GB", message(7, words()).with(0, 0x40)],
    ["a bitfield of another torrent", message(5, new Uint8Array(50))],
    ["a bitfield with a piece too many", message(5, Uint8Array.of(0xff))],
    ["rubbish after the handshake", crypto.getRandomValues(new Uint8Array(500)).fill(0xee, 0, 5)],
    ["an extended message that is not bencoded", message(20, Uint8Array.of(0, 1, 2, 3))],
  ];
  for (const [what, said] of broken) {
    using client = await stranger(at);
    await client.send(said);
    await deadline(client.closed(), undefined, what);
  }
  await stillServes(at);
});

Deno.test("sharing: a thousand bitfields, or requests without end, are too much", async () => {
  await using at = await stage();
  using first = await stranger(at);
  await first.send(new Uint8Array(1000 * 6).map((_, index) => [0, 0, 0, 2, 5, 0][index % 6] ?? 0)).catch(
    () => {},
  );
  await first.closed();
  // Without the fast extension nothing can be refused: who asks for too much at once is closed.
  using second = await stranger(at, false);
  await second.send(encodePeerMessage({ type: "interested" }));
  await nextOf(second, "unchoke");
  const request = encodePeerMessage({ type: "request", piece: 0, begin: 0, length: 16384 });
  const flood = new Uint8Array(20_000 * request.length);
  for (let at = 0; at < flood.length; at += request.length) flood.set(request, at);
  // Nothing is read meanwhile: whoever took it all would not have asked for too much.
  const sending = async () => {
    for (;;) await second.send(flood);
  };
  await sending().catch(() => {});
  await second.closed();
  await stillServes(at);
});

Deno.test("sharing: blocks that nobody asked for, and what is said again and again, is closed and reaches nobody", async () => {
  await using at = await stage();
  const floods: [string, Uint8Array][] = [
    ["blocks of one byte", encodePeerMessage({ type: "piece", piece: 1, begin: 0, block: Uint8Array.of(7) })],
    ["a piece that it has", encodePeerMessage({ type: "have", piece: 1 })],
    ["rejections", encodePeerMessage({ type: "reject", piece: 1, begin: 0, length: 16384 })],
    ["pieces to ask for", encodePeerMessage({ type: "allowed-fast", piece: 1 })],
    ["messages of extensions", encodePeerMessage({ type: "extended", id: 77, payload: new Uint8Array(2) })],
  ];
  for (const [what, said] of floods) {
    using client = await stranger(at);
    const flood = new Uint8Array(20_000 * said.length);
    for (let offset = 0; offset < flood.length; offset += said.length) flood.set(said, offset);
    await client.send(flood).catch(() => {});
    await deadline(client.closed(), undefined, what);
  }
  await stillServes(at);
});

Deno.test("sharing: a flood of messages is closed, whatever they are, those that are passed over too", async () => {
  await using at = await stage();
  const floods: [string, Uint8Array][] = [
    ["keep-alives", words(0)],
    ["ports of a DHT", message(9, Uint8Array.of(0, 1))],
    ["hashes of another version", message(21, new Uint8Array(48))],
    ["suggestions", message(13, words(0))],
    ["cancels", message(8, words(0, 0, 16384))],
    ["requests while it is choked", message(6, words(0, 0, 16384))],
  ];
  for (const [what, one] of floods) {
    for (const fast of [true, false]) {
      using client = await stranger(at, fast);
      const flood = new Uint8Array(20_000 * one.length);
      for (let at = 0; at < flood.length; at += one.length) flood.set(one, at);
      await client.send(flood).catch(() => {});
      await deadline(client.closed(), undefined, what);
    }
  }
  await stillServes(at);
});

Deno.test("sharing: who says by seventy bitfields what is new, as aria2 does to a fast seed, is served on", async () => {
  await using at = await stage();
  using client = await stranger(at);
  await client.send(encodePeerMessage({ type: "interested" }));
  // What is asked for before is refused.
  await nextOf(client, "unchoke");
  for (let count = 0; count < 72; count++) {
    await client.send(
      encodePeerMessage({ type: "bitfield", bits: Uint8Array.of(count % 2 === 0 ? 0 : 0x80) }),
    );
  }
  await client.send(encodePeerMessage({ type: "request", piece: 1, begin: 0, length: 16384 }));
  await nextOf(client, "piece");
});

/** Reads messages until one of a type comes. */
async function nextOf(client: TestClient, type: PeerMessage["type"]): Promise<void> {
  const decoder = peerFrames();
  const frames: PeerMessage[] = [];
  decoder.push(
    encodeHandshake({
      infoHash: new Uint8Array(20),
      peerId: new Uint8Array(20),
      fast: false,
      extended: false,
    }),
    frames,
  );
  while (!frames.some((frame) => frame.type === type)) decoder.push(await client.bytes(1), frames);
}

Deno.test("sharing: peers that say one byte after the other keep no place from others", async () => {
  await using at = await stage();
  const slow = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(at.seed.swarmPort)));
  for (const client of slow) await client.send(handshakeOf(at).subarray(0, 1));
  await stillServes(at);
  for (const client of slow) client.close();
});

Deno.test("sharing: names that lead out of the folder are refused in get and in .torrent files, in paths too", async () => {
  await using at = await stage();
  const node = at.network.running.get(2);
  const names = ["../a.bin", "/etc/passwd", "..", "a\0b", "sub/../../a", "..\\a", "a\nb", ""];
  for (const name of names) {
    const { end } = await node?.get(name) ?? {};
    assert(end?.type === "download-failed", `get ${JSON.stringify(name)}`);
    assertMatch(end.reason, /not the name of a file/);
  }
  const pieces = new Uint8Array(20);
  const path = at.network.file("evil.torrent");
  for (const name of names) {
    const infos = [
      encodeInfo({ name, pieceLength: 16384, pieces, length: 5 }),
      encodeInfo({ name: "folder", pieceLength: 16384, pieces, files: [{ path: [name], length: 5 }] }),
      encodeInfo({ name: "folder", pieceLength: 16384, pieces, files: [{ path: ["sub", name], length: 5 }] }),
    ];
    for (const info of infos) {
      await Deno.writeFile(path, encodeMetainfo(info));
      const { end } = await node?.get(path) ?? {};
      assert(end?.type === "download-failed", JSON.stringify(name));
      assertMatch(end.reason, /Cannot take the torrent/);
    }
  }
  assertEquals([...Deno.readDirSync(at.network.directory(2))].map(({ name }) => name), []);
});

Deno.test("sharing: a .torrent of 100 MB, one cut short and a file of another kind are refused without being taken in", async () => {
  await using at = await stage();
  const node = at.network.running.get(2);
  const large = at.network.file("large.torrent");
  await Deno.writeFile(large, new Uint8Array(0));
  await Deno.truncate(large, 100 * 1024 * 1024);
  const before = Deno.memoryUsage().rss;
  const { end } = await node?.get(large) ?? {};
  assert(end?.type === "download-failed" && end.reason.includes("longer than"));
  assert(Deno.memoryUsage().rss - before < 80 * 1024 * 1024);
  const other = at.network.file("other.torrent");
  for (
    const content of [encodeBencode({ info: 1 }), new Uint8Array(10), new TextEncoder().encode("d4:infod")]
  ) {
    await Deno.writeFile(other, content);
    assertEquals((await node?.get(other))?.end.type, "download-failed");
  }
});

Deno.test("sharing: a link in the place of the folder of parts, or in it, leads nowhere, and nothing is made there", async () => {
  await using at = await stage();
  const outside = at.network.file("outside");
  await Deno.mkdir(outside);
  const parts = `${at.network.directory(2)}/.parts`;
  const ln = async (to: string, from: string) =>
    assert((await new Deno.Command("ln", { args: ["-s", to, from] }).output()).success);
  const refused = async () => {
    const { end } = await at.network.running.get(2)?.get(NAME) ?? {};
    assert(end?.type === "download-failed");
    assertMatch(end.reason, /\.parts.*: it is a link/);
  };
  for (const to of [outside, `${outside}/not there`]) {
    await ln(to, parts);
    await refused();
    await Deno.remove(parts);
  }
  await Deno.mkdir(parts);
  await ln(outside, `${parts}/${hexText(at.infoHash)}`);
  await refused();
  assertEquals([...Deno.readDirSync(outside)], []);
});

Deno.test("sharing: ten thousand announces leave a bounded table, and an unknown torrent none", async () => {
  await using at = await stage();
  const hash = [...at.infoHash].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  const pathOf = (port: number, infoHash = hash) =>
    `/announce?info_hash=${infoHash}&peer_id=${"a".repeat(20)}&port=${port}&left=5&numwant=10000`;
  const announce = async (port: number, infoHash = hash) => {
    const response = await fetch(at.network.url(1, pathOf(port, infoHash)));
    return decodeAnnounceResponse(await response.bytes());
  };
  // Each from a port of its own, one after the other on one connection.
  const { port } = new URL(at.network.url(1, "/"));
  using client = await TestClient.connect(Number(port));
  const text = Array.from(
    { length: 10_000 },
    (_, index) => `GET ${pathOf(10_000 + index)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  ).join("");
  const sending = client.send(text + "GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  const answers = (await client.rest()).split("HTTP/1.1 200").length - 1;
  await sending;
  assertEquals(answers, 10_000);
  const answer = await announce(9999);
  assert(answer.type === "peers");
  assert(answer.peers.length <= 200 && answer.incomplete <= 100, `${answer.incomplete} of one address`);
  assertEquals(await announce(1, "%00".repeat(20)), { type: "failure", reason: "unknown torrent" });
  const bad = await fetch(at.network.url(1, "/announce?port=0"));
  assertEquals(decodeAnnounceResponse(await bad.bytes()).type, "failure");
  await stillServes(at);
});

Deno.test("sharing: a page of another site announces nobody", async () => {
  await using at = await stage();
  const hash = [...at.infoHash].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  const path = `/announce?info_hash=${hash}&peer_id=${"a".repeat(20)}&port=9&left=5`;
  const { port } = new URL(at.network.url(1, "/"));
  for (
    const [field, status] of [
      ["sec-fetch-site: cross-site", "403"],
      ["sec-fetch-site: same-site", "403"],
      ["origin: http://evil.example", "403"],
      ["origin: null", "403"],
      ["accept: */*", "200"],
    ] as const
  ) {
    using client = await TestClient.connect(Number(port));
    await client.send(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${field}\r\nconnection: close\r\n\r\n`);
    assertEquals((await client.line())?.split(" ")[1], status, field);
  }
});

Deno.test("sharing: a file of the folder that is a link out of it, or no file, is not shared", async () => {
  await using at = await stage();
  await Deno.writeTextFile(at.network.file("secret"), "secret");
  const links = new Deno.Command("ln", {
    args: ["-s", at.network.file("secret"), `${at.network.directory(1)}/link`],
  });
  assert((await links.output()).success);
  await Deno.mkdir(`${at.network.directory(1)}/folder`);
  await at.network.write(1, "later.bin", someBytes(10));
  await until(async () => (await at.network.files()).length === 2, "the later file being listed");
  assertEquals((await at.network.files()).map(({ name }) => name), [NAME, "later.bin"]);
});
