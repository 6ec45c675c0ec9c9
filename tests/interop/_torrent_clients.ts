/**
 * Other people's BitTorrent clients, on loopback: aria2, libtorrent, Transmission.
 */
import { assert, assertEquals } from "@std/assert";
import { encodeInfo, encodeMetainfo, pieceLengthFor } from "../../protocols/metainfo.ts";
import { formatMagnet } from "../../protocols/magnet.ts";
import { encodeAnnounceResponse } from "../../protocols/tracker.ts";
import { hashFile } from "../../actors/sharing/hash_file.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { freePort, type TestProcess } from "../_helpers.ts";
import { type SharingNetwork, someBytes, startNetwork } from "../sharing/_network.ts";

const SIZE = 3_000_003;
const NAME = "from the swarm.bin";
const bytes = someBytes(SIZE);
/** Debian's own, which has its packages. */
export const PYTHON = "/usr/bin/python3";

/** A client that is not ours. */
export interface Client {
  readonly name: string;
  readonly isHere: boolean;
  /** Downloads a `.torrent` or a magnet link; resolves when all is there. */
  get(source: string, directory: string, network: SharingNetwork): Promise<void>;
  /** Gives a torrent whose file is in `directory`. */
  seed(torrent: string, directory: string, port: number, network: SharingNetwork): TestProcess;
}

/** The tests that every client has to pass. */
export function testClient(client: Client): void {
  const ignore = !client.isHere;
  Deno.test({
    name: `interop: ${client.name} downloads from the swarm by the leader's .torrent`,
    ignore,
    fn: async () => {
      await using network = await swarm();
      const out = await directoryFor(network);
      await client.get(await torrentOf(network), out, network);
      assertEquals(await Deno.readFile(`${out}/${NAME}`), bytes);
    },
  });

  Deno.test({
    name: `interop: ${client.name} downloads from the swarm by magnet link`,
    ignore,
    fn: async () => {
      await using network = await swarm();
      const out = await directoryFor(network);
      const { infoHash } = await network.offers(NAME, 2);
      const magnet = `magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(network.url(2, "/announce"))}`;
      await client.get(magnet, out, network);
      assertEquals(await Deno.readFile(`${out}/${NAME}`), bytes);
    },
  });

  Deno.test({
    name: `interop: ${client.name} seeds to a node, by .torrent and by magnet link`,
    ignore,
    fn: async () => {
      await using network = await startNetwork(2);
      const directory = await directoryFor(network);
      await Deno.writeFile(`${directory}/${NAME}`, bytes);
      const port = freePort();
      const tracker = trackerOf(port);
      await using _closing = { [Symbol.asyncDispose]: () => tracker.shutdown() };
      const { path, infoHash } = await makeTorrent(network, `${directory}/${NAME}`, tracker.addr.port);
      await using seed = client.seed(path, directory, port, network);
      const peers = [{ hostname: "127.0.0.1", port }];
      const magnet = formatMagnet({ infoHash, trackers: [], peers });
      for (const [id, what] of [[1, path], [2, magnet]] as const) {
        const outcome = await network.running.get(id)?.get(what);
        assertEquals(outcome?.end, { type: "download-done", name: NAME }, seed.stdout);
        assertEquals(await network.read(id, NAME), bytes);
      }
    },
  });
}

/** Two nodes that have the file, of which the first leads. */
async function swarm(): Promise<SharingNetwork> {
  const network = await startNetwork(2);
  for (const id of [1, 2]) await network.write(id, NAME, bytes);
  await network.offers(NAME, 2);
  return network;
}

async function directoryFor(network: SharingNetwork): Promise<string> {
  const directory = network.file("client");
  await Deno.mkdir(directory);
  return directory;
}

async function torrentOf(network: SharingNetwork): Promise<string> {
  const response = await fetch(network.url(2, `/torrents/${encodeURIComponent(NAME)}.torrent`));
  assertEquals(response.status, 200);
  const path = network.file(`${NAME}.torrent`);
  await Deno.writeFile(path, await response.bytes());
  return path;
}

/** A tracker that knows one peer. */
function trackerOf(port: number): Deno.HttpServer<Deno.NetAddr> {
  const peers = [{ hostname: "127.0.0.1", port }];
  const answer = encodeAnnounceResponse({
    type: "peers",
    intervalSeconds: 5,
    complete: 1,
    incomplete: 0,
    peers,
  });
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response(answer));
}

async function makeTorrent(
  network: SharingNetwork,
  file: string,
  trackerPort: number,
): Promise<{ path: string; infoHash: Uint8Array }> {
  const world = denoWorld();
  const { pieces, length } = await hashFile(world, file, new AbortController().signal);
  const info = encodeInfo({ name: NAME, pieceLength: pieceLengthFor(length), pieces, length });
  const path = network.file("made.torrent");
  await Deno.writeFile(path, encodeMetainfo(info, [[`http://127.0.0.1:${trackerPort}/announce`]]));
  assert(info.length > 0);
  return { path, infoHash: world.hash.digest("SHA-1", info) };
}
