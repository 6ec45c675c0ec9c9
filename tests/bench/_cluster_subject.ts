/**
 * Persistent entities at work, in a process of their own: `_cluster_subject.ts KIND ACTORS UNDER_WAY SECONDS
 * WHERE…` prints one line of JSON. KIND is `sqlite` or `nats`, `bare-sqlite` or `bare-nats` for the same
 * with no actor, or
 * `idle` and `move`.
 *
 * @module
 */
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { cpuUsage } from "node:process";
import { DatabaseSync } from "node:sqlite";
import {
  type Engine,
  joinCluster,
  memoryDriver,
  memoryEngine,
  persistent,
  reply,
  sqliteEngine,
} from "../../actors/cluster/mod.ts";
import { composeEngine } from "../../actors/cluster/mod.ts";
import { isUndecided } from "../../actors/cluster/engines/_nats_errors.ts";
import { natsEngine } from "../../actors/cluster/engines/nats.ts";
import { ActorSystem, denoWorld, type Ref } from "../../mod.ts";

const [kind = "", actorsText, underWayText, secondsText, ...where] = Deno.args;
const [actors, underWay, seconds] = [Number(actorsText), Number(underWayText), Number(secondsText)];
const world = denoWorld({ log: { level: "error" } });
const TEXT = "x".repeat(80);
const LIMIT = { timeoutMs: 60_000 };

interface Command {
  readonly type: "say";
  readonly text: string;
  readonly operationId?: string;
  readonly replyTo: Ref<number>;
}

const room = persistent({
  type: "room",
  snapshotEvery: 1000,
  initial: () => 0,
  decide: (count: number, { text, replyTo }: Command) => ({
    events: [{ text }],
    replies: [reply(replyTo, count + 1)],
  }),
  evolve: (count, _: { readonly text: string }) => count + 1,
});

/** What came of a load. */
interface Rate {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Microseconds of CPU of the whole process for each command. */
  readonly cpuUs: number;
}

/** Microseconds of CPU that this process has used. */
function cpuUs(): number {
  const { user, system } = cpuUsage();
  return user + system;
}

/** Runs `once` over and over, so many at a time, for a while; the first second does not count. */
async function rate(once: (n: number) => Promise<unknown>): Promise<Rate> {
  const warmUntil = performance.now() + Math.min(1000, seconds * 300);
  const endsAt = warmUntil + seconds * 1000;
  const latencies: number[] = [];
  let count = 0;
  let usedBefore: number | undefined;
  await Promise.all(Array.from({ length: underWay }, async () => {
    for (let now = performance.now(); now < endsAt;) {
      await once(count++);
      const done = performance.now();
      if (now >= warmUntil) {
        usedBefore ??= cpuUs();
        latencies.push(done - now);
      }
      now = done;
    }
  }));
  const used = cpuUs() - (usedBefore ?? 0);
  latencies.sort((left, right) => left - right);
  return {
    perSecond: latencies.length / seconds,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    cpuUs: used / latencies.length,
  };
}

async function ours(engine: Engine): Promise<Rate> {
  const system = new ActorSystem("bench", { world });
  const cluster = await joinCluster(system, { engine, types: [room] });
  const refs = Array.from({ length: actors }, (_, n) => cluster.ref(room, `r${n}`));
  // All of them live before it counts, a few hundred at a time.
  for (let from = 0; from < refs.length; from += 500) {
    await Promise.all(refs.slice(from, from + 500).map((ref) => ref.ask({ type: "say", text: TEXT }, LIMIT)));
  }
  const result = await rate((n) =>
    refs[n % actors]?.ask({ type: "say", text: TEXT }, LIMIT) ?? Promise.resolve()
  );
  await cluster.leave();
  await system.stop();
  await engine[Symbol.asyncDispose]();
  return result;
}

function bareSqlite(): Promise<Rate> {
  const database = new DatabaseSync(where[0] ?? "");
  database.exec(
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" +
      "CREATE TABLE r (key TEXT, seq INTEGER, body TEXT, PRIMARY KEY (key, seq)) WITHOUT ROWID",
  );
  const insert = database.prepare("INSERT INTO r VALUES (?, ?, ?)");
  const seqs = new Array<number>(actors).fill(0);
  let waiting: { actor: number; resolve: () => void }[] = [];
  const flush = () => {
    const group = waiting;
    waiting = [];
    database.exec("BEGIN");
    for (const { actor } of group) insert.run(`r${actor}`, seqs[actor] = (seqs[actor] ?? 0) + 1, TEXT);
    database.exec("COMMIT");
    for (const { resolve } of group) resolve();
  };
  return rate((n) =>
    new Promise<void>((resolve) => {
      if (waiting.push({ actor: n % actors, resolve }) === 1) queueMicrotask(flush);
    })
  );
}

async function bareNats(): Promise<Rate> {
  const connection = await connect({ servers: where.slice(1), noAsyncTraces: true });
  const js = jetstream(connection);
  const lasts = new Array<number>(actors).fill(0);
  const turns = new Array<Promise<void>>(actors).fill(Promise.resolve());
  // The runs before this one have left their subjects on the same server.
  const run = crypto.randomUUID();
  const engine = await natsEngine({
    world,
    servers: where.slice(1),
    name: "bare",
    replicas: Number(where[0]),
  });
  const result = await rate((n) => {
    const actor = n % actors;
    const turn = (turns[actor] ?? Promise.resolve()).then(async () => {
      lasts[actor] = await publishBehind(js, `bare_journal.${run}-r${actor}`, lasts[actor] ?? 0);
    });
    turns[actor] = turn;
    return turn;
  });
  await connection.close();
  await engine[Symbol.asyncDispose]();
  return result;
}

/** Publishes behind a message; again where the leader has the one before still in flight. */
async function publishBehind(js: JetStreamClient, subject: string, last: number): Promise<number> {
  for (;;) {
    try {
      return (await js.publish(subject, TEXT, { expect: { lastSubjectSequence: last } })).seq;
    } catch (error) {
      if (!isUndecided(error)) throw error;
    }
  }
}

/** Bytes of an entity that has nothing to do. */
async function idle(): Promise<{ bytesEach: number }> {
  const engine = memoryEngine({ world });
  const system = new ActorSystem("bench", { world });
  const cluster = await joinCluster(system, { engine, types: [room] });
  const wake = async (from: number, count: number) => {
    for (let n = from; n < from + count; n += 1000) {
      const asks = Array.from(
        { length: 1000 },
        (_, i) => cluster.ref(room, `r${n + i}`).ask({ type: "say", text: "" }, LIMIT),
      );
      await Promise.all(asks);
    }
  };
  await wake(0, 5000);
  const before = used();
  await wake(5000, actors);
  const bytesEach = (used() - before) / actors;
  await cluster.leave();
  await system.stop();
  return { bytesEach };
}

function used(): number {
  const { gc } = globalThis as { readonly gc?: () => void };
  gc?.();
  gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Milliseconds from the death of a host until all of its entities answer elsewhere. */
async function move(): Promise<{ allMs: number; medianMs: number }> {
  const driver = memoryDriver({ world, leaseTtlMs: 2000 });
  const [dying, living, client] = ["dying", "living", "client"].map((name) =>
    new ActorSystem(name, { world })
  );
  if (dying === undefined || living === undefined || client === undefined) throw new Error("no systems");
  // The network of one of them, to be cut.
  let isCut = false;
  const never = () => new Promise<never>(() => {});
  const cut = composeEngine({
    ...driver,
    keys: { ...methods(driver.keys), put: (...args) => isCut ? never() : driver.keys.put(...args) },
    transport: {
      maxBodyBytes: driver.transport.maxBodyBytes,
      ask: (...args) => driver.transport.ask(...args),
      serve: (address, handler, options) =>
        driver.transport.serve(address, (body) => isCut ? never() : handler(body), options),
      publish: (...args) => driver.transport.publish(...args),
      subscribe: (...args) => driver.transport.subscribe(...args),
    },
  }, world);
  const first = await joinCluster(dying, { engine: cut, types: [room], hostId: "dying" });
  const engine = composeEngine(driver, world);
  const asking = await joinCluster(client, { engine, hostId: "client" });
  const refs = Array.from({ length: actors }, (_, n) => asking.ref(room, `r${n}`));
  await Promise.all(refs.map((ref) => ref.ask({ type: "say", text: "" }, LIMIT)));
  const second = await joinCluster(living, { engine, types: [room], hostId: "living" });
  isCut = true;
  const startedAt = performance.now();
  const times = await Promise.all(refs.map(async (ref, n) => {
    const say = { type: "say", text: "", operationId: `move ${n}` } as const;
    for (;;) {
      try {
        await ref.ask(say, { timeoutMs: 30_000 });
        return performance.now() - startedAt;
      } catch {
        // Asked again.
      }
    }
  }));
  times.sort((left, right) => left - right);
  for (const cluster of [asking, second]) await cluster.leave();
  void first;
  return { allMs: times.at(-1) ?? 0, medianMs: times[times.length >> 1] ?? 0 };
}

function methods<K extends ReturnType<typeof memoryDriver>["keys"]>(
  keys: K,
): ReturnType<typeof memoryDriver>["keys"] {
  return {
    leaseTtlMs: keys.leaseTtlMs,
    get: (table, key) => keys.get(table, key),
    put: (table, key, value, revision) => keys.put(table, key, value, revision),
    remove: (table, key, revision) => keys.remove(table, key, revision),
    list: (table) => keys.list(table),
  };
}

function measured(): Promise<object> {
  switch (kind) {
    case "sqlite":
      return ours(sqliteEngine({ world, file: where[0] ?? "" }));
    case "bare-sqlite":
      return bareSqlite();
    case "nats":
      return natsEngine({
        world,
        servers: where.slice(1),
        replicas: Number(where[0]),
        name: `b${actors}x${underWay}`,
        // A busy machine costs no lease.
        leaseTtlMs: 10_000,
      })
        .then(ours);
    case "bare-nats":
      return bareNats();
    case "idle":
      return idle();
    case "move":
      return move();
    default:
      throw new TypeError(`no kind ${kind}`);
  }
}

console.log(JSON.stringify(await measured()));
Deno.exit(0);
