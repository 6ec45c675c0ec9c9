import { assertEquals } from "@std/assert";
import { EventFeed, FEED_START } from "../../actors/inspect/event_feed.ts";
import type { HostCount, RemoteHost } from "../../actors/inspect/hosts.ts";
import { RemoteCounter } from "../../actors/inspect/remote_counts.ts";

const TOTALS = { actors: 3, handled: 10, waiting: 1, highWater: 4 };
const COUNTS = { failures: 1, deadLetters: 0, restarts: 0, connections: 2, bytesIn: 5, bytesOut: 6 };

/** A thread with a feed of its own, which can be started again. */
class FakeThread {
  #feed = new EventFeed(() => 0);
  readonly host: RemoteHost;

  constructor(name: string) {
    // Only counts are asked for here.
    const ask: RemoteHost["ask"] = (question) =>
      question.type === "count"
        ? Promise.resolve<never>(
          {
            totals: TOTALS,
            counts: COUNTS,
            ...this.#feed.after(question.since),
          } satisfies HostCount as never,
        )
        : Promise.reject(new Error("not asked for"));
    this.host = { name, root: "/demo", ask };
  }

  log(message: string): void {
    this.#feed.logged({ level: "info", actor: "/demo", message }, "its own name");
  }

  restart(): void {
    this.#feed = new EventFeed(() => 0);
  }
}

Deno.test("inspector: what other threads count is added up, and what happened there is told once, by name", async () => {
  const feed = new EventFeed(() => 0);
  const counter = new RemoteCounter(feed);
  const [one, two] = [new FakeThread("core-1"), new FakeThread("core-2")];
  const silent: RemoteHost = { name: "core-3", root: "/demo", ask: () => Promise.reject(new Error("gone")) };
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
  // A further life of the thread begins at nothing: all of it is told, at the next count at the latest.
  one.restart();
  one.log("d");
  await counter.count(hosts, false);
  await counter.count(hosts, false);
  assertEquals(told(), ["core-1: a", "core-2: b", "core-1: c", "core-1: d"]);
});
