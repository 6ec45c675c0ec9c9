import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { type DatagramPeer, datagrams, type DatagramsOptions } from "../../actors/net/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { inWorlds } from "../_worlds.ts";
import { type SocketAddress, type UdpSocket, type World, WorldError } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { deadline } from "../_helpers.ts";
import { quietWorld, run } from "./_net.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const SERVER = { hostname: "server", port: 53 };

/** A socket actor on a simulated host, and what its peers did. */
function bind<M = never>(sim: SimWorld, options: Partial<DatagramsOptions<M>> = {}) {
  const system = new ActorSystem("server", { world: sim.host("server").world });
  const told: string[] = [];
  let made = 0;
  const behavior = datagrams<M>({
    address: { hostname: "::", port: 53 },
    peer(peer) {
      const name = `peer ${++made}`;
      let count = 0;
      told.push(`${name} begins`);
      return {
        datagram(bytes) {
          const text = decoder.decode(bytes);
          if (text === "fail") throw new Error("as asked");
          if (text === "end") return peer.end();
          peer.send(encoder.encode(`${name}: ${text} ${++count}`));
        },
        closed: () => void told.push(`${name} ends`),
      };
    },
    ...options,
  });
  const ref = system.spawn("socket", behavior);
  const count = () =>
    sim.settle(ref.ask((replyTo: Ref<number>) => ({ type: "get-peer-count", replyTo }), { timeoutMs: 1000 }));
  return { system, ref, told, count };
}

/** One remote address. */
class Client {
  readonly heard: string[] = [];
  readonly #sim: SimWorld;
  readonly #socket: UdpSocket;

  constructor(sim: SimWorld, host = "client") {
    this.#sim = sim;
    this.#socket = sim.host(host).world.net.bindUdp({ hostname: "::", port: 0 });
    this.#receive();
  }

  async #receive(): Promise<void> {
    for (;;) this.heard.push(decoder.decode((await this.#socket.receive()).bytes));
  }

  /** Sends, and lets it arrive. */
  async send(text: string): Promise<void> {
    await this.#sim.settle(this.#socket.send(encoder.encode(text), SERVER));
    await this.#sim.advance(100);
  }
}

Deno.test("datagrams: each remote address has an actor of its own, from its first datagram on", () =>
  inWorlds(async (sim) => {
    const { system, count } = bind(sim);
    const [a, b, c] = [new Client(sim), new Client(sim), new Client(sim, "other")];
    assertEquals(await count(), 0);
    for (const client of [a, b, c, a, b, a]) await client.send("hello");
    assertEquals(a.heard, ["peer 1: hello 1", "peer 1: hello 2", "peer 1: hello 3"]);
    assertEquals(b.heard, ["peer 2: hello 1", "peer 2: hello 2"]);
    assertEquals(c.heard, ["peer 3: hello 1"]);
    assertEquals(await count(), 3);
    await sim.settle(system.stop());
  }));

Deno.test("datagrams: a peer that is silent for idleMs is forgotten, one that is not is kept", () =>
  inWorlds(async (sim) => {
    const { system, told, count } = bind(sim, { idleMs: 1000 });
    const [quiet, busy] = [new Client(sim), new Client(sim)];
    await quiet.send("hello");
    for (let time = 0; time < 2000; time += 400) {
      await busy.send("hello");
      await sim.advance(300);
    }
    assertEquals([await count(), told.at(-1)], [1, "peer 1 ends"]);
    await quiet.send("again");
    assertEquals(quiet.heard.at(-1), "peer 3: again 1");
    await sim.settle(system.stop());
  }));

Deno.test("datagrams: over maxPeers the least recent goes", () =>
  inWorlds(async (sim) => {
    const { system, told, count } = bind(sim, { maxPeers: 2 });
    const [a, b, c] = [new Client(sim), new Client(sim), new Client(sim)];
    await a.send("hello");
    await b.send("hello");
    await a.send("hello");
    await c.send("hello");
    assertEquals([await count(), told.includes("peer 2 ends")], [2, true]);
    await a.send("hello");
    assertEquals(a.heard.at(-1), "peer 1: hello 3");
    await sim.settle(system.stop());
  }));

Deno.test("datagrams: a peer that fails, or ends, begins anew with its next datagram, and no other notices", () =>
  inWorlds(async (sim) => {
    const { system } = bind(sim);
    const [a, b] = [new Client(sim), new Client(sim)];
    await a.send("hello");
    await b.send("hello");
    for (const text of ["fail", "end"]) {
      await a.send(text);
      await a.send("hello");
      await b.send("hello");
    }
    assertEquals(a.heard, ["peer 1: hello 1", "peer 3: hello 1", "peer 4: hello 1"]);
    assertEquals(b.heard, ["peer 2: hello 1", "peer 2: hello 2", "peer 2: hello 3"]);
    await sim.settle(system.stop());
  }));

Deno.test("datagrams: a slow peer's datagrams are dropped over maxQueued, and nobody else's", () =>
  inWorlds(async (sim) => {
    const gate = Promise.withResolvers<void>();
    let handled = 0;
    const { system } = bind(sim, {
      maxQueued: 3,
      peer: (peer: DatagramPeer) => ({
        async datagram(bytes) {
          if (decoder.decode(bytes) === "slow") await gate.promise;
          handled++;
          peer.send(bytes);
        },
      }),
    });
    const [slow, quick] = [new Client(sim), new Client(sim)];
    for (let sent = 0; sent < 10; sent++) await slow.send("slow");
    await quick.send("quick");
    assertEquals([quick.heard, handled], [["quick"], 1]);
    gate.resolve();
    await sim.advance(1000);
    // The one under way, and those that had room.
    assertEquals([slow.heard.length, handled], [4, 5]);
    await sim.settle(system.stop());
  }));

Deno.test("datagrams: messages of other actors reach the peer's handler", () =>
  inWorlds(async (sim) => {
    const peers: Ref<string>[] = [];
    const { system } = bind<string>(sim, {
      peer(peer) {
        peers.push(peer.self);
        return { datagram() {}, message: (text) => peer.send(encoder.encode(text)) };
      },
    });
    const client = new Client(sim);
    await client.send("hello");
    peers[0]?.tell("from elsewhere");
    await sim.advance(100);
    assertEquals(client.heard, ["from elsewhere"]);
    await sim.settle(system.stop());
  }));

Deno.test("datagrams: a stop ends every peer", () =>
  inWorlds(async (sim) => {
    const { system, told } = bind(sim);
    for (let count = 0; count < 3; count++) await new Client(sim).send("hello");
    await sim.settle(system.stop());
    assertEquals(told.slice(3).toSorted(), ["peer 1 ends", "peer 2 ends", "peer 3 ends"]);
  }));

Deno.test("datagrams: an answer that cannot be delivered does no harm to the socket", async () => {
  const listening = Promise.withResolvers<number>();
  await using _server = run(datagrams({
    address: { hostname: "127.0.0.1", port: 0 },
    onListening: ({ port }) => listening.resolve(port),
    peer: (peer) => ({ datagram: (bytes) => peer.send(bytes) }),
  }));
  const port = await deadline(listening.promise, undefined, "listening");
  const to = { hostname: "127.0.0.1", port, transport: "udp" } as const;
  for (let round = 0; round < 20; round++) {
    // Gone before the answer comes: the kernel says so, on the server's socket.
    const gone = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
    await gone.send(encoder.encode("hello"), to);
    gone.close();
  }
  const client = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  await client.send(encoder.encode("hello"), to);
  const [answer] = await deadline(client.receive(), undefined, "an answer");
  client.close();
  assertEquals(decoder.decode(answer), "hello");
});

Deno.test("datagrams: a port that is taken fails the start, with the reason", async () => {
  const taken = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  const address = { hostname: "127.0.0.1", port: taken.addr.transport === "udp" ? taken.addr.port : 0 };
  await using server = run(datagrams({ address, peer: () => ({ datagram() {} }) }), quietWorld());
  const failure = await deadline(server.system.terminated.then(() => undefined, (error) => error));
  taken.close();
  assertInstanceOf(failure, WorldError);
  assertEquals(failure.kind, "address-in-use");
});

Deno.test("datagrams: invalid limits are refused before anything starts", () => {
  const address = { hostname: "127.0.0.1", port: 0 };
  const peer = () => ({ datagram() {} });
  for (const limits of [{ idleMs: 0 }, { maxPeers: 0 }, { maxPerSecond: -1 }]) {
    assertThrows(() => datagrams({ address, peer, ...limits }), RangeError);
  }
});

Deno.test("datagrams: an answer of ours that could not be delivered is no failure of the socket", async () => {
  const world = quietWorld();
  const undelivered = ["connection-refused", "unreachable"] as const;
  let received = 0;
  const bindUdp: World["net"]["bindUdp"] = (options) => {
    const socket = world.net.bindUdp(options);
    const receive = () => {
      const kind = undelivered[received++];
      return kind === undefined ? socket.receive() : Promise.reject(new WorldError(kind, "a test"));
    };
    return {
      address: socket.address,
      receive,
      send: (bytes, to) => socket.send(bytes, to),
      close: () => socket.close(),
    };
  };
  const { promise, resolve } = Promise.withResolvers<string>();
  const behavior = datagrams({
    address: { hostname: "127.0.0.1", port: 0 },
    peer: () => ({ datagram: (bytes) => resolve(decoder.decode(bytes)) }),
  });
  await using server = run(behavior, {
    ...world,
    net: Object.assign(Object.create(world.net), { bindUdp }),
  });
  const { port } = await deadline(
    server.ref.ask((replyTo: Ref<SocketAddress>) => ({ type: "get-address", replyTo }), { timeoutMs: 5000 }),
  );
  const client = world.net.bindUdp({ hostname: "127.0.0.1", port: 0 });
  await client.ready;
  await client.send(encoder.encode("still there"), { hostname: "127.0.0.1", port });
  assertEquals(await deadline(promise), "still there");
  client.close();
});
