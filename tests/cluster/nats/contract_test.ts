import { assert, assertEquals, assertRejects } from "@std/assert";
import { natsDriver, natsEngine } from "../../../actors/cluster/engines/nats.ts";
import { ActorSystem, denoWorld, WorldError } from "../../../mod.ts";
import { joinCluster } from "../../../actors/cluster/mod.ts";
import { deadline, until } from "../../_helpers.ts";
import { contract } from "../contract/_contract.ts";
import { leaseTtlOf } from "../contract/_patience.ts";
import { counterType } from "../_counter.ts";
import { hasNats, NatsServers } from "./_servers.ts";

const world = denoWorld({ log: { level: "error", write: () => {} } });
const ignore = !await hasNats();

for (const count of [1, 3] as const) {
  const name = count === 1 ? "one server" : "three servers";
  Deno.test({ name: `cluster: nats, ${name}: the contract of all engines`, ignore }, async (t) => {
    await using servers = await NatsServers.start(count);
    let tests = 0;
    for (const guarantee of contract) {
      await t.step(guarantee.name, async () => {
        const unique = `t${++tests}`;
        await using connections = new AsyncDisposableStack();
        await guarantee.run({
          world,
          unique,
          pause: (ms) => new Promise((resolve) => void world.clock.timer(ms, resolve)),
          connect: async () =>
            connections.use(
              await natsDriver({
                world,
                servers: servers.addresses,
                name: guarantee.hasShortLeases ? "short" : "long",
                replicas: count,
                leaseTtlMs: leaseTtlOf(guarantee.hasShortLeases),
              }),
            ),
        });
      });
    }
  });
}

Deno.test(
  { name: "cluster: nats: a server that dies and comes back costs nobody an answer", ignore },
  async () => {
    await using servers = await NatsServers.start(1);
    await using engine = await natsEngine({ world, servers: servers.addresses, leaseTtlMs: 1000 });
    const system = new ActorSystem("host", { world });
    const counter = counterType();
    const cluster = await joinCluster(system, { engine, types: [counter] });
    const visits = cluster.ref(counter, "visits");
    const add = (operationId: string) =>
      visits.ask({ type: "add", by: 1, operationId }, { timeoutMs: 60_000 });
    assertEquals(await add("one"), 1);
    await servers.kill(0);
    await deadline(until(() => !engine.isConnected, "the host to notice"));
    const asked = add("two");
    await servers.restart(0);
    assertEquals(await deadline(asked), 2);
    assertEquals(await add("one"), 1);
    assert(engine.isConnected);
    await cluster.leave();
    await system.stop();
  },
);

Deno.test("cluster: nats: where no server answers, that is said in time", async () => {
  const starting = natsEngine({ world, servers: ["127.0.0.1:9"], startTimeoutMs: 500 });
  const error = await assertRejects(() => starting, WorldError, "127.0.0.1:9");
  assertEquals(error.kind, "unreachable");
});

Deno.test("cluster: nats: a server on which two writers may both succeed is refused by its version", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using connection = await listener.accept();
    const info = { version: "2.10.26", max_payload: 1_048_576, jetstream: true, proto: 1, headers: true };
    const encoder = new TextEncoder();
    await connection.write(encoder.encode(`INFO ${JSON.stringify(info)}\r\n`));
    const buffer = new Uint8Array(4096);
    while (await connection.read(buffer).catch(() => null) !== null) {
      await connection.write(encoder.encode("PONG\r\n")).catch(() => {});
    }
  })();
  const address = `127.0.0.1:${listener.addr.port}`;
  const error = await assertRejects(() => natsEngine({ world, servers: [address] }), WorldError, "2.10.26");
  assertEquals(error.kind, "invalid-data");
  await serving;
});
