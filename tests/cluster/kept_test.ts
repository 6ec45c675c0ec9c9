/**
 * What a persistent entity is told to keep, and cannot: whoever asked hears why, and it goes on.
 */
import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import {
  composeEngine,
  decodeValue,
  type Driver,
  encodeValue,
  type Engine,
  type EntityType,
  joinCluster,
  memoryDriver,
  memoryEngine,
  persistent,
  reply,
} from "../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld, type Ref } from "../../mod.ts";
import { counterType } from "./_counter.ts";

const world = denoWorld({ log: { level: "error", write: () => {} } });
const LIMIT = { timeoutMs: 60_000 };

class Money {
  readonly pence = 5;
}

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)];
}

type Command = {
  readonly type: "keep" | "say" | "list";
  readonly what?: string;
  readonly operationId?: string;
  readonly replyTo: Ref<unknown>;
};

/** Keeps, or answers with, what its caller has put under a name. */
function keeper(things: ReadonlyMap<string, unknown>): EntityType<Command> {
  return persistent({
    type: "keeper",
    initial: (): unknown[] => [],
    decide: (kept: unknown[], { type, what = "", replyTo }: Command) => {
      const thing = what === "the asker" ? replyTo : things.get(what);
      if (type === "list") return { replies: [reply(replyTo, kept.length)] };
      if (type === "say") return { events: [what], replies: [reply(replyTo, thing)] };
      return { events: [thing], replies: [reply(replyTo, kept.length + 1)] };
    },
    evolve: (kept: unknown[], event: unknown) => [...kept, event],
  });
}

/** Runs something with an entity on a host of its own. */
async function withKeeper<T>(
  engine: Engine,
  things: ReadonlyMap<string, unknown>,
  run: (ask: (command: Omit<Command, "replyTo">) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  await using system = new ActorSystem("keeper", { world });
  const type = keeper(things);
  await using cluster = await joinCluster(system, { engine, types: [type] });
  const ref = cluster.ref(type, "a");
  return await run((command) => ref.ask(command, LIMIT));
}

for (
  const [name, thing, place] of [
    ["the asker's address", undefined, "a reference, which is no lasting name"],
    ["an instance of a class", new Money(), "an instance of a class"],
    ["a function", () => {}, "a function"],
    [
      "a list that JSON would write as another",
      Object.assign([1], { toJSON: () => "x" }),
      "a form of its own",
    ],
    ["what is too deep", deep(150), "deeper than 100 levels"],
    ["what is too deep with the record around it", deep(99), "deeper than 100 levels"],
  ] as const
) {
  const what = thing === undefined ? "the asker" : name;
  for (const operationId of [undefined, "once"]) {
    const once = operationId === undefined ? "" : ", as an operation";
    Deno.test(`persistent: an event that holds ${name}${once} is a failed command, and no record`, async () => {
      await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
      await withKeeper(engine, new Map([[name, thing], ["good", 1]]), async (ask) => {
        const operation = operationId === undefined ? {} : { operationId };
        const error = await assertRejects(() => ask({ type: "keep", what, ...operation }), AskFailed);
        assertInstanceOf(error.cause, TypeError);
        assertStringIncludes(error.cause.message, place);
        assertEquals(await ask({ type: "keep", what: "good" }), 1);
      });
      const { commits } = await engine.journal.read({ type: "keeper", id: "a" });
      assertEquals(commits.filter(({ entries }) => entries.length > 0).length, 1);
    });
  }
}

Deno.test("persistent: an answer that is to be remembered and cannot be kept is a failed command", async () => {
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await withKeeper(engine, new Map([["money", new Money()]]), async (ask) => {
    for (const what of ["the asker", "money"]) {
      const error = await assertRejects(() => ask({ type: "say", what, operationId: what }), AskFailed);
      assertInstanceOf(error.cause, TypeError);
    }
    assertEquals(await ask({ type: "list" }), 0);
  });
});

Deno.test("persistent: what was acknowledged can be read in the next life, whatever it was", async () => {
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  const things = new Map<string, unknown>([
    ["no date", new Date(NaN)],
    ["no number", NaN],
    ["a hole", Object.assign([1], { 2: 3 })],
    ["a mark", { $: undefined, a: 1 }],
    ["a true mark", { $: "date", v: "x" }],
    ["half a pair", "\ud800"],
    ["a proto", JSON.parse('{"__proto__": 1, "constructor": [2]}')],
  ]);
  for (const [what, thing] of things) {
    await withKeeper(engine, things, (ask) => ask({ type: "keep", what }));
    const read = decodeValue(encodeValue(thing));
    // A field that is undefined is no field, and a hole is an undefined one.
    if (what !== "a hole" && what !== "a mark") assertEquals(read, thing, what);
  }
  assertEquals(decodeValue(encodeValue({ $: undefined, a: 1 })), { a: 1 });
  assertEquals(await withKeeper(engine, things, (ask) => ask({ type: "list" })), things.size);
});

const pause = (ms: number) => new Promise<void>((resolve) => void world.clock.timer(ms, resolve));

/** A driver that writes records in a way of its own. */
function withRecords(driver: Driver, own: Partial<Driver["records"]>): Driver {
  const { records } = driver;
  return {
    ...driver,
    records: {
      maxRecordBytes: records.maxRecordBytes,
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      trim: (key, seq) => records.trim(key, seq),
      append: (...args) => records.append(...args),
      writeSnapshot: (...args) => records.writeSnapshot(...args),
      ...own,
    },
  };
}

Deno.test("persistent: a snapshot that takes long is no newer owner to the next", async () => {
  const memory = memoryDriver({ world, leaseTtlMs: 60_000 });
  const slow = withRecords(memory, {
    async writeSnapshot(...args) {
      await pause(5);
      return await memory.records.writeSnapshot(...args);
    },
  });
  await using engine = composeEngine(slow, world);
  await using system = new ActorSystem("keeper", { world });
  const counter = counterType({ snapshotEvery: 1 });
  const cluster = await joinCluster(system, { engine, types: [counter] });
  const ref = cluster.ref(counter, "a");
  for (let count = 1; count <= 30; count++) {
    assertEquals(await ref.ask({ type: "add", by: 1 }, LIMIT), count);
    if (count % 10 === 0) await pause(20);
  }
  await cluster.leave();
  assertEquals([cluster.metrics.fencedWrites, cluster.metrics.activations], [0, 1]);
});

Deno.test("persistent: what the server takes as too large is a failed command, as what the engine does", async () => {
  const memory = memoryDriver({ world, leaseTtlMs: 60_000 });
  const small = withRecords(memory, {
    append(key, tail, body) {
      if (body.length > 2000) return Promise.reject(new RangeError("too large for the server"));
      return memory.records.append(key, tail, body);
    },
  });
  await using engine = composeEngine(small, world);
  const things = new Map<string, unknown>([["large", "x".repeat(3000)], ["small", 1]]);
  await withKeeper(engine, things, async (ask) => {
    for (let tries = 0; tries < 3; tries++) {
      const error = await assertRejects(() => ask({ type: "keep", what: "large" }), AskFailed);
      assertInstanceOf(error.cause, RangeError);
    }
    assertEquals(await ask({ type: "keep", what: "small" }), 1);
  });
  const { commits } = await engine.journal.read({ type: "keeper", id: "a" });
  assertEquals(commits.filter(({ entries }) => entries.length > 0).length, 1);
});

for (const where of ["initial", "started"] as const) {
  Deno.test(`persistent: what ${where} throws is the answer to whoever asks`, async () => {
    await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
    const failing = () => {
      throw new RangeError("not today");
    };
    const type = persistent({
      type: "failing",
      initial: where === "initial" ? failing : () => 0,
      ...(where === "started" && { started: failing }),
      decide: (_count: number, { replyTo }: { readonly type: "get"; readonly replyTo: Ref<number> }) => ({
        replies: [reply(replyTo, 1)],
      }),
      evolve: (count: number) => count,
    });
    await using system = new ActorSystem("failing", { world });
    await using cluster = await joinCluster(system, { engine, types: [type] });
    const error = await assertRejects(() => cluster.ref(type, "a").ask({ type: "get" }, LIMIT), AskFailed);
    assertStringIncludes(String(error.cause), "not today");
  });
}
