import { assertEquals } from "@std/assert";
import { EventFeed, FEED_START } from "../../actors/inspect/event_feed.ts";
import type { HostCount, RemoteHost } from "../../actors/inspect/hosts.ts";
import { RemoteCounter } from "../../actors/inspect/remote_counts.ts";

const TOTALS = { actors: 3, handled: 10, waiting: 1, highWater: 4 };
const COUNTS = { failures: 1, deadLetters: 0, restarts: 0, connections: 2, bytesIn: 5, bytesOut: 6 };

/** A thread with a feed of its own, which can be started again. */
class FakeThread {
  readonly #feed = new EventFeed(() => 0);
  readonly host: RemoteHost;

  #isLate = false;

  constructor(name: string, life: number) {
    // Only counts are asked for here.
    const ask: RemoteHost["ask"] = (question) =>
      question.type === "count" && !this.#isLate
        ? Promise.resolve<never>(
          {
            totals: TOTALS,
            counts: COUNTS,
            ...this.#feed.after(question.since),
          } satisfies HostCount as never,
        )
        : Promise.reject(new Error("not asked for"));
    this.host = { name, life, root: "/demo", ask };
  }

  log(message: string): void {
    this.#feed.logged({ level: "info", actor: "/demo", message }, "its own name");
  }

  late(): void {
    this.#isLate = true;
  }
}

Deno.test("inspector: what other threads count is added up, and what happened there is told once, by name", async () => {
  const feed = new EventFeed(() => 0);
  const counter = new RemoteCounter(feed);
  const [one, two] = [new FakeThread("core-1", 1), new FakeThread("core-2", 2)];
  const silent: RemoteHost = {
    name: "core-3",
    life: 3,
    root: "/demo",
    ask: () => Promise.reject(new Error("gone")),
  };
  const hosts = [one.host, two.host, silent];
  const told = () => feed.after(FEED_START).news.log.map(({ host, message }) => `${host}: ${message}`);
  one.log("a");
  two.log("b");
  const { totals, counts } = await counter.count(hosts, false);
  assertEquals(totals, { actors: 6, handled: 20, waiting: 2, highWater: 4 });
  assertEquals([counts.failures, counts.connections, counts.bytesOut], [2, 4, 12]);
  assertEquals(told(), ["core-1: a", "core-2: b"]);
  await counter.count(hosts, false);
  assertEquals(told(), ["core-1: a", "core-2: b"]);
  one.log("c");
  await counter.count(hosts, false);
  assertEquals(told(), ["core-1: a", "core-2: b", "core-1: c"]);
  // A further life begins at nothing: all of it is told, also where it is more than of the one before.
  const next = new FakeThread("core-1", 4);
  for (const message of ["d", "e", "f"]) next.log(message);
  await counter.count([next.host, two.host, silent], false);
  assertEquals(told().slice(3), ["core-1: d", "core-1: e", "core-1: f"]);
});

Deno.test("inspector: what other threads count falls neither while one is late nor when one is started again", async () => {
  const counter = new RemoteCounter(new EventFeed(() => 0));
  const [one, two] = [new FakeThread("core-1", 1), new FakeThread("core-2", 2)];
  const first = await counter.count([one.host, two.host], false);
  one.late();
  assertEquals(await counter.count([one.host, two.host], false), first);
  // What is no sum ends with the life.
  const { totals, counts } = await counter.count([two.host], false);
  assertEquals(totals, { actors: 3, handled: 20, waiting: 1, highWater: 4 });
  assertEquals(counts, {
    failures: 2,
    deadLetters: 0,
    restarts: 0,
    connections: 2,
    bytesIn: 10,
    bytesOut: 12,
  });
  const next = new FakeThread("core-1", 3);
  assertEquals((await counter.count([next.host, two.host], false)).totals.handled, 30);
});
