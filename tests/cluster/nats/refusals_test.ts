import { DiscardPolicy, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { natsEngine } from "../../../actors/cluster/engines/nats.ts";
import { type Cluster, type EntityType, joinCluster } from "../../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld } from "../../../mod.ts";
import { until } from "../../_helpers.ts";
import { type CounterCommand, counterType } from "../_counter.ts";
import { hasNats, NatsServers } from "./_servers.ts";

const ignore = !await hasNats();
const LIMIT = { timeoutMs: 60_000 };

/** A cluster of one host on a real server, whose log is kept. */
async function stage(stack: AsyncDisposableStack) {
  const servers = stack.use(await NatsServers.start(1));
  let said = "";
  const world = denoWorld({ log: { level: "warn", write: (lines) => void (said += lines) } });
  // Long enough for no lease to be lost while a server is restored.
  const engine = stack.use(await natsEngine({ world, servers: servers.addresses, leaseTtlMs: 60_000 }));
  const system = stack.use(new ActorSystem("host", { world }));
  const counter = counterType();
  const cluster = stack.use(await joinCluster(system, { engine, types: [counter], drainMs: 1000 }));
  return { servers, engine, counter, cluster, log: () => said };
}

/** What an operator has. */
async function operator(stack: AsyncDisposableStack, servers: NatsServers) {
  const connection = await connect({ servers: servers.addresses });
  stack.defer(() => connection.close());
  const { streams } = await jetstreamManager(connection);
  return {
    info: () => streams.info("troupe_journal"),
    change: async (change: Partial<StreamConfig>) => {
      const { config } = await streams.info("troupe_journal");
      await streams.update("troupe_journal", { ...config, ...change });
    },
  };
}

function adder(cluster: Cluster, counter: EntityType<CounterCommand>, id: string) {
  return (operationId: string) => cluster.ref(counter, id).ask({ type: "add", by: 1, operationId }, LIMIT);
}

/** Asks again while the engine refuses. */
async function accepted(ask: () => Promise<number>): Promise<number> {
  let answer: number | undefined;
  await until(async () => (answer = await ask().catch(() => undefined)) !== undefined, "an answer");
  if (answer === undefined) throw new Error("Cannot be");
  return answer;
}

const FULL: readonly (readonly [string, "max_bytes" | "max_msgs", "bytes" | "messages"])[] = [
  ["in bytes", "max_bytes", "bytes"],
  ["in messages", "max_msgs", "messages"],
];

for (const [how, bound, count] of FULL) {
  Deno.test({
    name:
      `cluster: nats: a journal that is full ${how} is said to who asks, loses nothing, and goes on when enlarged`,
    ignore,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const { servers, engine, counter, cluster, log } = await stage(stack);
    const { info, change } = await operator(stack, servers);
    const add = adder(cluster, counter, "visits");
    assertEquals([await add("one"), await add("two")], [1, 2]);
    await change({ [bound]: (await info()).state[count] });
    // Those under way together, one that comes after them, and an entity that is to come to life.
    const wanted = `Cannot write counter.visits: the engine takes no writes (maximum ${count} exceeded)`;
    for (const refused of [...["three", "four"].map(add), add("three")]) {
      const error = await assertRejects(() => refused, AskFailed);
      assertEquals(error.cause instanceof Error && error.cause.message, wanted);
    }
    await assertRejects(() => cluster.ref(counter, "other").ask({ type: "get" }, LIMIT), AskFailed);
    assertMatch(log(), /\[WARN\] Cannot open the journal: .*maximum (bytes|messages) exceeded/);
    assertEquals((await engine.journal.read({ type: "counter", id: "visits" })).commits.length, 3);
    await change({ [bound]: -1 });
    assertEquals(await accepted(() => add("three")), 3);
    assertEquals([await add("one"), await add("two"), await add("three"), await add("four")], [1, 2, 3, 4]);
    assertEquals(await accepted(() => cluster.ref(counter, "other").ask({ type: "get" }, LIMIT)), 0);
  });
}

Deno.test(
  { name: "cluster: nats: a journal that is sealed is said to who asks, and is all there", ignore },
  async () => {
    await using stack = new AsyncDisposableStack();
    const { servers, engine, counter, cluster } = await stage(stack);
    const add = adder(cluster, counter, "visits");
    assertEquals([await add("one"), await add("two")], [1, 2]);
    await (await operator(stack, servers)).change({ sealed: true });
    const error = await assertRejects(() => add("three"), AskFailed);
    assertMatch(String(error.cause), /the engine takes no writes \(invalid operation on sealed stream\)/);
    const { commits } = await engine.journal.read({ type: "counter", id: "visits" });
    assertEquals(commits.flatMap(({ entries }) => entries.map(({ operationId }) => operationId)), [
      "one",
      "two",
    ]);
  },
);

Deno.test({
  name:
    "cluster: nats: a journal that an older program made drops nothing for what is new, once a host has come",
  ignore,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const { servers, engine } = await stage(stack);
  const { info, change } = await operator(stack, servers);
  await change({ discard: DiscardPolicy.Old });
  const world = denoWorld({ log: { level: "error", write: () => {} } });
  await using _ = await natsEngine({ world, servers: servers.addresses, leaseTtlMs: 60_000 });
  assertEquals([(await info()).config.discard, engine.isConnected], [DiscardPolicy.New, true]);
});

Deno.test({
  name:
    "cluster: nats: a journal that goes back under a host, as by a restored backup, is said and goes on from there",
  ignore,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const { servers, engine, counter, cluster, log } = await stage(stack);
  const add = adder(cluster, counter, "visits");
  /** While the server is down. */
  const stopped = async (change: () => Promise<void>) => {
    await servers.kill(0);
    await until(() => !engine.isConnected, "the host to notice");
    await change();
    await servers.restart(0);
    await until(() => engine.isConnected, "the host to come back");
  };
  assertEquals([await add("one"), await add("two")], [1, 2]);
  await stopped(() => servers.backUp(0));
  assertEquals([await add("three"), await add("four")], [3, 4]);
  await stopped(() => servers.restore(0));
  // What was decided on the state that is gone is decided again on the one that is there.
  assertEquals(await add("five"), 3);
  assertMatch(log(), /\[ERROR\] The journal of counter\/visits has gone back: record \d+ was durable/);
  assertEquals([await add("one"), await add("two"), await add("three")], [1, 2, 4]);
  const { commits } = await engine.journal.read({ type: "counter", id: "visits" });
  assertEquals(
    commits.flatMap(({ entries }) => entries.map(({ operationId }) => operationId)),
    ["one", "two", "five", "three"],
  );
});
