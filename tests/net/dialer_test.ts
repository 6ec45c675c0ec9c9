import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  dialer,
  type DialerCommand,
  type DialerDown,
  type DialerOptions,
  type DialerUp,
  type Session,
  tcpServer,
} from "../../actors/net/mod.ts";
import { inWorlds } from "../_worlds.ts";
import { type World, WorldError } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { lineFrames } from "../../protocols/frames.ts";
import { deadline, makeCertificate, tempDirectory, until } from "../_helpers.ts";
import { echoLines, quietWorld, startLines } from "./_net.ts";

const BACKOFF = { minMs: 100, maxMs: 1000 };
const SERVER = { hostname: "server", port: 80 };

/** A dialer and all that it told. */
interface Dialled {
  readonly system: ActorSystem;
  readonly ref: Ref<DialerCommand>;
  readonly ups: DialerUp<string>[];
  readonly downs: DialerDown[];
  readonly lines: string[];
}

function dial(world: World, options: Partial<DialerOptions<string, string>> = {}): Dialled {
  const system = new ActorSystem("client", { world });
  const ups: DialerUp<string>[] = [];
  const downs: DialerDown[] = [];
  const lines: string[] = [];
  const behavior = dialer<string, string>({
    address: SERVER,
    frames: () => lineFrames(),
    reconnect: BACKOFF,
    session: (connection): Session<string, string> => ({
      frame: (line) => void lines.push(line),
      message: (line) => connection.sendText(`${line}\n`),
    }),
    up: (up) => ups.push(up),
    down: (down) => downs.push(down),
    ...options,
  });
  return { system, ref: system.spawn("dialer", behavior), ups, downs, lines };
}

/** A server of lines on a simulated host. */
function listen(world: World, hostname = "::", session = echoLines): ActorSystem {
  const system = new ActorSystem("server", { world });
  system.spawn("server", tcpServer({ address: { hostname, port: 80 }, frames: () => lineFrames(), session }));
  return system;
}

function kindOf({ reason }: DialerDown): string {
  if (reason.type !== "failed") return reason.type;
  assertInstanceOf(reason.error, WorldError);
  return reason.error.kind;
}

Deno.test("dialer: waits longer after each failure, and as at first after a connection", () =>
  inWorlds(async (sim) => {
    sim.host("server");
    const { system, ups, downs } = dial(sim.host("client").world);
    await sim.until(() => downs.length === 6, 10_000);
    assertEquals(downs.map(({ retryInMs }) => retryInMs), [100, 200, 400, 800, 1000, 1000]);
    assert(downs.every((down) => kindOf(down) === "connection-refused" && !down.wasUp));
    const server = listen(sim.host("server").world);
    await sim.until(() => ups.length === 1, 2000);
    assertEquals(downs.length, 6);
    await sim.settle(server.stop());
    await sim.until(() => downs.length === 8, 2000);
    assertEquals(downs.slice(6).map(({ wasUp, retryInMs }) => [wasUp, retryInMs]), [[true, 100], [
      false,
      200,
    ]]);
    await sim.settle(system.stop());
  }));

Deno.test("dialer: jitter leaves part of the wait to chance, within its bounds", () =>
  inWorlds(async (sim) => {
    sim.host("server");
    const { system, downs } = dial(sim.host("client").world, { reconnect: { ...BACKOFF, jitter: 0.5 } });
    await sim.until(() => downs.length === 8, 20_000);
    const waits = downs.map(({ retryInMs }) => retryInMs ?? NaN);
    for (const [index, full] of [100, 200, 400, 800, 1000, 1000, 1000, 1000].entries()) {
      const wait = waits[index] ?? NaN;
      assert(wait >= full / 2 && wait <= full, `${wait} ms of ${full}`);
    }
    assertEquals(new Set(waits).size, waits.length);
    await sim.settle(system.stop());
  }));

Deno.test("dialer: redial cuts the wait short, and does nothing to a connection that stands", () =>
  inWorlds(async (sim) => {
    sim.host("server");
    const dialled = dial(sim.host("client").world, { reconnect: { minMs: 60_000, maxMs: 60_000 } });
    const { system, ref, ups, downs } = dialled;
    await sim.until(() => downs.length === 1);
    const server = listen(sim.host("server").world);
    await sim.advance(1000);
    assertEquals(ups.length, 0);
    ref.tell({ type: "redial" });
    await sim.until(() => ups.length === 1, 1000);
    ref.tell({ type: "redial" });
    await sim.advance(1000);
    assertEquals([ups.length, downs.length], [1, 1]);
    await sim.settle(Promise.all([system.stop(), server.stop()]));
  }));

Deno.test("dialer: what is sent to the connection reaches its session, which speaks for it", () =>
  inWorlds(async (sim) => {
    const server = listen(sim.host("server").world);
    const { system, ups, lines } = dial(sim.host("client").world);
    await sim.until(() => ups.length === 1);
    for (const line of ["one", "two", "three"]) ups[0]?.connection.tell(line);
    await sim.until(() => lines.length === 3);
    assertEquals(lines, ["one", "two", "three"]);
    await sim.settle(Promise.all([system.stop(), server.stop()]));
  }));

Deno.test("dialer: without reconnect it tells of the end, and stops", () =>
  inWorlds(async (sim) => {
    const refused = dial(sim.host("client").world, {
      reconnect: false,
      address: { hostname: "nobody", port: 80 },
    });
    await sim.until(() => refused.downs.length === 1);
    assertEquals(refused.downs.map(({ wasUp, retryInMs }) => [wasUp, retryInMs]), [[false, null]]);
    assertEquals(refused.system.tree().children.length, 0);
    const server = listen(sim.host("server").world);
    const once = dial(sim.host("client").world, { reconnect: false });
    await sim.until(() => once.ups.length === 1);
    await sim.settle(server.stop());
    await sim.until(() => once.downs.length === 1);
    assertEquals(once.downs.map(({ wasUp, retryInMs }) => [wasUp, retryInMs]), [[true, null]]);
    await sim.until(() => once.system.tree().children.length === 0);
    await sim.settle(Promise.all([refused.system.stop(), once.system.stop()]));
  }));

Deno.test("dialer: an address that does not answer is given up after connectTimeoutMs", () =>
  inWorlds(async (sim) => {
    const server = listen(sim.host("server").world);
    const client = sim.host("client");
    const cut = sim.net.partition(["client"], ["server"]);
    const { system, ups, downs } = dial(client.world, { connectTimeoutMs: 300 });
    await sim.until(() => downs.length === 1, 2000);
    assertEquals(downs.map(kindOf), ["timed-out"]);
    cut.heal();
    await sim.until(() => ups.length === 1, 2000);
    await sim.settle(Promise.all([system.stop(), server.stop()]));
  }));

Deno.test("dialer: tries every address of the name until one answers", () =>
  inWorlds(async (sim) => {
    const { addresses, world } = sim.host("server");
    for (const address of addresses) {
      const server = listen(world, address);
      const { system, ups, downs } = dial(sim.host("client").world);
      await sim.until(() => ups.length === 1);
      assertEquals([ups[0]?.remoteAddress, downs.length], [{ hostname: address, port: 80 }, 0]);
      await sim.settle(system.stop());
      await sim.settle(server.stop());
    }
  }));

Deno.test("dialer: a stop sends what is queued, and dials no more", () =>
  inWorlds(async (sim) => {
    const heard: string[] = [];
    const server = listen(sim.host("server").world, "::", () => ({ frame: (line) => void heard.push(line) }));
    const { system, ups, downs } = dial(sim.host("client").world);
    await sim.until(() => ups.length === 1);
    ups[0]?.connection.tell("last words");
    await sim.advance(0);
    await sim.settle(system.stop());
    await sim.advance(5000);
    assertEquals([heard, ups.length, downs.length], [["last words"], 1, 0]);
    await sim.settle(server.stop());
  }));

Deno.test("dialer: a stop at any moment of dialling leaves no connection behind", () =>
  inWorlds(async (sim) => {
    let open = 0;
    const server = listen(sim.host("server").world, "::", () => {
      open++;
      return { frame() {}, closed: () => open-- };
    });
    for (let afterMs = 0; afterMs < 30; afterMs += 0.7) {
      const { system } = dial(sim.host("client").world);
      await sim.advance(afterMs);
      await sim.settle(system.stop());
    }
    await sim.advance(5000);
    assertEquals(open, 0);
    await sim.settle(server.stop());
  }));

Deno.test("dialer: over TLS to whom it trusts, and to nobody else", async () => {
  await using directory = await tempDirectory();
  const { cert, key } = await makeCertificate(directory);
  await using server = await startLines(echoLines, { tls: { cert, key } });
  const address = { hostname: "127.0.0.1", port: server.port };
  const trusting = dial(quietWorld(), { address, tls: { caCerts: [cert] } });
  await until(() => trusting.ups.length === 1, "the connection");
  trusting.ups[0]?.connection.tell("hello");
  await until(() => trusting.lines.length === 1, "the answer");
  assertEquals(trusting.lines, ["hello"]);
  await trusting.system.stop();
  for (const tls of [{}, { caCerts: [cert], serverName: "example.org" }]) {
    const wary = dial(quietWorld(), { address, tls, reconnect: false });
    await until(() => wary.downs.length === 1, "the refusal");
    assertEquals(wary.ups.length, 0);
    await wary.system.stop();
  }
});

Deno.test("dialer: a stop in the middle of a handshake leaves nothing open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { system } = dial(quietWorld(), {
    address: { hostname: "127.0.0.1", port: listener.addr.port },
    tls: {},
  });
  const silent = await deadline(listener.accept(), undefined, "the connection");
  await deadline(system.stop(), undefined, "the stop");
  silent.close();
  listener.close();
});
