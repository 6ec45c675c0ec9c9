import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Cluster,
  composeEngine,
  type Driver,
  type Engine,
  type EntityType,
  joinCluster,
  JournalDamaged,
  memoryDriver,
  memoryEngine,
  OutcomeUnknown,
  persistent,
  reply,
  sqliteEngine,
} from "../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld, type Ref, topic, type World } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";
import { losingAnswers } from "./contract/_losing_answers.ts";
import { counterType } from "./_counter.ts";

const world: World = denoWorld({ log: { level: "error" } });
const quiet: World = denoWorld({ log: { level: "error", write: () => {} } });
const LIMIT = { timeoutMs: 60_000 };
/** A lease that a machine which stalls does not lose. */
const LOCAL = { world, leaseTtlMs: 60_000 };

/** A host on an engine: its system and its cluster, ended together. */
async function host(
  engine: Engine,
  types: readonly EntityType<never>[],
  hostId: string,
  hostWorld = world,
): Promise<Cluster> {
  const system = new ActorSystem(hostId, { world: hostWorld });
  const cluster = await joinCluster(system, { engine, types, hostId });
  return endedWith(cluster, () => system.stop());
}

/** A cluster that ends something else with itself. */
function endedWith(cluster: Cluster, end: () => Promise<void>): Cluster {
  const leave = () => cluster.leave();
  return new Proxy(cluster, {
    get(target, key) {
      if (key === Symbol.asyncDispose) return () => leave().then(end);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const counter = counterType();

Deno.test("persistent: what was answered is there after the process has gone", async () => {
  await using directory = await tempDirectory();
  const file = directory.file("entities.sqlite");
  {
    await using engine = sqliteEngine({ ...LOCAL, file });
    await using cluster = await host(engine, [counter], "one");
    const visits = cluster.ref(counter, "visits");
    assertEquals(await visits.ask({ type: "add", by: 2 }, LIMIT), 2);
    assertEquals(await visits.ask({ type: "add", by: 3 }, LIMIT), 5);
  }
  await using engine = sqliteEngine({ ...LOCAL, file });
  await using cluster = await host(engine, [counter], "one");
  assertEquals(await cluster.ref(counter, "visits").ask({ type: "get" }, LIMIT), 5);
  assertEquals(await cluster.ref(counter, "others").ask({ type: "get" }, LIMIT), 0);
});

Deno.test("persistent: nothing is answered before it is durable, reads of it neither", async () => {
  const driver = memoryDriver(LOCAL);
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let appends = 0;
  const slow: Driver = {
    ...driver,
    records: {
      maxRecordBytes: driver.records.maxRecordBytes,
      read: (key) => driver.records.read(key),
      tail: (key) => driver.records.tail(key),
      trim: (key, seq) => driver.records.trim(key, seq),
      writeSnapshot: (key, revision, snapshot) => driver.records.writeSnapshot(key, revision, snapshot),
      async append(key, tail, body) {
        // The first is the fence.
        if (++appends > 1) {
          asked.resolve();
          await gate.promise;
        }
        return await driver.records.append(key, tail, body);
      },
    },
  };
  await using cluster = await host(composeEngine(slow, world), [counter], "one");
  const visits = cluster.ref(counter, "visits");
  const answers: string[] = [];
  const adding = visits.ask({ type: "add", by: 2 }, LIMIT).then((count) => answers.push(`added ${count}`));
  await asked.promise;
  const reading = visits.ask({ type: "get" }, LIMIT).then((count) => answers.push(`read ${count}`));
  const more = visits.ask({ type: "add", by: 1 }, LIMIT).then((count) => answers.push(`added ${count}`));
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  assertEquals(answers, []);
  gate.resolve();
  await Promise.all([adding, reading, more]);
  assertEquals(answers, ["added 2", "read 2", "added 3"]);
  assertEquals(cluster.metrics.committedCommands, 2);
});

Deno.test("persistent: an operation that is sent again is not carried out again, and answered as before", async () => {
  await using engine = memoryEngine(LOCAL);
  const snapshotting = counterType({ snapshotEvery: 2 });
  const add = { type: "add", by: 2, operationId: "first" } as const;
  {
    await using cluster = await host(engine, [snapshotting], "one");
    const visits = cluster.ref(snapshotting, "visits");
    assertEquals(await Promise.all([visits.ask(add, LIMIT), visits.ask(add, LIMIT)]), [2, 2]);
    assertEquals(await visits.ask({ ...add, operationId: "second" }, LIMIT), 4);
    assertEquals(await visits.ask({ ...add, operationId: "third" }, LIMIT), 6);
    assertEquals(cluster.metrics.repeatedOperations, 1);
  }
  // Also by the owner that comes after, out of the snapshot and out of the commits behind it.
  assert((await engine.journal.read({ type: "counter", id: "visits" })).snapshot !== undefined);
  await using cluster = await host(engine, [snapshotting], "two");
  const visits = cluster.ref(snapshotting, "visits");
  assertEquals(await visits.ask(add, LIMIT), 2);
  assertEquals(await visits.ask({ ...add, operationId: "third" }, LIMIT), 6);
  assertEquals(await visits.ask({ type: "get" }, LIMIT), 6);
});

Deno.test("persistent: a write whose answer is lost is looked up, and happens once", async () => {
  const driver = losingAnswers(memoryDriver(LOCAL));
  await using cluster = await host(composeEngine(driver, world), [counter], "one", quiet);
  const visits = cluster.ref(counter, "visits");
  assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), 1);
  driver.loseNext = true;
  const sums = await Promise.all([1, 1, 1].map((by) => visits.ask({ type: "add", by }, LIMIT)));
  assertEquals(sums, [2, 3, 4]);
  assertEquals(await visits.ask({ type: "get" }, LIMIT), 4);
  assertEquals(cluster.metrics.unknownOutcomes, 1);
});

Deno.test("persistent: an owner that was fenced gives way, and who asked is answered by the next", async () => {
  const driver = memoryDriver(LOCAL);
  const engine = composeEngine(driver, world);
  await using one = await host(engine, [counter], "one", quiet);
  const visits = one.ref(counter, "visits");
  assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), 1);
  // Another host took it over, as it does when this one was frozen, and wrote.
  const place = await driver.keys.get("places", "counter.visits");
  const epoch = await driver.keys.put("places", "counter.visits", "gone long-ago", place?.revision ?? 0);
  const { log } = await engine.journal.open({ type: "counter", id: "visits" }, epoch);
  await log.append([{ events: [{ by: 10 }] }]);
  assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), 12);
  assertEquals(one.metrics.fencedWrites, 1);
  assert(await visits.ask({ type: "epoch" }, LIMIT) > epoch);
});

Deno.test("persistent: what decide throws is the answer, and nothing has happened", async () => {
  await using engine = memoryEngine(LOCAL);
  await using cluster = await host(engine, [counter], "one");
  const visits = cluster.ref(counter, "visits");
  const failed = await assertRejects(() => visits.ask({ type: "fail" }, LIMIT), AskFailed);
  assert(failed.cause instanceof RangeError);
  assertEquals(failed.cause.message, "not today");
  assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), 1);
});

Deno.test("persistent: what cannot cross to another host is refused where it is told, by its place", async () => {
  await using engine = memoryEngine(LOCAL);
  await using cluster = await host(engine, [counter], "one");
  const visits = cluster.ref(counter, "visits");
  const rogue = { type: "add", by: 1, more: [{ done: () => {} }] } as const;
  // @ts-expect-error -- no field of the command
  await assertRejects(() => visits.ask(rogue, LIMIT), TypeError, "value.more.0.done");
  class Money {
    readonly cents = 1;
  }
  // @ts-expect-error -- no command
  assertThrows(() => visits.tell({ type: "get", money: new Money() }), TypeError, "value.money");
  // @ts-expect-error -- a function is in the command, which is said at the definition
  persistent({
    type: "thing",
    initial: () => 0,
    decide: (_: number, __: { f: () => void }) => {},
    evolve: (n) => n,
  });
  assertThrows(() => cluster.ref(counter, ""), TypeError, "1 to 128 bytes");
  assertThrows(() => cluster.ref(counter, "ü".repeat(65)), TypeError, "1 to 128 bytes");
});

Deno.test("persistent: an entity over its limit refuses the command that is too large, and no other", async () => {
  await using engine = memoryEngine({ ...LOCAL, maxBytes: 2000 });
  const notes = persistent({
    type: "notes",
    initial: () => 0,
    decide: (count: number, { text, replyTo }: { text: string; replyTo: Ref<number> }) => ({
      events: [{ text }],
      replies: [reply(replyTo, count + 1)],
    }),
    evolve: (count, _: { text: string }) => count + 1,
  });
  await using cluster = await host(engine, [notes], "one");
  const mine = cluster.ref(notes, "mine");
  const texts = ["small", "x".repeat(1500), "y".repeat(1500), "z".repeat(3000), "small again"];
  const answers = await Promise.allSettled(texts.map((text) => mine.ask({ text }, LIMIT)));
  assertEquals(
    answers.map((answer) => answer.status === "fulfilled" ? answer.value : String(answer.reason.cause.name)),
    [1, 2, 3, "RangeError", 4],
  );
});

Deno.test("persistent: events of an older version are what upcast makes of them", async () => {
  await using engine = memoryEngine(LOCAL);
  const old = persistent({
    type: "note",
    initial: () => "",
    decide: (_: string, { text, replyTo }: { text: string; replyTo: Ref<string> }) => ({
      events: [{ v: 1, said: text }],
      replies: [reply(replyTo, text)],
    }),
    evolve: (_, event: { v: number; said: string }) => event.said,
  });
  {
    await using cluster = await host(engine, [old], "one");
    await cluster.ref(old, "mine").ask({ text: "hello" }, LIMIT);
  }
  const today = persistent({
    type: "note",
    initial: () => [] as readonly string[],
    upcast: (stored) => ({ words: (stored as { said: string }).said.split(" ") }),
    decide: (words: readonly string[], { replyTo }: { replyTo: Ref<readonly string[]> }) => ({
      replies: [reply(replyTo, words)],
    }),
    evolve: (words, event: { words: readonly string[] }) => [...words, ...event.words],
  });
  await using cluster = await host(engine, [today], "two");
  assertEquals(await cluster.ref(today, "mine").ask({}, LIMIT), ["hello"]);
});

Deno.test("persistent: a journal that cannot be replayed is said to who asks, and left as it is", async () => {
  const driver = memoryDriver(LOCAL);
  await driver.records.append("counter.visits", 0, `{"epoch":1,"previous":0,"entries":[{"e":[]}]}`);
  await driver.records.append("counter.visits", 1, `{"epoch":1,"previous":7,"entries":[]}`);
  const before = await driver.records.read("counter.visits");
  await using cluster = await host(composeEngine(driver, world), [counter], "one", quiet);
  const failed = await assertRejects(
    () => cluster.ref(counter, "visits").ask({ type: "get" }, LIMIT),
    AskFailed,
  );
  assert(failed.cause instanceof JournalDamaged);
  assertEquals(await driver.records.read("counter.visits"), before);
});

Deno.test("cluster: an entity sleeps when it is told nothing, and wakes with all that it was", async () => {
  await using engine = memoryEngine(LOCAL);
  const sleepy = counterType({ idleTimeoutMs: 1 });
  await using cluster = await host(engine, [sleepy], "one");
  const visits = cluster.ref(sleepy, "visits");
  assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), 1);
  while (cluster.metrics.passivations === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  while (await cluster.where(sleepy, "visits") !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(cluster.localEntities, []);
  assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), 2);
  assertEquals(cluster.metrics.activations, 2);
});

Deno.test("persistent: an entity that only wakes and sleeps does not grow its journal without end", async () => {
  const driver = memoryDriver(LOCAL);
  const engine = composeEngine(driver, world);
  const small = counterType({ snapshotEvery: 5 });
  await using cluster = await host(engine, [small], "one");
  const records = async () => (await driver.records.read("counter.visits")).records.length;
  assertEquals(await cluster.ref(small, "visits").ask({ type: "add", by: 7 }, LIMIT), 7);
  for (let life = 2; life < 20; life++) {
    await cluster.leave();
    await using next = await host(engine, [small], `host-${life}`);
    assertEquals(await next.ref(small, "visits").ask({ type: "get" }, LIMIT), 7);
  }
  assert(await records() < 10, `${await records()} records`);
});

Deno.test("cluster: an entity lives once, its answers cross hosts, and it moves when its host leaves", async () => {
  await using engine = memoryEngine(LOCAL);
  await using one = await host(engine, [counter], "one");
  const client = await host(engine, [], "client");
  await using _client = client;
  const ids = Array.from({ length: 20 }, (_, n) => `c ${n}/ü`);
  for (const id of ids) assertEquals(await client.ref(counter, id).ask({ type: "add", by: 1 }, LIMIT), 1);
  assertEquals(one.localEntities.length, 20);
  await using two = await host(engine, [counter], "two");
  // While they move, nothing that is sent is lost.
  const sums = Promise.all(
    ids.flatMap((id) => [1, 2, 3].map(() => client.ref(counter, id).ask({ type: "add", by: 1 }, LIMIT))),
  );
  await one.leave();
  assertEquals((await sums).toSorted(), ids.flatMap(() => [2, 3, 4]).toSorted());
  for (const id of ids) assertEquals(await client.ref(counter, id).ask({ type: "get" }, LIMIT), 4);
  assertEquals(two.localEntities.length, 20);
  assertEquals((await client.where(counter, ids[0] ?? ""))?.owner.id, "two");
  assertEquals((await client.hosts()).map(({ id }) => id).toSorted(), ["client", "two"]);
});

Deno.test("cluster: a system that stops without leaving gives its lease up, and keeps what it answered", async () => {
  await using engine = memoryEngine(LOCAL);
  const system = new ActorSystem("one", { world });
  const one = await joinCluster(system, { engine, types: [counter], hostId: "one" });
  assertEquals(await one.ref(counter, "visits").ask({ type: "add", by: 1 }, LIMIT), 1);
  await system.stop();
  // Its lease would have lasted for a minute.
  await using two = await host(engine, [counter], "two");
  assertEquals(await two.ref(counter, "visits").ask({ type: "get" }, LIMIT), 1);
  await one.leave();
});

Deno.test("cluster: a reference in a message is good on the host that it comes to", async () => {
  await using engine = memoryEngine(LOCAL);
  type Command = { readonly tell: Ref<{ readonly from: string }> };
  const greeter = persistent({
    type: "greeter",
    initial: () => 0,
    decide: (_: number, { tell }: Command, { id }) => ({ replies: [reply(tell, { from: id })] }),
    evolve: (state: number, _: never) => state,
  });
  await using _one = await host(engine, [greeter], "one");
  const system = new ActorSystem("client", { world });
  await using cluster = await joinCluster(system, { engine });
  const heard: string[] = [];
  const done = Promise.withResolvers<void>();
  const ear = system.spawn<{ readonly from: string }>("ear", () => ({ from }) => {
    heard.push(from);
    if (heard.length === 3) done.resolve();
  });
  for (const id of ["a", "b", "c"]) cluster.ref(greeter, id).tell({ tell: ear });
  await done.promise;
  assertEquals(heard.toSorted(), ["a", "b", "c"]);
  await cluster.leave();
  await system.stop();
});

Deno.test("cluster: what is published on a topic reaches the subscribers of all hosts, in order", async () => {
  await using engine = memoryEngine(LOCAL);
  await using one = await host(engine, [], "one");
  await using two = await host(engine, [], "two");
  const news = topic<{ readonly n: number }>("news of the day");
  const heard: [number[], number[]] = [[], []];
  const done = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const listen = (list: number[], end: () => void) => ({ n }: { readonly n: number }) => {
    if (list.push(n) === 10) end();
  };
  await using _one = await one.subscribe(news, listen(heard[0], done[0].resolve));
  await using _two = await two.subscribe(news, listen(heard[1], done[1].resolve));
  for (let n = 0; n < 10; n++) two.publish(news, { n });
  await Promise.all(done.map(({ promise }) => promise));
  assertEquals(heard, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
});

Deno.test("cluster: a type that no host runs is said to who asks, once there is no more time", async () => {
  await using engine = memoryEngine(LOCAL);
  await using cluster = await host(engine, [], "one");
  const error = await assertRejects(() =>
    cluster.ref(counter, "visits").ask({ type: "get" }, { timeoutMs: 100 })
  );
  assert(error instanceof Error && error.name === "AskTimeout", String(error));
  assert(!(error instanceof OutcomeUnknown));
});
