import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  composeEngine,
  type Driver,
  joinCluster,
  type Lease,
  memoryDriver,
  memoryEngine,
  OutcomeUnknown,
  persistent,
} from "../../actors/cluster/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, AskFailed, denoWorld, type Ref } from "../../mod.ts";
import { gatedDriver } from "./_gated_driver.ts";
import { Membership } from "../../actors/cluster/membership.ts";
import { deadline, until } from "../_helpers.ts";
import { counterType } from "./_counter.ts";
import { list } from "./_list.ts";

const world = denoWorld({ log: { level: "error", write: () => {} } });

/** A driver whose hosts cannot renew their leases, and have to wait when they look whose one is. */
function withoutRenewals(driver: Driver) {
  const looked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let isSilent = false;
  const { keys } = driver;
  const silent: Driver = {
    ...driver,
    keys: {
      leaseTtlMs: keys.leaseTtlMs,
      async get(table, key) {
        if (isSilent && table === "hosts") {
          looked.resolve();
          await gate.promise;
        }
        return await keys.get(table, key);
      },
      async put(table, key, value, revision) {
        if (isSilent && table === "hosts") await gate.promise;
        return await keys.put(table, key, value, revision);
      },
      remove: (...args) => keys.remove(...args),
      list: (table) => keys.list(table),
    },
  };
  return { driver: silent, looked: looked.promise, stop: () => isSilent = true, go: () => gate.resolve() };
}

Deno.test("cluster: a host that leaves while it joins anew takes no lease, and nothing ticks on", async () => {
  const memory = memoryDriver({ world, leaseTtlMs: 200 });
  const { driver, looked, stop, go } = withoutRenewals(memory);
  await using engine = composeEngine(driver, world);
  const system = new ActorSystem("one", { world });
  const cluster = await joinCluster(system, { engine, types: [counterType()], hostId: "one" });
  stop();
  await looked;
  const left = cluster.leave().then(() => system.stop());
  // The engine answers late: whoever does not wait for it has left by then, and has the lease afterwards.
  await new Promise<void>((resolve) => void world.clock.timer(100, resolve));
  go();
  await left;
  assertEquals([...await memory.keys.list("hosts")], []);
});

Deno.test("cluster: a host that leaves waits for no pause between two tries to join anew", async () => {
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  const host = { id: "one", incarnation: "first" };
  const { signal } = new AbortController();
  const lease: Lease = { host, isValid: true, ageMs: 0, lost, signal, release: () => Promise.resolve() };
  const tried = Promise.withResolvers<void>();
  let tries = 0;
  const placement = {
    leaseTtlMs: 60_000,
    join: () => tries++ === 0 ? Promise.resolve(lease) : Promise.reject(new OutcomeUnknown("a lease")),
  };
  // No pause of this clock ever ends.
  const clock = { ...world.clock, monotonic: () => 0, timer: () => ({ cancel: () => {} }) };
  const membership = new Membership(placement, "one", {
    world: { clock },
    joined: () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() }),
    left: () => {},
    warn: () => tried.resolve(),
  });
  await membership.join();
  lose();
  await tried.promise;
  await deadline(membership.leave(), undefined, "the host to leave");
});

Deno.test("cluster: a question that is open when its asker's host leaves fails, as does a later one", async () => {
  const taken = Promise.withResolvers<void>();
  const silent = persistent({
    type: "silent",
    initial: () => 0,
    decide: (_state: number, _command: { readonly replyTo: Ref<number> }) => {
      taken.resolve();
      return {};
    },
    evolve: (state: number) => state,
  });
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await using server = new ActorSystem("server", { world });
  await using _ = await joinCluster(server, { engine, types: [silent], hostId: "server" });
  await using clients = new ActorSystem("clients", { world });
  const cluster = await joinCluster(clients, { engine, hostId: "clients" });
  const ref = cluster.ref(silent, "a");
  const answer = assertRejects(() => ref.ask({}, { timeoutMs: 60_000 }), AskFailed);
  await taken.promise;
  await cluster.leave();
  assertInstanceOf((await answer).cause, OutcomeUnknown);
  const late = await assertRejects(() => ref.ask({}, { timeoutMs: 60_000 }), TypeError);
  assert(late.message.includes("has left the cluster"), late.message);
});

Deno.test("cluster: what a host brought to life before it knew that it cannot be reached ends with that try", async () => {
  const memory = memoryDriver({ world, leaseTtlMs: 300 });
  const { keys, transport } = memory;
  let isCutOff = false;
  const driver: Driver = {
    ...memory,
    keys: {
      leaseTtlMs: keys.leaseTtlMs,
      get: (...args) => keys.get(...args),
      // The lease is lost: it has to be taken anew.
      put: (table, key, value, revision) =>
        isCutOff && table === "hosts" && revision > 0
          ? Promise.reject(new OutcomeUnknown("a renewal"))
          : keys.put(table, key, value, revision),
      remove: (...args) => keys.remove(...args),
      list: (table) => keys.list(table),
    },
    transport: {
      maxBodyBytes: transport.maxBodyBytes,
      ask: (...args) => transport.ask(...args),
      publish: (...args) => transport.publish(...args),
      subscribe: (...args) => transport.subscribe(...args),
      async serve(address, receive, options) {
        const served = await transport.serve(address, receive, options);
        if (!isCutOff || !address.startsWith("activate.")) return served;
        // Others see that it serves, and ask at once; it is not told so itself.
        await transport.ask(address, JSON.stringify(["counter", "a"]), { timeoutMs: 60_000 });
        isCutOff = false;
        await served[Symbol.asyncDispose]();
        throw new OutcomeUnknown("a subscription");
      },
    },
  };
  await using engine = composeEngine(driver, world);
  await using system = new ActorSystem("one", { world });
  const counter = counterType();
  await using cluster = await joinCluster(system, { engine, types: [counter], hostId: "one" });
  const visits = cluster.ref(counter, "a");
  const add = (operationId: string) => visits.ask({ type: "add", by: 1, operationId }, { timeoutMs: 25_000 });
  assertEquals(await add("one"), 1);
  isCutOff = true;
  await until(() => !isCutOff, "the host to have joined anew");
  assertEquals(await add("two"), 2);
});

Deno.test("cluster: what has come to an entity that falls asleep as its host leaves goes before what comes later", async () => {
  await simulate("leaving", { seeds: 20 }, async (sim) => {
    const memory = memoryDriver({ world: sim.host("engine").world });
    let gate = Promise.withResolvers<void>();
    gate.resolve();
    const slow = gatedDriver(memory, () => gate.promise);
    const join = (name: string, types: readonly typeof list[]) => {
      const { world } = sim.host(name);
      return joinCluster(new ActorSystem(name, { world }), {
        engine: composeEngine(slow, world),
        hostId: name,
        types,
      });
    };
    const one = await sim.settle(join("one", [list]));
    const client = await sim.settle(join("client", []));
    const ref = client.ref(list, "a");
    const tell = (name: string) => ref.tell({ type: "note", name });
    tell("awake");
    await sim.advance(50);
    gate = Promise.withResolvers();
    tell("written slowly");
    // It is to sleep, and waits for its write.
    await sim.advance(2500);
    tell("held");
    tell("held, too");
    await sim.advance(50);
    await sim.settle(join("two", [list]));
    const left = one.leave();
    await sim.advance(10);
    tell("later");
    await sim.advance(10);
    gate.resolve();
    await sim.settle(left);
    const names = await sim.settle(ref.ask({ type: "read" }, { timeoutMs: 10_000 }));
    assertEquals(names, ["awake", "written slowly", "held", "held, too", "later"]);
  });
});

Deno.test("cluster: a second host of a name that lives says so, and is not waited for for ever", async () => {
  const said: string[] = [];
  const loud = denoWorld({ log: { level: "warn", write: (lines) => said.push(lines) } });
  await using engine = memoryEngine({ world, leaseTtlMs: 300 });
  await using first = new ActorSystem("first", { world });
  await using _ = await joinCluster(first, { engine, hostId: "one" });
  await using second = new ActorSystem("second", { world: loud });
  const joining = joinCluster(second, { engine, hostId: "one", joinTimeoutMs: 1500 });
  await assertRejects(() => deadline(joining), Error, "another host is called one, and lives");
  await until(() => said.join("").includes("Cannot join the cluster yet"), "the warning");
});

Deno.test("cluster: an engine that is silent, and then another host of the name, count in one time to join", async () => {
  await simulate("joining", { seeds: 1 }, async (sim) => {
    const { world } = sim.host("second");
    const memory = memoryDriver({ world: sim.host("engine").world });
    const first = sim.host("first").world;
    const joined = joinCluster(new ActorSystem("first", { world: first }), {
      engine: composeEngine(memory, first),
      hostId: "one",
    });
    await sim.settle(joined);
    const startedAt = world.clock.monotonic();
    const silent: Driver = {
      ...memory,
      transport: {
        maxBodyBytes: memory.transport.maxBodyBytes,
        ask: (...args) => memory.transport.ask(...args),
        publish: (...args) => memory.transport.publish(...args),
        subscribe: (...args) => memory.transport.subscribe(...args),
        serve: (...args) =>
          world.clock.monotonic() - startedAt < 8000
            ? Promise.reject(new OutcomeUnknown("a subscription"))
            : memory.transport.serve(...args),
      },
    };
    const joining = joinCluster(new ActorSystem("second", { world }), {
      engine: composeEngine(silent, world),
      hostId: "one",
      joinTimeoutMs: 10_000,
    });
    await sim.settle(assertRejects(() => joining, Error, "another host is called one, and lives"));
    assertEquals(Math.round((world.clock.monotonic() - startedAt) / 1000), 10);
  });
});

Deno.test("cluster: a system that has left joins again at once, under the same name", async () => {
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await using system = new ActorSystem("one", { world });
  const counter = counterType();
  for (let life = 0; life < 30; life++) {
    const cluster = await joinCluster(system, { engine, types: [counter], hostId: "one" });
    const asked = Array.from(
      { length: life },
      (_, n) => cluster.ref(counter, `${n}`).ask({ type: "get" }, { timeoutMs: 60_000 }).catch(() => {}),
    );
    if (life % 3 === 0) await Promise.all(asked);
    else if (life % 3 === 1) await asked[0];
    await cluster.leave();
  }
});
