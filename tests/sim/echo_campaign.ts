/**
 * Echo under chaos: every byte comes back in its place, or the connection is lost.
 *
 * @module
 */
import { assert, AssertionError } from "@std/assert";
import { echoServer } from "../../actors/echo/mod.ts";
import type { SimWorld, World } from "../../actors/world/sim/mod.ts";
import { type TcpConnection, WorldError } from "../../actors/world/world.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { toHex } from "../../protocols/peer_auth.ts";
import { type Campaign, delay, MACHINE_FAULTS, NETWORK_FAULTS, service, USUAL_FAULTS } from "./_harness.ts";
import { LONG_PAUSE, withstand } from "./_long_pause.ts";

const PORT = 8080;
const CHAOS_MS = 5000;
const CLIENTS = ["c0", "c1", "c2"];

/** The echo server as it is. */
export const echo: Campaign = {
  name: "echo under chaos",
  sometimes: [...USUAL_FAULTS, LONG_PAUSE, "net: datagram lost"],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const server = sim.host("server", { logLevel: "info" });
  server.start(service("echo", () => echoServer({ address: { hostname: "::", port: PORT }, udp: true })));
  const clients = CLIENTS.map((name) => new Caller(sim.host(name).world, server.addresses));
  const network = sim.chaos({ hosts: ["server", ...CLIENTS], ...NETWORK_FAULTS, resetsPerMinute: 120 });
  const machines = [
    sim.chaos({ hosts: ["server"], ...MACHINE_FAULTS }),
    sim.chaos({ hosts: CLIENTS, pausesPerMinute: 10, pauseMs: [100, 3000], cpuMs: [0, 0.3] }),
  ];
  await withstand(sim, { forMs: CHAOS_MS, network, machines, hosts: ["server", ...CLIENTS] });
  sim.net.configure({ latencyMs: [0.2, 2], datagramLoss: 0, bytesPerSecond: 100_000_000 });
  await sim.advance(8000);
  for (const client of clients) client.isCalm = true;
  const before = clients.map((client) => client.whole);
  await sim.until(
    () => clients.every((client, index) => client.whole > (before[index] ?? 0)),
    20_000,
    "whole answers",
  );
  assert(clients.some((client) => client.datagrams > 0), "no datagram was answered");
}

/** One who sends a number of bytes and wants them back, again and again. */
class Caller {
  /** Calls that came back whole. */
  whole = 0;
  datagrams = 0;
  /** From now on nothing may go wrong. */
  isCalm = false;
  readonly #world: World;
  readonly #addresses: readonly string[];

  constructor(world: World, addresses: readonly string[]) {
    this.#world = world;
    this.#addresses = addresses;
    this.#callAgain();
    this.#sendDatagrams();
  }

  async #callAgain(): Promise<void> {
    for (;;) {
      const wasCalm = this.isCalm;
      try {
        await this.#call();
        this.whole++;
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        assert(!wasCalm, `a call failed with nothing amiss: ${error.message}`);
      }
      await delay(this.#world, this.#world.random.next() * 200);
    }
  }

  async #call(): Promise<void> {
    const { net, random, clock } = this.#world;
    const connection = await net.connectTcp({
      hostname: random.next() < 0.5 ? "server" : "fd00::1",
      port: PORT,
    });
    // Nobody tells the client of a machine that has lost its power.
    const patience = clock.timer(3000, () => connection.close());
    try {
      const sent = random.bytes(Math.floor(random.next() ** 4 * 50_000));
      const sending = this.#send(connection, sent).then(() => connection.closeWrite());
      const failed = sending.then(() => undefined, (error: unknown) => error);
      await readBack(connection, sent);
      const error = await failed;
      if (error !== undefined) throw error;
    } finally {
      patience.cancel();
      connection.close();
    }
  }

  async #send(connection: TcpConnection, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const chunk = bytes.subarray(at, at + 1 + Math.floor(this.#world.random.next() * 30_000));
      at += await connection.write(chunk);
      if (this.#world.random.next() < 0.2) await delay(this.#world, this.#world.random.next() * 10);
    }
  }

  async #sendDatagrams(): Promise<void> {
    const socket = this.#world.net.bindUdp({ hostname: "::", port: 0 });
    const sent = new Set<string>();
    const receive = async () => {
      for (;;) {
        const { bytes } = await socket.receive();
        assert(sent.has(toHex(bytes)), "a datagram came that was not sent");
        this.datagrams++;
      }
    };
    receive();
    for (;;) {
      const bytes = this.#world.random.bytes(1 + Math.floor(this.#world.random.next() * 100));
      sent.add(toHex(bytes));
      // A name that is not found now is one datagram less.
      await socket.send(bytes, { hostname: "server", port: PORT }).catch(() => {});
      await delay(this.#world, 50);
    }
  }
}

/** Reads to the end of the stream; what comes must be what was sent, all of it at its end. */
async function readBack(connection: TcpConnection, sent: Uint8Array): Promise<void> {
  const buffer = new Uint8Array(16_384);
  let at = 0;
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    assert(at + count <= sent.length, "more came back than was sent");
    const expected = sent.subarray(at, at + count);
    if (!equalBytes(expected, buffer.subarray(0, count))) {
      throw new AssertionError(
        `byte ${at + expected.findIndex((byte, index) => byte !== buffer[index])} is another one`,
      );
    }
    at += count;
  }
  // A server that is killed ends the stream as one that is done does.
  if (at < sent.length) throw new WorldError("connection-reset", "Cannot get all back: the server is gone");
}
