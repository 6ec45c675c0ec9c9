/**
 * What an entity is given in place of a decision: whoever asked hears so, and nothing ends by it.
 */
import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import {
  composeEngine,
  type Driver,
  joinCluster,
  memoryDriver,
  memoryEngine,
  OutcomeUnknown,
  persistent,
  reply,
} from "../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld, type Ref, topic } from "../../mod.ts";
import { until } from "../_helpers.ts";
import { counterType } from "./_counter.ts";

const LIMIT = { timeoutMs: 60_000 };

interface Command {
  readonly what: string;
  readonly replyTo: Ref<number>;
}

/** A world whose log is kept. */
function listening() {
  const said: string[] = [];
  const world = denoWorld({ log: { level: "warn", write: (lines) => said.push(lines) } });
  return { world, said: () => said.join("") };
}

/** Decisions as a program in JavaScript may give them, and what is said of each. */
const RUBBISH: readonly (readonly [name: string, decision: (to: Ref<number>) => unknown, why: string])[] = [
  ["a number", () => 42, "no decision"],
  ["a text", () => "abc", "no decision"],
  ["a list", () => [1], "no decision"],
  ["null", () => null, "no decision"],
  ["a promise", (to) => Promise.resolve({ events: ["x"], replies: [reply(to, 1)] }), "a promise"],
  ["an instance of a class", () => new Map([["events", ["x"]]]), "no plain object"],
  ["a text as events", (to) => ({ events: "abc", replies: [reply(to, 1)] }), "events that are no array"],
  [
    "a set as events",
    (to) => ({ events: new Set([1, 2]), replies: [reply(to, 1)] }),
    "events that are no array",
  ],
  [
    "one event as events",
    (to) => ({ events: { x: 1 }, replies: [reply(to, 1)] }),
    "events that are no array",
  ],
  ["one reply as replies", (to) => ({ events: ["x"], replies: reply(to, 1) }), "replies that are no array"],
  ["a number as a reply", () => ({ events: ["x"], replies: [42] }), "replies that are no array"],
  [
    "a number as then",
    (to) => ({ events: ["x"], replies: [reply(to, 1)], then: 5 }),
    "then that is no function",
  ],
];

for (const [name, decision, why] of RUBBISH) {
  Deno.test(`persistent: ${name} for a decision is a failed command, and no record`, async () => {
    const { world } = listening();
    await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
    const type = persistent({
      type: "rubbish",
      initial: () => 0,
      // What the compiler would not let through.
      decide: (count: number, { what, replyTo }: Command) =>
        what === "good"
          ? { events: ["good"], replies: [reply(replyTo, count + 1)] }
          : decision(replyTo) as { readonly events: readonly string[] },
      evolve: (count: number, _: string) => count + 1,
    });
    for (const hostId of ["one life", "the next"]) {
      await using system = new ActorSystem("rubbish", { world });
      await using cluster = await joinCluster(system, {
        engine,
        types: [type],
        hostId: hostId.replace(" ", "-"),
      });
      const ref = cluster.ref(type, "a");
      const { cause } = await assertRejects(() => ref.ask({ what: "bad" }, LIMIT), AskFailed);
      assertInstanceOf(cause, TypeError);
      assertStringIncludes(cause.message, why);
      assertEquals(await ref.ask({ what: "good" }, LIMIT), hostId === "one life" ? 1 : 2);
    }
    const { commits } = await engine.journal.read({ type: "rubbish", id: "a" });
    assertEquals(commits.flatMap(({ entries }) => entries).map(({ events }) => events), [["good"], ["good"]]);
  });
}

Deno.test("persistent: a decision that is a promise is an error of the types", () => {
  persistent({
    type: "asynchronous",
    initial: () => 0,
    // @ts-expect-error -- it has to decide at once
    decide: async (count: number, { replyTo }: Command) => ({
      events: [await Promise.resolve("x")],
      replies: [reply(replyTo, count)],
    }),
    evolve: (count: number, _: string) => count + 1,
  });
});

Deno.test("cluster: a promise that then, started or a subscriber gives and breaks is a line in the log", async () => {
  const { world, said } = listening();
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  const fail = async (where: string) => {
    await Promise.resolve();
    throw new RangeError(`broken in ${where}`);
  };
  const type = persistent({
    type: "careless",
    initial: () => 0,
    started: () => fail("started"),
    decide: (count: number, { replyTo }: Command) => ({
      events: ["x"],
      replies: [reply(replyTo, count + 1)],
      then: () => fail("then"),
    }),
    evolve: (count: number, _: string) => count + 1,
  });
  await using system = new ActorSystem("careless", { world });
  await using cluster = await joinCluster(system, { engine, types: [type] });
  const news = topic<string>("news");
  await using _subscription = await cluster.subscribe(news, () => fail("a subscriber"));
  cluster.publish(news, "text");
  const ref = cluster.ref(type, "a");
  assertEquals([await ref.ask({ what: "" }, LIMIT), await ref.ask({ what: "" }, LIMIT)], [1, 2]);
  const lines = ["started", "then", "a subscriber"].map((where) => `broken in ${where}`);
  await until(() => lines.every((line) => said().includes(line)), "the lines in the log");
});

Deno.test("persistent: what decide throws fails its question from another host too, whatever it is", async () => {
  const { world } = listening();
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  const type = persistent({
    type: "thrower",
    initial: () => 0,
    decide: (_: number, { what }: Command) => {
      throw what === "bare" ? Object.create(null) : {
        toString() {
          throw new RangeError("no text");
        },
      };
    },
    evolve: (count: number) => count,
  });
  await using server = new ActorSystem("server", { world });
  await using _ = await joinCluster(server, { engine, types: [type], hostId: "server" });
  await using clients = new ActorSystem("clients", { world });
  await using cluster = await joinCluster(clients, { engine, hostId: "clients" });
  for (const what of ["bare", "own"]) {
    await assertRejects(() => cluster.ref(type, "a").ask({ what }, LIMIT), AskFailed);
  }
});

Deno.test("cluster: why the engine refuses is in the log, and once for all entities that it refuses", async () => {
  const { world, said } = listening();
  const memory = memoryDriver({ world, leaseTtlMs: 60_000 });
  const { records } = memory;
  let refused = 0;
  const full: Driver = {
    ...memory,
    records: {
      maxRecordBytes: records.maxRecordBytes,
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      trim: (...args) => records.trim(...args),
      writeSnapshot: (...args) => records.writeSnapshot(...args),
      append: (key) => {
        refused++;
        const cause = new Error("maximum messages exceeded");
        return Promise.reject(new OutcomeUnknown(`a write of ${key}`, { cause }));
      },
    },
  };
  await using engine = composeEngine(full, world);
  await using system = new ActorSystem("one", { world });
  const counter = counterType();
  await using cluster = await joinCluster(system, { engine, types: [counter], drainMs: 100 });
  const asked = Array.from(
    { length: 50 },
    (_, n) => cluster.ref(counter, `${n}`).ask({ type: "get" }, { timeoutMs: 2000 }).catch(() => {}),
  );
  await until(() => refused >= 150, "all entities to have tried again");
  const lines = said().split("\n").filter((line) => line.includes("Cannot open the journal"));
  assertEquals([lines.length, lines[0]?.includes("maximum messages exceeded")], [1, true]);
  await Promise.all(asked);
});
