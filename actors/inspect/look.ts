/**
 * What is seen of one system: the rows that somebody looks at, one actor's own page, and searches.
 *
 * @module
 */
import type { InspectorDetails, InspectorRow } from "../../protocols/inspector.ts";
import type { EventLoop } from "../world/world.ts";
import { walkInPieces } from "./census.ts";
import type { ClusterWatch } from "./cluster_watch.ts";
import type { EventFeed } from "./event_feed.ts";
import type { HandlingTimes } from "./handling_times.ts";
import type { Found, InspectedHost, Look, LookedAt } from "./hosts.ts";
import { pathRowOf, rowOf } from "./rows.ts";

const MAX_FOUND = 100;
const MAX_FAILURES = 20;
const MAX_WATCHERS = 50;

/** What else is known of what is seen. */
export interface LookServices {
  readonly feed: EventFeed;
  readonly times: HandlingTimes;
  readonly cluster: ClusterWatch;
}

/** What is seen of what somebody looks at. */
export function lookAt(host: InspectedHost, look: Look, services: LookServices): LookedAt {
  const { times, cluster: watch } = services;
  const views = look.views.map(({ path, skip, count }) => {
    const actor = host.system.subtree(path, { levels: 1, maxChildren: count, skipChildren: skip });
    return {
      path,
      skip,
      ...(actor === undefined ? {} : { actor: rowOf(actor, times) }),
      children: actor?.children.map((child) => rowOf(child, times)) ?? [],
    };
  });
  const details = look.actor === undefined ? undefined : detailsOf(host, look.actor, services);
  const cluster = look.cluster && watch.look(look.cluster.skip, look.cluster.count);
  return {
    views,
    ...(details === undefined ? {} : { details }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

function detailsOf(
  { name, system }: InspectedHost,
  path: string,
  { feed, times }: LookServices,
): InspectorDetails | undefined {
  const found = system.details(path, { maxWatchers: MAX_WATCHERS });
  if (found === undefined) return undefined;
  const { mailbox, onFailure, restart, stashCapacity, shutdownMs } = found.options;
  return {
    path,
    row: rowOf(found.actor, times),
    options: {
      mailbox,
      "on failure": onFailure,
      restart,
      "stash": `at most ${stashCapacity}`,
      "stops within": `${shutdownMs} ms`,
    },
    watchers: found.watchers,
    watcherCount: found.watcherCount,
    failures: feed.failuresOf(name, path, MAX_FAILURES),
  };
}

/** Actors whose path has a text in it, whatever its case. It ends early once `isOver`. */
export async function search(
  { system }: Pick<InspectedHost, "system">,
  text: string,
  { times, loop }: { readonly times: HandlingTimes; readonly loop: EventLoop },
  isOver: () => boolean,
): Promise<Found> {
  const wanted = text.toLowerCase();
  const rows: InspectorRow[] = [];
  let more = false;
  await walkInPieces(system, loop, (actor) => {
    if (!actor.path.toLowerCase().includes(wanted)) return true;
    if (rows.length === MAX_FOUND) {
      more = true;
      return false;
    }
    rows.push(pathRowOf(actor, times));
    return true;
  }, isOver);
  return { rows, more };
}
