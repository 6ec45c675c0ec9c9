import { assertEquals, assertRejects } from "@std/assert";
import { limitsOf, portDriver, serveDriver } from "../../actors/cluster/engines/ports.ts";
import {
  composeEngine,
  type Driver,
  joinCluster,
  memoryDriver,
  persistent,
  reply,
  WriteRefused,
} from "../../actors/cluster/mod.ts";
import { ActorSystem, AskFailed, denoWorld, type Ref } from "../../mod.ts";
import { counterType } from "./_counter.ts";

const world = denoWorld({ log: { level: "error", write: () => {} } });
const LIMIT = { timeoutMs: 60_000 };

/** A driver with these records in the place of its own. */
function refusing(driver: Driver, refused: Partial<Driver["records"]>): Driver {
  const { records } = driver;
  return {
    ...driver,
    records: {
      maxRecordBytes: records.maxRecordBytes,
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      append: (...args) => records.append(...args),
      trim: (...args) => records.trim(...args),
      writeSnapshot: (...args) => records.writeSnapshot(...args),
      ...refused,
    },
  };
}

Deno.test("cluster: a snapshot for which there is no room costs nothing: the journal has it all", async () => {
  let refused = 0;
  const memory = memoryDriver({ world, leaseTtlMs: 60_000 });
  const driver = refusing(memory, {
    writeSnapshot: (key) => (refused++, Promise.reject(new WriteRefused(key, "maximum bytes exceeded"))),
  });
  await using engine = composeEngine(driver, world);
  await using system = new ActorSystem("one", { world });
  const counter = counterType({ snapshotEvery: 2 });
  await using cluster = await joinCluster(system, { engine, types: [counter] });
  const visits = cluster.ref(counter, "visits");
  for (let n = 1; n <= 10; n++) assertEquals(await visits.ask({ type: "add", by: 1 }, LIMIT), n);
  // A log that was poisoned by it would be opened again, with a fence each time.
  assertEquals([refused > 1, cluster.metrics.replays, cluster.metrics.unknownOutcomes], [true, 1, 0]);
});

Deno.test("cluster: that there is no room crosses from the thread that keeps the journals", async () => {
  const { threads } = world;
  if (threads === undefined) throw new TypeError("Deno has threads");
  const kept = refusing(memoryDriver({ world, leaseTtlMs: 60_000 }), {
    append: (key) => Promise.reject(new WriteRefused(key, "maximum bytes exceeded")),
  });
  const [near, far] = threads.channel();
  serveDriver(kept, far, world);
  await using driver = portDriver({ world, port: near, limits: limitsOf(kept) });
  await assertRejects(
    () => driver.records.append("key", 0, "body"),
    WriteRefused,
    "Cannot write key: the engine takes no writes (maximum bytes exceeded)",
  );
  far.close();
});

type Command = { readonly what: "make"; readonly replyTo: Ref<string> };

const NO_STATES: readonly (readonly [string, unknown, string])[] = [
  ["a promise", Promise.resolve(1), "a promise"],
  ["a generator", (function* () {})(), "a generator"],
];

for (const [name, state, text] of NO_STATES) {
  for (const where of ["initial", "evolve"]) {
    Deno.test(`persistent: ${where} that gives ${name} makes no state: whoever asks is told so, and nothing is kept`, async () => {
      await using system = new ActorSystem("one", { world });
      await using engine = composeEngine(memoryDriver({ world, leaseTtlMs: 60_000 }), world);
      const type = persistent({
        type: "wrong",
        initial: (): unknown => where === "initial" ? state : 0,
        decide: (_: unknown, { replyTo }: Command) => ({
          events: ["made"],
          replies: [reply(replyTo, "made")],
        }),
        evolve: (): unknown => state,
      });
      await using cluster = await joinCluster(system, { engine, types: [type] });
      const asked = () => cluster.ref(type, "1").ask({ what: "make" }, LIMIT);
      const error = await assertRejects(asked, AskFailed);
      assertEquals(
        String(error.cause).includes(`Cannot make a state of wrong: it is ${text}`) ||
          String(error.cause).includes("Cannot replay wrong/1"),
        true,
        String(error.cause),
      );
      const { commits } = await engine.journal.read({ type: "wrong", id: "1" });
      assertEquals(commits.flatMap(({ entries }) => entries), []);
    });
  }
}
