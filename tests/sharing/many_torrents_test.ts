/**
 * A node that gives many files at once is a process of bounded size.
 */
import { assert } from "@std/assert";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import {
  encodeHandshake,
  encodePeerMessage,
  peerFrames,
  type PeerMessage,
} from "../../protocols/peer_wire.ts";
import { pieceLengthFor } from "../../protocols/metainfo.ts";
import { hexBytes } from "../../protocols/tracker.ts";
import { freePort, root, startProcess, tempDirectory, type TestProcess, until } from "../_helpers.ts";
import { descriptors } from "../faults/_strangers.ts";
import { someBytes } from "./_network.ts";

const FILES = 200;
const BYTES = 1024 * 1024;
const BLOCK = 16_384;

const common = someBytes(BYTES);

/** What a file has: each another first byte and last, which is cheaper than bytes of its own. */
function contentOf(index: number): Uint8Array {
  const content = common.slice();
  content[0] = content[BYTES - 1] = index;
  return content;
}

/** The most memory that a process has had, in bytes. */
async function peakOf(process: TestProcess): Promise<number> {
  await using reading = startProcess("bash", ["-c", `grep VmHWM /proc/${process.pid}/status`]);
  return Number(/\d+/.exec((await reading.ended()).stdout)?.[0]) * 1024;
}

/** Takes a whole torrent from a node, as a peer of its own, and says what it got. */
async function take(port: number, infoHash: string): Promise<Uint8Array> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const hash = hexBytes(infoHash);
  assert(hash !== undefined);
  const peerId = new TextEncoder().encode(`-ZZ0000-${infoHash.slice(0, 12)}`);
  const say = async (bytes: Uint8Array) => {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  };
  await say(encodeHandshake({ infoHash: hash, peerId, fast: true, extended: false }));
  await say(encodePeerMessage({ type: "interested" }));
  const got = new Uint8Array(BYTES);
  const decoder = peerFrames();
  const buffer = new Uint8Array(65_536);
  const pieceLength = pieceLengthFor(BYTES);
  for (let missing = BYTES; missing > 0;) {
    const count = await connection.read(buffer);
    assert(count !== null, "the node has closed the connection");
    const messages: PeerMessage[] = [];
    decoder.push(buffer.subarray(0, count), messages);
    for (const message of messages) {
      if (message.type === "unchoke") {
        for (let at = 0; at < BYTES; at += BLOCK) {
          const [piece, begin] = [Math.floor(at / pieceLength), at % pieceLength];
          await say(encodePeerMessage({ type: "request", piece, begin, length: BLOCK }));
        }
      } else if (message.type === "piece") {
        got.set(message.block, message.piece * pieceLength + message.begin);
        missing -= message.block.length;
      }
    }
  }
  return got;
}

Deno.test("sharing: a node that gives two hundred files is no larger, and has no more files open, than with a few", async () => {
  await using temp = await tempDirectory();
  const directory = temp.file("files");
  await Deno.mkdir(directory);
  for (let index = 0; index < FILES; index++) {
    await Deno.writeFile(`${directory}/${index}.bin`, contentOf(index));
  }
  const port = freePort();
  await using node = startProcess(Deno.execPath(), [
    ...["run", "-q", "-A", `${root}tasks/peer.ts`, "1", "--nodes", `1=127.0.0.1:${port}`, "--wait-ms", "100"],
    ...["--dir", directory, "--log", temp.file("log"), "--memory", temp.file("memory")],
    ...["--swarm-port", `${port + 1000}`, "--http-port", `${port + 2000}`],
  ]);
  let listed: { name: string; infoHash: string }[] = [];
  await until(async () => {
    node.assertRuns();
    const response = await fetch(`http://127.0.0.1:${port + 2000}/files`).catch(() => undefined);
    listed = response?.ok === true ? await response.json() : [];
    if (response?.ok === false) await response.body?.cancel();
    return listed.length === FILES;
  }, "the node offering its files");
  const before = await descriptors(node.pid);
  for (const { name, infoHash } of listed) {
    assert(equalBytes(await take(port + 1000, infoHash), contentOf(Number.parseInt(name))), name);
  }
  const [peak, open] = [await peakOf(node), await descriptors(node.pid)];
  assert(peak < 300_000_000, `it had ${peak} bytes of memory`);
  // The torrents are still there: a file is kept open for the next who asks, of few alone.
  assert(open - before <= 140, `${open - before} descriptors more than before`);
});
