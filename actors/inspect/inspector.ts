/**
 * A look into a living system, over HTTP. It only reads.
 *
 * @module
 */
import type { MetricFamily } from "../../protocols/prometheus.ts";
import { formatAddress, type HttpServerOptions, type StaticFiles } from "../net/mod.ts";
import {
  type ActorSystem,
  type Behavior,
  type DecideOnFailure,
  escalate,
  restart,
  withPrivateMessages,
} from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { inspectorDoor } from "./door.ts";
import type { InspectedCluster } from "./cluster_watch.ts";
import { EventFeed } from "./event_feed.ts";
import { SystemMetrics } from "./metrics.ts";
import type { RemoteHost } from "./hosts.ts";
import { type HubPrivate, PageHub } from "./page_hub.ts";
import type { HubMessage } from "./page_session.ts";
import { watchSystem } from "./watch_system.ts";

/** Options of {@linkcode inspector}. */
export interface InspectorOptions
  extends Pick<HttpServerOptions, "tls" | "hosts" | "origins" | "drainMs" | "isReady"> {
  /** The system that is looked into. */
  readonly system: InspectedSystem;
  /** Where to listen: an address of this machine alone, unless there is a token. */
  readonly address: SocketAddress;
  /** Who has it may look. @default everybody on this machine */
  readonly token?: string;
  /** What is counted: its `instruments` are to be the system's. @default one of its own */
  readonly metrics?: SystemMetrics;
  /** Somebody else reads the metrics too: the tree is counted also while no page is open. @default false */
  readonly isExported?: boolean;
  /** What other threads of the process have counted: added at `/metrics`. @default nothing */
  readonly otherMetrics?: () => Promise<readonly (readonly MetricFamily[])[]>;
  /** Systems of other threads of the process, which are shown as machines of their own. @default none */
  readonly otherHosts?: () => readonly RemoteHost[];
  /** What happened, and the log. @default one of its own, without a log */
  readonly feed?: EventFeed;
  /** The cluster that the system is in, once it has joined one. @default none */
  readonly cluster?: () => InspectedCluster | undefined;
  /** What browsers are shown. @default no page */
  readonly pages?: StaticFiles;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** What an inspector needs of a system. */
export type InspectedSystem = Pick<
  ActorSystem,
  "tree" | "subtree" | "events" | "walk" | "details" | "handledByStopped"
>;

/**
 * Serves a page of the living system (`GET /`), `GET /metrics` (Prometheus text), `GET
 * /tree?path=/a/b&levels=1&children=100&skip=0` (JSON, one level unless more are asked for), `GET /cluster`
 * (JSON: its hosts and the entities that live here; with `?type=T&id=I` where that one lives), and at
 * `/changes` a WebSocket of what happens, which the page speaks (`protocols/inspector.ts`).
 *
 * The start throws what the listener throws (`address-in-use`, …). Throws `TypeError` on an address of other
 * machines without a token.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { inspector, SystemMetrics } from "@troupe/actors/inspect";
 * import { assertMatch } from "@std/assert";
 *
 * const metrics = new SystemMetrics();
 * await using system = new ActorSystem("demo", { instruments: metrics.instruments });
 * const { promise: port, resolve } = Promise.withResolvers<number>();
 * const address = { hostname: "127.0.0.1", port: 0 };
 * system.spawn("inspect", inspector({ system, address, metrics, onListening: ({ port }) => resolve(port) }),
 * {
 *   onFailure: escalate(),
 * });
 * const response = await fetch(`http://127.0.0.1:${await port}/metrics`);
 * assertMatch(await response.text(), /^troupe_actors \d+$/m);
 * ```
 */
export function inspector(options: InspectorOptions): Behavior<never> {
  const { system, address, token, metrics = new SystemMetrics(), isExported = false } = options;
  if (token === undefined && !isLoopback(address.hostname)) {
    throw new TypeError(`Cannot show the system at ${formatAddress(address)} to everybody: it takes a token`);
  }
  return withPrivateMessages<never, HubMessage | HubPrivate>(async (self) => {
    const { clock } = self.world;
    const feed = options.feed ?? new EventFeed(() => clock.now());
    const title = system.tree({ levels: 0 }).path.slice(1);
    const listening = system.events.subscribe(feed.listener(title));
    self.onStop(() => listening.cancel());
    const { delay, memory } = watchSystem(self, system, metrics);
    const here = { name: title, system };
    const hosts = () => [here, ...options.otherHosts?.() ?? []];
    const hub = new PageHub(self, {
      title,
      feed,
      metrics,
      hosts,
      now: () => clock.now(),
      isExported,
      ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
      process() {
        const { residentBytes, heapUsedBytes } = memory();
        return { loopDelayMs: delay.current.maxMs, residentBytes, heapUsedBytes };
      },
    });
    const { log, world: { loop } } = self;
    const door = inspectorDoor({
      ...{ ...options, systems: hosts, metrics, hub, log, loop },
      now: () => clock.monotonic(),
    });
    // A port that cannot be bound now is for whoever has chosen it; a listener that fails later comes back.
    const onFailure: DecideOnFailure = (_error, { phase, restarts }) =>
      phase === "start" && restarts === 0 ? escalate() : restart();
    // That it failed is told by the escalation.
    await self.started(self.spawn("server", door, { onFailure })).catch(() => {});
    return (message) => hub.receive(message);
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
