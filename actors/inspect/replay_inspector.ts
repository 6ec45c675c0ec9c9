/**
 * A look into the machines of a simulation whose run is replayed.
 *
 * @module
 */
import type { StaticFiles } from "../net/mod.ts";
import { type Behavior, withPrivateMessages } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { inspectorDoor } from "./door.ts";
import type { EventFeed } from "./event_feed.ts";
import type { SystemMetrics } from "./metrics.ts";
import { type HubPrivate, PageHub } from "./page_hub.ts";
import type { InspectedHost } from "./hosts.ts";
import type { HubMessage } from "./page_session.ts";
import type { Replay } from "./replay.ts";

/** Options of {@linkcode replayInspector}. */
export interface ReplayInspectorOptions {
  /** Where to listen. */
  readonly address: SocketAddress;
  /** What the page is titled. */
  readonly title: string;
  /** The systems that there are now, of all machines. */
  readonly hosts: () => readonly InspectedHost[];
  /** What happened in them, and what they have logged. */
  readonly feed: EventFeed;
  /** What is counted of them. */
  readonly metrics: SystemMetrics;
  /** Virtual milliseconds. */
  readonly now: () => number;
  /** The run, which a page may let go on. */
  readonly replay: Replay;
  /** What browsers are shown. */
  readonly pages?: StaticFiles;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
}

/**
 * Serves the page of a replayed run: as an inspector does, of all machines, and with a replay to step
 * through.
 */
export function replayInspector(options: ReplayInspectorOptions): Behavior<never> {
  const { address, title, hosts, feed, metrics, now, replay, pages, onListening } = options;
  return withPrivateMessages<never, HubMessage | HubPrivate>((self) => {
    const needs = () => ({ loopDelayMs: 0, residentBytes: 0, heapUsedBytes: 0 });
    const hub = new PageHub(self, { title, hosts, feed, metrics, now, replay, process: needs });
    const door = inspectorDoor({
      ...{ address, systems: hosts, metrics, hub, log: self.log, loop: self.world.loop },
      now: () => self.world.clock.monotonic(),
      ...(pages === undefined ? {} : { pages }),
      ...(onListening === undefined ? {} : { onListening }),
    });
    self.spawn("server", door);
    return (message) => hub.receive(message);
  });
}
