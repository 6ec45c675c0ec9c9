/**
 * Scenes of net by its rules: who dials, who asks over UDP, and whom a UDP server knows.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  datagramClient,
  type DatagramOutcome,
  datagrams,
  dialer,
  type DialerCommand,
  type DialerDown,
} from "../../actors/net/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { SocketAddress, TcpConnection, UdpSocket, World } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { lineFrames } from "../../protocols/frames.ts";
import { service } from "./_harness.ts";
import { freshHost, SOON_MS } from "./_line_peer.ts";
import { assertTime, PORT } from "./_net_stage.ts";

const BACKOFF = { minMs: 100, maxMs: 1600, jitter: 0 };
const WAITS_MS = [100, 200, 400, 800, 1600, 1600];

/** Accepts, notes when, and holds what it accepted. */
class Acceptor {
  readonly cameMs: number[] = [];
  readonly connections: TcpConnection[] = [];

  constructor(sim: SimWorld, { net }: World) {
    const listener = net.listenTcp({ hostname: "::", port: PORT });
    const accept = async () => {
      for (;;) {
        this.connections.push(await listener.accept());
        this.cameMs.push(sim.now);
      }
    };
    accept().catch(() => {});
  }

  get last(): TcpConnection | undefined {
    return this.connections.at(-1);
  }
}

/** A dialer of one name, and what it has told. */
class Dialling {
  readonly downs: DialerDown[] = [];
  ups = 0;
  readonly ref: Ref<DialerCommand>;

  constructor(sim: SimWorld, address: SocketAddress, connectTimeoutMs: number) {
    const system = new ActorSystem("dialling", { world: freshHost(sim, "dialler").world });
    this.ref = system.spawn(
      "dialer",
      dialer<string>({
        address,
        frames: () => lineFrames(),
        session: () => ({ frame() {} }),
        reconnect: BACKOFF,
        connectTimeoutMs,
        up: () => this.ups++,
        down: (down) => this.downs.push(down),
      }),
    );
  }

  get waitsMs(): (number | null)[] {
    return this.downs.map(({ retryInMs }) => retryInMs);
  }
}

/** Who dials waits longer each time, and anew once it was connected; there is one connection at a time. */
export async function dialled(sim: SimWorld): Promise<void> {
  const [server, away] = [freshHost(sim, "server"), freshHost(sim, "away")];
  const connectTimeoutMs = sim.random.integer(100, 500);
  const dialling = new Dialling(sim, { hostname: server.name, port: PORT }, connectTimeoutMs);
  await sim.until(() => dialling.downs.length === WAITS_MS.length, SOON_MS, "the attempts to fail");
  assertEquals(dialling.waitsMs, WAITS_MS);
  // The first of its addresses never answers.
  const addresses = [away.addresses[0] ?? "", server.addresses[0] ?? ""];
  sim.net.setName(server.name, addresses);
  const cut = sim.net.partition([away.name], sim.hosts.map(({ name }) => name));
  const acceptor = new Acceptor(sim, server.world);
  for (let round = 1; round <= 3; round++) {
    await sim.until(() => dialling.ups === round, SOON_MS, "the second address to be reached");
    dialling.ref.tell({ type: "redial" });
    await sim.advance(sim.random.integer(1000, 4000));
    assertEquals([acceptor.cameMs.length, dialling.ups], [round, round], "one connection stands, and stays");
    const lostMs = sim.now;
    acceptor.last?.close();
    await sim.until(() => dialling.downs.length === WAITS_MS.length + round, SOON_MS, "its end to be told");
    assertEquals([dialling.downs.at(-1)?.wasUp, dialling.waitsMs.at(-1)], [true, BACKOFF.minMs]);
    await sim.until(() => acceptor.cameMs.length === round + 1, SOON_MS, "it to be dialled again");
    assertTime("it is dialled again", sim.now - lostMs, BACKOFF.minMs + connectTimeoutMs);
  }
  cut.heal();
  sim.net.setName(server.name, undefined);
}

/** Each address is a peer while it says something; of too many the one goes that was silent the longest. */
export async function knownPeers(sim: SimWorld): Promise<void> {
  const server = freshHost(sim, "udp");
  const idleMs = sim.random.integer(500, 2000);
  server.start(service("datagrams", () =>
    datagrams({
      address: { hostname: "::", port: PORT },
      idleMs,
      maxPeers: 3,
      maxPerSecond: 20,
      peer: (peer) => {
        let count = 0;
        return { datagram: () => peer.send(new TextEncoder().encode(String(++count))) };
      },
    })));
  const callers = ["one", "two", "three", "four"].map((name) => new Caller(freshHost(sim, name), server));
  const [one, two, three, four] = callers;
  assert(one !== undefined && two !== undefined && three !== undefined && four !== undefined);
  const same = new Caller(one.host, server);
  assertEquals(await one.ask(sim), "1");
  assertEquals(await same.ask(sim), "1", "another port of the same host is another peer");
  assertEquals(await two.ask(sim), "1");
  assertEquals(await one.ask(sim), "2");
  // The one that was silent longest is `same`, and then `two`.
  assertEquals([await three.ask(sim), await one.ask(sim)], ["1", "3"]);
  assertEquals([await four.ask(sim), await one.ask(sim), await two.ask(sim)], ["1", "4", "1"]);
  for (let count = 5; count < 10; count++) {
    await sim.advance(0.6 * idleMs);
    assertEquals(await one.ask(sim), String(count), "who talks is known");
  }
  await sim.advance(1.2 * idleMs);
  assertEquals(await one.ask(sim), "1", "who was silent is forgotten");
  for (let count = 0; count < 100; count++) one.say("more");
  await sim.advance(500);
  assert(one.heard.length <= 60, `${one.heard.length} answers, though 20 a second may be had`);
}

/** A socket that says something to a server. */
class Caller {
  readonly host: SimHost;
  readonly heard: string[] = [];
  readonly #socket: UdpSocket;
  readonly #to: SocketAddress;

  constructor(host: SimHost, server: SimHost) {
    this.host = host;
    this.#to = { hostname: server.name, port: PORT };
    this.#socket = host.world.net.bindUdp({ hostname: "::", port: 0 });
    const receive = async () => {
      for (;;) this.heard.push(new TextDecoder().decode((await this.#socket.receive()).bytes));
    };
    receive().catch(() => {});
  }

  say(text: string): void {
    this.#socket.send(new TextEncoder().encode(text), this.#to).catch(() => {});
  }

  /** Says something, again where it gets lost, and gives the answer. */
  async ask(sim: SimWorld): Promise<string | undefined> {
    const before = this.heard.length;
    this.say("something");
    await sim.until(() => this.heard.length > before, SOON_MS, "a datagram to be answered");
    return this.heard.at(-1);
  }
}

/** A question is asked so often, at such times, and of each address in turn, until one has answered. */
export async function questions(sim: SimWorld): Promise<void> {
  const retryMs = sim.random.integer(100, 600);
  const retries = sim.random.integer(0, 3);
  const servers = [new Answerer(sim, "silent"), new Answerer(sim, "talking")];
  const [silent, talking] = servers;
  assert(silent !== undefined && talking !== undefined);
  const { host } = talking;
  sim.net.setName(host.name, servers.map(({ host }) => host.addresses[0] ?? ""));
  const system = new ActorSystem("asking", { world: freshHost(sim, "asker").world });
  const client = system.spawn(
    "client",
    datagramClient({ server: { hostname: host.name, port: PORT }, retryMs, retries }),
  );
  const ask = (text: string) =>
    sim.settle(
      client.ask<DatagramOutcome>((replyTo) => ({
        type: "ask",
        text,
        answers: (answer) => answer.endsWith(text),
        replyTo,
      }), { timeoutMs: SOON_MS }),
    );
  // Both at once: the second has its own time, after the first.
  const askedMs = sim.now;
  assertEquals((await Promise.all([ask("first"), ask("second")])).map(({ type }) => type), ["lost", "lost"]);
  assertTime("two questions are given up", sim.now - askedMs, 2 * (retries + 1) * retryMs);
  for (const server of servers) {
    const texts = ["first", "second"].flatMap((text) => Array(retries + 1).fill(text));
    assertEquals(server.asked, texts, "each address is asked so often");
  }
  talking.answers = true;
  assertEquals((await ask("third")).type, "answered");
  const before = silent.asked.length;
  assertEquals((await ask("fourth")).type, "answered");
  assertEquals(silent.asked.length, before, "who has answered is asked first");
  [talking.answers, silent.answers] = [false, true];
  assertEquals((await ask("fifth")).type, "lost");
  assertEquals((await ask("sixth")).type, "answered", "who was lost may have moved");
  sim.net.setName(host.name, undefined);
}

/** Answers questions, or does not. A wrong answer, as to an earlier question, comes first. */
class Answerer {
  answers = false;
  readonly asked: string[] = [];
  readonly host: SimHost;

  constructor(sim: SimWorld, role: string) {
    this.host = freshHost(sim, role);
    const socket = this.host.world.net.bindUdp({ hostname: "0.0.0.0", port: PORT });
    const receive = async () => {
      for (;;) {
        const { bytes, from } = await socket.receive();
        const text = new TextDecoder().decode(bytes);
        this.asked.push(text);
        if (!this.answers) continue;
        for (const answer of ["an earlier answer", `answer to ${text}`]) {
          await socket.send(new TextEncoder().encode(answer), from);
        }
      }
    };
    receive().catch(() => {});
  }
}
