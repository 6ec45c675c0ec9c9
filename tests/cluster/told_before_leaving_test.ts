/**
 * What a host tells before it leaves.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  composeEngine,
  type Driver,
  joinCluster,
  memoryDriver,
  memoryEngine,
  placed,
} from "../../actors/cluster/mod.ts";
import { entityKey } from "../../actors/cluster/names.ts";
import { pause } from "../../actors/cluster/pause.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, AskFailed, AskTimeout, denoWorld } from "../../mod.ts";
import { until } from "../_helpers.ts";
import { gatedDriver } from "./_gated_driver.ts";
import { list } from "./_list.ts";

const world = denoWorld({ log: { level: "error", write: () => {} } });

/** A driver that takes its time to find out where an entity is to live. */
function withSlowPlacement(driver: Driver, delayMs: number): Driver {
  const { transport } = driver;
  return {
    ...driver,
    transport: {
      maxBodyBytes: transport.maxBodyBytes,
      publish: (...args) => transport.publish(...args),
      subscribe: (...args) => transport.subscribe(...args),
      serve: (...args) => transport.serve(...args),
      async ask(address, body, options) {
        if (address.startsWith("activate.")) await pause(world, delayMs);
        return await transport.ask(address, body, options);
      },
    },
  };
}

for (const where of ["on another host", "on that host alone"]) {
  Deno.test(`cluster: what a host tells just before it leaves arrives, to an entity ${where}`, async () => {
    const memory = memoryDriver({ world, leaseTtlMs: 60_000 });
    const slow = withSlowPlacement(memory, 50);
    await using server = new ActorSystem("server", { world });
    const serve = () => joinCluster(server, { engine: composeEngine(memory, world), types: [list] });
    const isAlone = where !== "on another host";
    const before = isAlone ? undefined : await serve();
    await using short = new ActorSystem("short", { world });
    const types = isAlone ? [list] : [];
    const cluster = await joinCluster(short, { engine: composeEngine(slow, world), types, drainMs: 60_000 });
    for (const name of ["one", "two", "three"]) cluster.ref(list, "a").tell({ type: "note", name });
    await cluster.leave();
    await using after = before ?? await serve();
    const names = await after.ref(list, "a").ask({ type: "read" }, { timeoutMs: 60_000 });
    assertEquals(names, ["one", "two", "three"]);
  });
}

Deno.test("cluster: what a host tells and nobody takes until it has to leave is a dead letter, and said", async () => {
  const said: string[] = [];
  const loud = denoWorld({ log: { level: "warn", write: (lines) => said.push(lines) } });
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await using short = new ActorSystem("short", { world: loud });
  const dead: unknown[] = [];
  short.events.subscribe((event) => event.type === "dead-letter" && dead.push(event.target));
  const cluster = await joinCluster(short, { engine, drainMs: 300 });
  for (const name of ["one", "two"]) cluster.ref(list, "a").tell({ type: "note", name });
  const asked = assertRejects(
    () => cluster.ref(list, "a").ask({ type: "read" }, { timeoutMs: 60_000 }),
    AskFailed,
  );
  await cluster.leave();
  await asked;
  assertEquals(dead, ["/cluster/list/a", "/cluster/list/a"]);
  await until(() => said.join("").includes("2 messages, one to /cluster/list/a"), "the log line");
});

Deno.test("cluster: the last host of a type waits for nobody to run what it has given up", async () => {
  await simulate("the last host", { seeds: 1 }, async (sim) => {
    const { world } = sim.host("one");
    const memory = memoryDriver({ world: sim.host("engine").world });
    const gate = Promise.withResolvers<void>();
    const slow = gatedDriver(memory, () => gate.promise);
    const joining = joinCluster(new ActorSystem("one", { world }), {
      engine: composeEngine(slow, world),
      types: [list],
      drainMs: 60_000,
    });
    const cluster = await sim.settle(joining);
    const tell = (id: string) => cluster.ref(list, id).tell({ type: "note", name: "text" });
    tell("a");
    await sim.advance(50);
    const startedAt = world.clock.monotonic();
    const left = cluster.leave();
    await sim.advance(50);
    tell("b");
    gate.resolve();
    await sim.settle(left);
    assert(world.clock.monotonic() - startedAt < 5000);
  });
});

Deno.test("cluster: what cannot be located holds up no entity of a host that leaves", async () => {
  await simulate("a ghost", { seeds: 1 }, async (sim) => {
    const { world } = sim.host("one");
    const system = new ActorSystem("one", { world });
    const dead: unknown[] = [];
    system.events.subscribe((event) => event.type === "dead-letter" && dead.push(event.target));
    const engine = composeEngine(memoryDriver({ world: sim.host("engine").world }), world);
    const cluster = await sim.settle(joinCluster(system, { engine, types: [list], drainMs: 5000 }));
    const ids = ["a", "b", "c"];
    await sim.settle(
      Promise.all(ids.map((id) => cluster.ref(list, id).ask({ type: "read" }, { timeoutMs: 1000 }))),
    );
    cluster.ref(placed({ type: "ghost", behavior: () => () => (_: string) => {} }), "x").tell("hello");
    const left = cluster.leave();
    await sim.advance(100);
    assertEquals([cluster.metrics.passivations, dead], [3, []]);
    await sim.settle(left);
    assertEquals(dead, ["/cluster/ghost/x"]);
  });
});

Deno.test("cluster: a question that nobody waits for any more holds up no host that leaves", async () => {
  await simulate("an old question", { seeds: 1 }, async (sim) => {
    const { world } = sim.host("one");
    const system = new ActorSystem("one", { world });
    const engine = composeEngine(memoryDriver({ world: sim.host("engine").world }), world);
    const cluster = await sim.settle(joinCluster(system, { engine, drainMs: 5000 }));
    const asked = cluster.ref(list, "of nobody").ask({ type: "read" }, { timeoutMs: 500 });
    await sim.settle(assertRejects(() => asked, AskTimeout));
    await sim.advance(1000);
    const startedAt = world.clock.monotonic();
    await sim.settle(cluster.leave());
    assert(world.clock.monotonic() - startedAt < 1000);
  });
});

Deno.test("cluster: what a host tells before it leaves arrives also where the entity's owner has just died", async () => {
  await simulate("a dead owner", { seeds: 1 }, async (sim) => {
    const memory = memoryDriver({ world: sim.host("engine").world });
    await sim.settle(memory.keys.put("places", entityKey({ type: "list", id: "a" }), "dead life", 0));
    await sim.settle(memory.keys.put("hosts", "dead", "life", 0));
    const join = (name: string, types: readonly typeof list[]) => {
      const { world } = sim.host(name);
      const system = new ActorSystem(name, { world });
      return sim.settle(joinCluster(system, { engine: composeEngine(memory, world), hostId: name, types }));
    };
    const server = await join("server", [list]);
    const client = await join("client", []);
    client.ref(list, "a").tell({ type: "note", name: "one" });
    await sim.settle(client.leave());
    const names = server.ref(list, "a").ask({ type: "read" }, { timeoutMs: 10_000 });
    assertEquals(await sim.settle(names), ["one"]);
  });
});
