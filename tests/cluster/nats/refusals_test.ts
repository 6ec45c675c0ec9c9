import { DiscardPolicy, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { natsEngine } from "../../../actors/cluster/engines/nats.ts";
import { type Cluster, type EntityType, joinCluster } from "../../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld, WorldError } from "../../../mod.ts";
import { until } from "../../_helpers.ts";
import { type CounterCommand, counterType } from "../_counter.ts";
import { hasNats, NatsServers } from "./_servers.ts";

const ignore = !await hasNats();
const LIMIT = { timeoutMs: 60_000 };

/** A cluster of one host on a real server, whose log is kept. */
async function stage(stack: AsyncDisposableStack, leaseTtlMs = 60_000) {
  const servers = stack.use(await NatsServers.start(1));
  let said = "";
  const world = denoWorld({ log: { level: "warn", write: (lines) => void (said += lines) } });
  // Long enough for no lease to be lost while a server is restored.
  const engine = stack.use(await natsEngine({ world, servers: servers.addresses, leaseTtlMs }));
  const system = stack.use(new ActorSystem("host", { world }));
  const counter = counterType();
  const cluster = stack.use(await joinCluster(system, { engine, types: [counter], drainMs: 1000 }));
  return { servers, engine, counter, cluster, log: () => said };
}

/** What an operator has. */
async function operator(stack: AsyncDisposableStack, servers: NatsServers, name = "troupe_journal") {
  const connection = await connect({ servers: servers.addresses });
  stack.defer(() => connection.close());
  const { streams } = await jetstreamManager(connection);
  return {
    info: () => streams.info(name),
    change: async (change: Partial<StreamConfig>) => {
      const { config } = await streams.info(name);
      await streams.update(name, { ...config, ...change });
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

Deno.test(
  { name: "cluster: nats: a journal that drops what was acknowledged is refused by name", ignore },
  async () => {
    await using stack = new AsyncDisposableStack();
    const { servers } = await stage(stack);
    const { change } = await operator(stack, servers);
    const world = denoWorld({ log: { level: "error", write: () => {} } });
    const day = 24 * 3600 * 1e9;
    const wrong: [Partial<StreamConfig>, string][] = [
      [{ max_msgs_per_subject: 1 }, "max_msgs_per_subject 1 instead of max_msgs_per_subject -1"],
      [{ max_msgs_per_subject: -1, max_age: day }, "max_age 86400000 instead of max_age 0"],
    ];
    for (const [config, text] of wrong) {
      await change(config);
      const refused = () => natsEngine({ world, servers: servers.addresses, leaseTtlMs: 60_000 });
      await assertRejects(
        refused,
        WorldError,
        `Cannot use the stream troupe_journal: it was made with ${text}`,
      );
    }
  },
);

Deno.test({
  name: "cluster: nats: while the places are full, the log says why no entity comes to life",
  ignore,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const { servers, counter, cluster, log } = await stage(stack);
  const { info, change } = await operator(stack, servers, "troupe_places");
  const add = adder(cluster, counter, "visits");
  assertEquals(await add("one"), 1);
  await change({ max_msgs: (await info()).state.messages });
  const other = adder(cluster, counter, "other")("one");
  await until(() => log().includes("Cannot place an entity"), "the log to say so");
  assertMatch(log(), /\[WARN\] Cannot place an entity: .*takes no writes \(maximum messages exceeded\)/);
  // What is placed already is none the worse, and what waits comes to life once there is room.
  assertEquals(await add("two"), 2);
  await change({ max_msgs: -1 });
  assertEquals(await other, 1);
});

/** How long a lease is, and what is waited for while the server is down. */
const DOWN: readonly (readonly [string, number, (cluster: Cluster) => boolean])[] = [
  ["within the lease", 60_000, () => true],
  ["when the lease is lost", 2000, (cluster) => cluster.host === undefined],
];

for (const [when, leaseTtlMs, isOver] of DOWN) {
  Deno.test({
    name: `cluster: nats: a journal that goes back under a host, ${when}, is said and goes on from there`,
    ignore,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const { servers, engine, counter, cluster, log } = await stage(stack, leaseTtlMs);
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
    await stopped(async () => {
      await servers.restore(0);
      await until(() => isOver(cluster), "the lease");
    });
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
}
