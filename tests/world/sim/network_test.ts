import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type SimWorld, simWorld, type World } from "../../../actors/world/sim/mod.ts";
import { type TcpConnection, WorldError } from "../../../actors/world/world.ts";
import { serveHttp } from "../../_http.ts";
import { inWorlds } from "./_worlds.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A connection from host `a` to host `b`: the end at `a` first. */
async function connect(sim: SimWorld): Promise<[TcpConnection, TcpConnection]> {
  const listener = sim.host("b").world.net.listenTcp({ hostname: "::", port: 80 });
  const accepting = listener.accept();
  const near = await sim.settle(sim.host("a").world.net.connectTcp({ hostname: "b", port: 80 }));
  const far = await sim.settle(accepting);
  return [near, far];
}

async function readText(sim: SimWorld, connection: TcpConnection, length: number): Promise<string> {
  let text = "";
  while (text.length < length) {
    const buffer = new Uint8Array(100);
    const count = await sim.settle(connection.read(buffer));
    assert(count !== null);
    text += decoder.decode(buffer.subarray(0, count));
  }
  return text;
}

async function writeText(sim: SimWorld, connection: TcpConnection, text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await sim.settle(connection.write(bytes.subarray(sent)));
}

/** Says whether a promise has settled, without waiting for it. */
function watch(promise: Promise<unknown>): () => boolean {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  return () => settled;
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise);
  assertInstanceOf(error, WorldError);
  return error.kind;
}

Deno.test("simulated TCP: a host is reached by its name and by either of its addresses", () =>
  inWorlds(async (sim) => {
    const a = sim.host("a");
    const b = sim.host("b");
    const listener = b.world.net.listenTcp({ hostname: "::", port: 80 });
    for (const hostname of ["b", ...b.addresses]) {
      const accepting = listener.accept();
      const near = await sim.settle(a.world.net.connectTcp({ hostname, port: 80 }));
      const far = await sim.settle(accepting);
      assert(a.addresses.includes(far.remoteAddress.hostname));
      assert(b.addresses.includes(near.remoteAddress.hostname));
    }
  }));

Deno.test("simulated TCP: what is sent over a cut arrives once it is mended, whole", () =>
  inWorlds(async (sim) => {
    const [near, far] = await connect(sim);
    const cut = sim.net.partition(["a"], ["b"]);
    await writeText(sim, near, "late");
    const reading = far.read(new Uint8Array(1));
    const hasArrived = watch(reading);
    await sim.advance(60_000);
    assert(!hasArrived());
    cut.heal();
    cut.heal();
    await sim.advance(1500);
    assert(hasArrived());
    assertEquals(await readText(sim, far, 3), "ate");
  }));

Deno.test("simulated TCP: a one-way cut holds up one direction, and the sender of the other runs out of room", () =>
  inWorlds(async (sim) => {
    const [near, far] = await connect(sim);
    sim.net.cut(["b"], ["a"]);
    await writeText(sim, near, "heard");
    assertEquals(await readText(sim, far, 5), "heard");
    await writeText(sim, far, "unheard");
    const answer = watch(near.read(new Uint8Array(10)));
    // What arrives is not acknowledged, so that no more than a buffer of it is ever sent.
    let sent = 5;
    const flood = watch((async () => {
      for (;;) sent += await near.write(new Uint8Array(10_000));
    })());
    await sim.advance(10_000);
    assert(!answer() && !flood());
    assert(sent <= 64 * 1024, `${sent} bytes`);
    sim.net.heal();
    await sim.advance(2000);
    assert(answer());
  }));

Deno.test("simulated TCP: after a quarter of an hour without an answer the sender gives up", () =>
  inWorlds(async (sim) => {
    const [near] = await connect(sim);
    sim.net.partition(["a"], ["b"]);
    await writeText(sim, near, "anybody there?");
    const read = kindOf(near.read(new Uint8Array(10)));
    await sim.advance(16 * 60_000);
    assertEquals(await read, "timed-out");
  }));

Deno.test("simulated TCP: a killed process ends its connections, and its port refuses", () =>
  inWorlds(async (sim) => {
    const [near, far] = await connect(sim);
    await writeText(sim, far, "last words");
    sim.host("b").kill();
    assertEquals(await readText(sim, near, 10), "last words");
    assertEquals(await sim.settle(near.read(new Uint8Array(10))), null);
    const again = kindOf(sim.host("a").world.net.connectTcp({ hostname: "b", port: 80 }));
    await sim.advance(100);
    assertEquals(await again, "connection-refused");
  }));

Deno.test("simulated TCP: a power cut tells nobody; the connection is reset when the machine is back and is sent something", () =>
  inWorlds(async (sim) => {
    const [near] = await connect(sim);
    const reading = kindOf(near.read(new Uint8Array(10)));
    const isTold = watch(reading);
    sim.host("b").crash();
    await sim.advance(60_000);
    sim.host("b").restart();
    await sim.advance(60_000);
    assert(!isTold());
    await writeText(sim, near, "hello?");
    await sim.advance(2000);
    assertEquals(await reading, "connection-reset");
  }));

Deno.test("simulated TCP: a connect is heard after the cut is mended, or times out", () =>
  inWorlds(async (sim) => {
    const listener = sim.host("b").world.net.listenTcp({ hostname: "::", port: 80 });
    const cut = sim.net.cut(["b"], ["a"]);
    const { net } = sim.host("a").world;
    const patient = net.connectTcp({ hostname: "b", port: 80 });
    await sim.advance(2000);
    cut.heal();
    await sim.settle(Promise.all([patient, listener.accept()]));
    sim.net.partition(["a"], ["b"]);
    const late = kindOf(net.connectTcp({ hostname: "b", port: 80 }));
    const isLate = watch(late);
    await sim.advance(60_000);
    assert(!isLate());
    await sim.advance(600_000);
    assertEquals(await late, "timed-out");
  }));

Deno.test("simulated TCP: a connection is reset by hand at both ends, and only there", () =>
  inWorlds(async (sim) => {
    const [near, far] = await connect(sim);
    const ends = [near, far].map((end) => kindOf(end.read(new Uint8Array(10))));
    sim.net.resetConnections("a");
    assertEquals(await Promise.all(ends), ["connection-reset", "connection-reset"]);
  }));

Deno.test("simulated TCP: what belongs to a life that is over never settles and never rings", () =>
  inWorlds(async (sim) => {
    const [near, far] = await connect(sim);
    const old = sim.host("b").world;
    let rang = false;
    old.clock.timer(10, () => rang = true);
    const left = [
      watch(far.read(new Uint8Array(10))),
      watch(old.disk.stat("/")),
      watch(old.net.connectTcp({ hostname: "a", port: 1 })),
    ];
    sim.host("b").kill();
    sim.host("b").restart();
    left.push(watch(far.write(new Uint8Array(1))), watch(old.disk.stat("/")), watch(old.net.resolve("a")));
    await sim.advance(1000);
    assertEquals(left.map((settled) => settled()), [false, false, false, false, false, false]);
    assert(!rang);
    near.close();
  }));

async function datagrams(sim: SimWorld, count: number): Promise<number[]> {
  const receiver = sim.host("b").world.net.bindUdp({ hostname: "::", port: 9 });
  const sender = sim.host("a").world.net.bindUdp({ hostname: "::", port: 0 });
  const received: number[] = [];
  (async () => {
    for (;;) received.push((await receiver.receive()).bytes[0] ?? -1);
  })();
  for (let i = 0; i < count; i++) {
    await sender.send(Uint8Array.of(i), { hostname: "b", port: 9 });
    await sim.advance(1);
  }
  await sim.advance(100);
  return received;
}

Deno.test("simulated UDP: datagrams are lost, doubled and overtaken as the conditions say", async () => {
  const lossy = await datagrams(simWorld({ seed: 1, network: { datagramLoss: 0.5 } }), 200);
  assert(lossy.length > 50 && lossy.length < 150, `${lossy.length} of 200`);
  const doubled = await datagrams(simWorld({ seed: 1, network: { datagramDuplication: 0.5 } }), 200);
  assert(doubled.length > 250 && doubled.length < 350, `${doubled.length} of 200`);
  const shuffled = await datagrams(simWorld({ seed: 1, network: { datagramReordering: 0.5 } }), 200);
  assertEquals(shuffled.length, 200);
  assert(shuffled.some((value, index) => value < (shuffled[index - 1] ?? 0)));
  const straight = simWorld({ seed: 1, network: { datagramReordering: 0, latencyMs: [0.5, 0.6] } });
  assertEquals(await datagrams(straight, 200), Array.from({ length: 200 }, (_, index) => index));
});

Deno.test("simulated UDP: nothing crosses a cut, and nothing waits for its end", () =>
  inWorlds(async (sim) => {
    sim.host("a");
    sim.host("b");
    const cut = sim.net.cut(["a"], ["b"]);
    assertEquals(await datagrams(sim, 10), []);
    cut.heal();
    await sim.advance(10_000);
  }));

async function serveHello(world: World): Promise<void> {
  await serveHttp(world, { hostname: "::", port: 80 }, async ({ body }) => {
    await new Promise<void>((resolve) => world.clock.timer(100, resolve));
    return { status: 200, body: `hello ${new TextDecoder().decode(body)}` };
  }, ["b"]);
}

Deno.test("simulated HTTP: a server that dies while it answers is a reset, one that loses power is silence", () =>
  inWorlds(async (sim) => {
    const b = sim.host("b");
    b.start(serveHello);
    const { net } = sim.host("a").world;
    const fetch = () => net.fetch(new Request("http://b/", { method: "POST", body: "you" }));
    assertEquals(await (await sim.settle(fetch())).text(), "hello you");
    const killed = kindOf(fetch());
    await sim.advance(50);
    b.restart();
    await sim.advance(50);
    assertEquals(await killed, "connection-reset");
    const signal = new AbortController();
    const silent = watch(net.fetch(new Request("http://b/", { signal: signal.signal })));
    await sim.advance(50);
    b.crash();
    await sim.advance(100_000);
    assert(!silent());
    signal.abort();
    await sim.advance(1);
    assert(silent());
  }));

Deno.test("simulated HTTP: a request crosses once the cut is mended", () =>
  inWorlds(async (sim) => {
    sim.host("b").start(serveHello);
    const { net } = sim.host("a").world;
    const cut = sim.net.partition(["a"], ["b"]);
    const response = net.fetch(new Request("http://b/"));
    const isAnswered = watch(response);
    await sim.advance(5000);
    assert(!isAnswered());
    cut.heal();
    assertEquals((await sim.settle(response, 5000)).status, 200);
  }));

Deno.test("chaos: what it broke is put right when it ends", () =>
  inWorlds(async (sim) => {
    const hosts = ["a", "b", "c"].map((name) => sim.host(name));
    let starts = 0;
    for (const host of hosts) {
      host.start((world) => {
        starts++;
        world.net.listenTcp({ hostname: "::", port: 80 });
      });
    }
    const chaos = sim.chaos({
      crashesPerMinute: 60,
      killsPerMinute: 60,
      partitionsPerMinute: 60,
      slowDisksPerMinute: 60,
      diskErrorsPerMinute: 60,
    });
    await sim.advance(20_000);
    assert(starts > 10, `${starts} starts`);
    chaos.stop();
    chaos.stop();
    const before = starts;
    for (const from of hosts) {
      assert(from.isUp);
      assertEquals(from.disk.slowness, 1);
      for (const to of hosts) {
        await sim.settle(from.world.net.connectTcp({ hostname: to.name, port: 80 }), 1000);
      }
      await sim.settle(
        from.world.disk.open("/f", { write: true, create: true }).then((file) =>
          file.write(new Uint8Array(1), 0)
        ),
      );
    }
    await sim.advance(20_000);
    assertEquals(starts, before);
  }));
