/**
 * What cannot go to another host: whoever asked hears why, wherever the entity lives.
 */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { joinCluster, memoryEngine, persistent, placed, reply } from "../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld, type Ref } from "../../mod.ts";

const world = denoWorld({ log: { level: "error", write: () => {} } });
const LIMIT = { timeoutMs: 60_000 };
const MAX_BYTES = 10_000;

class Money {
  readonly pence = 5;
}

const THINGS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["a function", () => {}],
  ["an instance of a class", new Money()],
  ["a symbol", Symbol("s")],
  ["too large", "x".repeat(MAX_BYTES)],
  ["good", "good"],
]);

interface Command {
  readonly what: string;
  readonly replyTo: Ref<unknown>;
}

const TYPES = {
  persistent: persistent({
    type: "persistent",
    initial: () => 0,
    decide: (_: number, { what, replyTo }: Command) => ({ replies: [reply(replyTo, THINGS.get(what))] }),
    evolve: (count: number) => count,
  }),
  "persistent, when it is durable": persistent({
    type: "then",
    initial: () => 0,
    decide: (_: number, { what, replyTo }: Command) => ({ then: () => replyTo.tell(THINGS.get(what)) }),
    evolve: (count: number) => count,
  }),
  placed: placed({
    type: "placed",
    behavior: () => () => ({ what, replyTo }: Command) => replyTo.tell(THINGS.get(what)),
  }),
};

/** Runs something with a host that has the entities, and one that has none. */
async function withHosts(
  run: (
    ask: (host: "near" | "far", type: keyof typeof TYPES, what: string, id?: string) => Promise<unknown>,
  ) => Promise<void>,
) {
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000, maxBytes: MAX_BYTES });
  await using server = new ActorSystem("near", { world });
  await using near = await joinCluster(server, { engine, types: Object.values(TYPES), hostId: "near" });
  await using client = new ActorSystem("far", { world });
  await using far = await joinCluster(client, { engine, hostId: "far" });
  const hosts = { near, far };
  await run((host, type, what, id = "a") => hosts[host].ref(TYPES[type], id).ask({ what }, LIMIT));
}

for (const type of ["persistent", "persistent, when it is durable", "placed"] as const) {
  Deno.test(`cluster: an answer of an entity (${type}) that cannot cross fails its question on every host`, async () => {
    await withHosts(async (ask) => {
      for (const host of ["near", "far"] as const) {
        for (const what of ["a function", "an instance of a class", "a symbol"]) {
          const { cause } = await assertRejects(
            () => ask(host, type, what, what),
            AskFailed,
            undefined,
            `${host}, ${what}`,
          );
          assertInstanceOf(cause, Error);
          assertEquals(
            [cause.name, cause.message.startsWith("Cannot write value")],
            ["TypeError", true],
            `${cause}`,
          );
          assertEquals(await ask(host, type, "good", what), "good");
        }
      }
      const { cause } = await assertRejects(() => ask("far", type, "too large"), AskFailed);
      assertInstanceOf(cause, Error);
      assertEquals([cause.name, cause.message.includes("bytes")], ["RangeError", true], `${cause}`);
    });
  });
}

Deno.test("cluster: a question that is too large for another host fails with its size", async () => {
  await withHosts(async (ask) => {
    assertEquals(await ask("far", "persistent", "good"), "good");
    const { cause } = await assertRejects(() => ask("far", "persistent", "x".repeat(MAX_BYTES)), AskFailed);
    assertInstanceOf(cause, RangeError);
    assertEquals(cause.message.includes(`at most ${MAX_BYTES - 2}`), true, cause.message);
    assertEquals(await ask("far", "persistent", "good"), "good");
  });
});

Deno.test("persistent: a command whose answer cannot cross has not happened", async () => {
  const type = persistent({
    type: "teller",
    initial: () => 0,
    decide: (count: number, { what, replyTo }: Command) =>
      what === "count"
        ? { replies: [reply(replyTo, count)] }
        : { events: [what], replies: [reply(replyTo, THINGS.get(what))] },
    evolve: (count: number, _: string) => count + 1,
  });
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await using system = new ActorSystem("one", { world });
  await using cluster = await joinCluster(system, { engine, types: [type] });
  const teller = cluster.ref(type, "a");
  await assertRejects(() => teller.ask({ what: "a function" }, LIMIT), AskFailed);
  assertEquals(await teller.ask({ what: "count" }, LIMIT), 0);
});
