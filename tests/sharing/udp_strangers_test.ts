/**
 * What strangers send to the tracker over UDP.
 */
import { assert, assertEquals } from "@std/assert";
import { hexBytes } from "../../protocols/tracker.ts";
import {
  decodeUdpResponse,
  encodeUdpRequest,
  encodeUdpResponse,
  type UdpTrackerResponse,
} from "../../protocols/udp_tracker.ts";
import { deadline } from "../_helpers.ts";
import { someBytes, startNetwork } from "./_network.ts";

/** A node that leads and has a file: where its tracker is, and what an announce has. */
interface Stage extends AsyncDisposable {
  readonly port: number;
  readonly swarmPort: number;
  readonly infoHash: Uint8Array;
}

async function stage(): Promise<Stage> {
  const network = await startNetwork(1);
  await network.write(1, "a.bin", someBytes(1000));
  const infoHash = hexBytes((await network.offers("a.bin")).infoHash);
  const port = Number(new URL(network.url(1, "/")).port);
  const swarmPort = network.running.get(1)?.swarmPort;
  assert(infoHash !== undefined && swarmPort !== undefined);
  return { port, swarmPort, infoHash, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
}

function announceOf({ infoHash }: Stage, connection: bigint): Uint8Array<ArrayBuffer> {
  const request = { infoHash, peerId: infoHash, port: 5000, uploaded: 0, downloaded: 0, left: 5 };
  return encodeUdpRequest({ type: "announce", transaction: 7, connection, request, key: 1 });
}

/** A socket of 127.0.0.x that speaks to the tracker of a node. */
class UdpStranger implements Disposable {
  readonly #socket: Deno.DatagramConn;
  readonly #to: Deno.NetAddr;

  constructor(port: number, hostname = "127.0.0.1") {
    this.#socket = Deno.listenDatagram({ hostname, port: 0, transport: "udp" });
    this.#to = { transport: "udp", hostname: "127.0.0.1", port };
  }

  async send(...datagrams: readonly Uint8Array[]): Promise<void> {
    for (const bytes of datagrams) await this.#socket.send(bytes, this.#to);
  }

  /** The next datagram that comes. */
  async answer(): Promise<UdpTrackerResponse> {
    const [bytes] = await deadline(this.#socket.receive(), undefined, "an answer of the tracker");
    return decodeUdpResponse(bytes);
  }

  /** Connects: what was sent before has been handled, or dropped, when this is answered. */
  async connect(transaction: number): Promise<bigint> {
    await this.send(encodeUdpRequest({ type: "connect", transaction }));
    const answer = await this.answer();
    assert(answer.type === "connect" && answer.transaction === transaction, JSON.stringify(answer.type));
    return answer.connection;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

Deno.test("sharing: the tracker over UDP answers who has shown its address, and nobody else", async () => {
  await using at = await stage();
  using stranger = new UdpStranger(at.port);
  // Neither of these is answered: the first answer that comes is that to the connect.
  await stranger.send(announceOf(at, 12345n), crypto.getRandomValues(new Uint8Array(50)));
  const connection = await stranger.connect(8);
  const announce = announceOf(at, connection);
  await stranger.send(announce);
  const answer = await stranger.answer();
  assert(answer.type === "announce");
  assertEquals(answer.response.peers, [{ hostname: "127.0.0.1", port: at.swarmPort }]);
  assert(encodeUdpResponse(answer).length <= announce.length, "no longer than what was sent");
});

Deno.test("sharing: the tracker over UDP answers no answer, and takes no connection ID from another address", async () => {
  await using at = await stage();
  using known = new UdpStranger(at.port);
  const connection = await known.connect(1);
  const announce = announceOf(at, connection);
  const scrape = encodeUdpRequest({ type: "scrape", transaction: 3, connection, infoHashes: [at.infoHash] });
  // From another port of its address, and from another address.
  for (const hostname of ["127.0.0.1", "127.0.0.2"]) {
    using other = new UdpStranger(at.port, hostname);
    await other.send(announce, scrape, announce.with(0, (announce[0] ?? 0) ^ 1));
    await other.connect(4);
  }
  // Whatever a tracker says is no question to one: as if each of two were told that the other had asked.
  const peers = [{ hostname: "127.0.0.1", port: 5000 }];
  const answers: UdpTrackerResponse[] = [
    { type: "connect", transaction: 0x1980, connection: 0x0000_0417_2710_1980n },
    { type: "connect", transaction: 0x2710_1980, connection },
    ...[0, 1, 2].map((intervalSeconds): UdpTrackerResponse => ({
      type: "announce",
      transaction: Number(connection & 0xffff_ffffn),
      response: { type: "peers", intervalSeconds, complete: 1, incomplete: 1, peers },
    })),
    { type: "scrape", transaction: 5, counts: [{ complete: 0, downloaded: 2, incomplete: 0 }] },
    { type: "error", transaction: 6, reason: "this node does not lead" },
  ];
  await known.send(...answers.map((answer) => encodeUdpResponse(answer)));
  await known.connect(7);
  // And the one to whom it was given is answered with it.
  await known.send(announce);
  assertEquals((await known.answer()).type, "announce");
});

Deno.test("sharing: the tracker over UDP counts what it answers by address, not by port", async () => {
  await using at = await stage();
  const { port } = at;
  let answers = 0;
  const startedAt = performance.now();
  for (let round = 0; round < 20; round++) {
    const socket = Deno.listenDatagram({ hostname: "127.0.0.2", port: 0, transport: "udp" });
    const listening = (async () => {
      for (;;) {
        await socket.receive();
        answers++;
      }
    })().catch(() => {});
    const connect = encodeUdpRequest({ type: "connect", transaction: round });
    for (let sent = 0; sent < 50; sent++) {
      await socket.send(connect, { transport: "udp", hostname: "127.0.0.1", port });
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.close();
    await listening;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  assert(answers > 0 && answers <= 100 * (seconds + 2), `${answers} of 1,000 in ${seconds} s`);
  using elsewhere = new UdpStranger(port, "127.0.0.3");
  await elsewhere.connect(1);
});
