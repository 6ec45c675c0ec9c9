/**
 * What the systems of other threads have counted, in one with those that are here.
 *
 * @module
 */
import type { BusiestRows } from "./busiest.ts";
import type { Totals } from "./census.ts";
import { type EventFeed, FEED_START } from "./event_feed.ts";
import type { HostCount, RemoteHost } from "./hosts.ts";
import { Lives } from "./lives.ts";
import type { EventCounts, TrafficCounts } from "./metrics.ts";

/** What one look at them gives. */
export interface RemoteCounts {
  readonly totals: Totals;
  readonly counts: EventCounts & TrafficCounts;
  /** The busiest of each machine. */
  readonly busiest: ReadonlyMap<string, BusiestRows>;
}

const NO_TOTALS: Totals = { actors: 0, handled: 0, waiting: 0, highWater: 0 };
const NO_COUNTS: EventCounts & TrafficCounts = {
  ...{ failures: 0, deadLetters: 0, restarts: 0 },
  ...{ connections: 0, bytesIn: 0, bytesOut: 0 },
};

/** What a life has answered last, and from where on its feed is taken the next time. */
interface LastCount {
  readonly name: string;
  readonly count: Omit<HostCount, "news">;
}

/** Asks the machines of other threads. */
export class RemoteCounter {
  readonly #feed: EventFeed;
  readonly #lives = new Lives<LastCount, Pick<RemoteCounts, "totals" | "counts">>({
    none: { totals: NO_TOTALS, counts: NO_COUNTS },
    add: ({ totals, counts }, { count }) => ({
      totals: addTotals(totals, { ...NO_TOTALS, handled: count.totals.handled }),
      counts: addCounts(counts, { ...count.counts, connections: 0 }),
    }),
  });

  /** What happens there is added to `feed`. */
  constructor(feed: EventFeed) {
    this.#feed = feed;
  }

  /** Asks all of them. */
  async count(hosts: readonly RemoteHost[], withBusiest: boolean): Promise<RemoteCounts> {
    await Promise.allSettled(hosts.map((host) => this.#ask(host, withBusiest)));
    this.#lives.goOn(hosts.map(({ life }) => life));
    const { ended, last } = this.#lives;
    const busiest = new Map<string, BusiestRows>();
    for (const { name, count } of last) if (count.busiest !== undefined) busiest.set(name, count.busiest);
    return {
      totals: last.map(({ count: { totals } }) => totals).reduce(addTotals, ended.totals),
      counts: last.map(({ count: { counts } }) => counts).reduce(addCounts, ended.counts),
      busiest,
    };
  }

  async #ask({ name, life, ask }: RemoteHost, withBusiest: boolean): Promise<void> {
    const since = this.#lives.of(life)?.count.position ?? FEED_START;
    const { news, ...count } = await ask({ type: "count", withBusiest, since });
    this.#feed.addNews(news, name);
    this.#lives.report(life, { name, count });
  }
}

/** Of two machines together. */
export function addTotals(one: Totals, other: Totals): Totals {
  return {
    actors: one.actors + other.actors,
    handled: one.handled + other.handled,
    waiting: one.waiting + other.waiting,
    highWater: Math.max(one.highWater, other.highWater),
  };
}

/** Of two machines together. */
export function addCounts(
  one: EventCounts & TrafficCounts,
  other: EventCounts & TrafficCounts,
): EventCounts & TrafficCounts {
  return {
    failures: one.failures + other.failures,
    deadLetters: one.deadLetters + other.deadLetters,
    restarts: one.restarts + other.restarts,
    connections: one.connections + other.connections,
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
  };
}
