/**
 * A look into a living system: its page, its tree and its metrics, over HTTP.
 *
 * @module
 */
export { EventFeed, FEED_START, type FeedPosition } from "./event_feed.ts";
export type { HandlingTimes } from "./handling_times.ts";
export { type InspectedSystem, inspector, type InspectorOptions } from "./inspector.ts";
export { type Attributes, type Instrument, type InstrumentKind, MeterRegistry } from "./meter_registry.ts";
export { meteredDisk } from "./metered_disk.ts";
export type { CountedSystem, Met, Totals } from "./census.ts";
export type { InspectedCluster, InspectedClusterHost } from "./cluster_watch.ts";
export { hostAnswers, type HostAnswersOptions } from "./host_answers.ts";
export type { BusiestRows, BusyRow } from "./busiest.ts";
export type {
  Found,
  HostAnswers,
  HostCount,
  HostQuestion,
  InspectedHost,
  Look,
  LookedAt,
  RemoteHost,
} from "./hosts.ts";
export type { Replay } from "./replay.ts";
export { replayInspector, type ReplayInspectorOptions } from "./replay_inspector.ts";
export { mergeFamilies } from "./merge_families.ts";
export { systemWatcher, type WatchOptions } from "./watch_system.ts";
export { type EventCounts, SystemMetrics, type TrafficCounts } from "./metrics.ts";
