/**
 * What the systems of other threads have counted, in one with those that are here.
 *
 * @module
 */
import type { BusiestRows } from "./busiest.ts";
import type { Totals } from "./census.ts";
import { type EventFeed, FEED_START, type FeedPosition } from "./event_feed.ts";
import type { HostCount, RemoteHost, TrafficCounts } from "./hosts.ts";
import type { EventCounts } from "./metrics.ts";

/** What one look at them gives. */
export interface RemoteCounts {
  readonly totals: Totals;
  readonly counts: EventCounts & TrafficCounts;
  /** The busiest of each machine. */
  readonly busiest: ReadonlyMap<string, BusiestRows>;
}

/** Asks the machines of other threads. One that does not answer is left out, as one that is down. */
export class RemoteCounter {
  readonly #feed: EventFeed;
  /** How much of each one's feed has been taken. One that was started again begins anew. */
  readonly #positions = new Map<string, FeedPosition>();

  /** What happens there is added to `feed`. */
  constructor(feed: EventFeed) {
    this.#feed = feed;
  }

  /** Asks all of them. */
  async count(hosts: readonly RemoteHost[], withBusiest: boolean): Promise<RemoteCounts> {
    const asked = await Promise.allSettled(hosts.map((host) => this.#ask(host, withBusiest)));
    const found = asked.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
    const busiest = new Map<string, BusiestRows>();
    for (const { name, count } of found) if (count.busiest !== undefined) busiest.set(name, count.busiest);
    return {
      totals: found.map(({ count: { totals } }) => totals).reduce(addTotals, NO_TOTALS),
      counts: found.map(({ count: { counts } }) => counts).reduce(addCounts, NO_COUNTS),
      busiest,
    };
  }

  async #ask(
    { name, ask }: RemoteHost,
    withBusiest: boolean,
  ): Promise<{ readonly name: string; readonly count: HostCount }> {
    const since = this.#positions.get(name) ?? FEED_START;
    const count = await ask({ type: "count", withBusiest, since });
    // A further life of the thread counts from nothing: it is asked for all of it the next time.
    const isNew = count.news.missed < 0;
    if (!isNew) this.#feed.addNews(count.news, name);
    this.#positions.set(name, isNew ? FEED_START : count.position);
    return { name, count };
  }
}

const NO_TOTALS: Totals = { actors: 0, handled: 0, waiting: 0, highWater: 0 };
const NO_COUNTS: EventCounts & TrafficCounts = {
  ...{ failures: 0, deadLetters: 0, restarts: 0 },
  ...{ connections: 0, bytesIn: 0, bytesOut: 0 },
};

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
