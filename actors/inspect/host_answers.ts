/**
 * The other end of a {@linkcode RemoteHost}: a system that is looked into from another thread.
 *
 * @module
 */
import type { EventLoop } from "../world/world.ts";
import { BusiestOfHosts } from "./busiest.ts";
import { ClusterWatch, type InspectedCluster } from "./cluster_watch.ts";
import type { EventFeed } from "./event_feed.ts";
import type { Found, HostAnswers, HostCount, HostQuestion, InspectedHost } from "./hosts.ts";
import { lookAt, search } from "./look.ts";
import type { SystemMetrics } from "./metrics.ts";
import { Pace } from "./pace.ts";
import { pathRowOf } from "./rows.ts";

/** Options of {@linkcode hostAnswers}. */
export interface HostAnswersOptions extends InspectedHost {
  /** What is counted of the system. */
  readonly metrics: SystemMetrics;
  /** What happened in it, and its log. */
  readonly feed: EventFeed;
  /** The cluster that it is in. */
  readonly cluster: () => InspectedCluster | undefined;
  /** The thread's own. */
  readonly loop: EventLoop;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Answers what is asked of a system. */
export function hostAnswers(
  options: HostAnswersOptions,
): (question: HostQuestion) => HostAnswers[HostQuestion["type"]] | Promise<HostAnswers["search" | "count"]> {
  const { metrics, feed, loop, now, system } = options;
  const { times } = metrics;
  const cluster = new ClusterWatch(options.cluster, now);
  const pace = new Pace(now);
  let busiest = new BusiestOfHosts();
  let counted: Pick<HostCount, "totals" | "busiest"> | undefined;
  const measure = async (withBusiest: boolean): Promise<Pick<HostCount, "totals" | "busiest">> => {
    if (!withBusiest) busiest = new BusiestOfHosts();
    const counting = withBusiest
      ? busiest.begin([options], now(), (actor) => pathRowOf(actor, times))
      : undefined;
    const totals = await metrics.measure([system], loop, counting?.met);
    const rows = counting?.rows().get(options.name);
    return { totals, ...(rows === undefined ? {} : { busiest: rows }) };
  };
  const count = async (question: Extract<HostQuestion, { type: "count" }>): Promise<HostCount> => {
    if (counted === undefined || pace.isDue) {
      counted = await pace.take(() => measure(question.withBusiest));
    }
    return {
      ...counted,
      counts: { ...metrics.eventCounts, ...metrics.trafficCounts() },
      ...feed.after(question.since),
    };
  };
  /** The last search of each asker, while it is under way. */
  const searches = new Map<string, symbol>();
  const find = async ({ text, by }: Extract<HostQuestion, { type: "search" }>): Promise<Found> => {
    const mine = Symbol();
    searches.set(by, mine);
    try {
      return await search(options, text, { times, loop }, () => searches.get(by) !== mine);
    } finally {
      if (searches.get(by) === mine) searches.delete(by);
    }
  };
  return (question) => {
    switch (question.type) {
      case "look":
        return lookAt(options, question.look, { feed, times, cluster });
      case "search":
        return find(question);
      case "tree":
        return question.path === null
          ? system.tree(question.options)
          : system.subtree(question.path, question.options);
      case "count":
        return count(question);
    }
  };
}
