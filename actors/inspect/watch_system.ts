/**
 * What is measured of a system and its process, whoever reads it.
 *
 * @module
 */
import type { ActorSystem, Behavior, Context } from "../runtime/mod.ts";
import type { ProcessMemory } from "../world/world.ts";
import { EventLoopDelay } from "./event_loop_delay.ts";
import type { SystemMetrics } from "./metrics.ts";

/** What of the process is measured. */
export interface WatchedProcess {
  readonly delay: EventLoopDelay;
  /** Its memory now; zeros where the platform does not tell. */
  memory(): Pick<ProcessMemory, "residentBytes" | "heapUsedBytes">;
}

/** Options of {@linkcode systemWatcher}. */
export interface WatchOptions {
  /** Another thread of this process measures what they have in common: its memory. @default false */
  readonly isFurtherThread?: boolean;
}

/**
 * From now on, and until the actor stops, `metrics` has what happens in the system and what the process
 * needs.
 */
export function watchSystem(
  self: Pick<Context<never>, "world" | "onStop">,
  system: Pick<ActorSystem, "events">,
  metrics: SystemMetrics,
  { isFurtherThread = false }: WatchOptions = {},
): WatchedProcess {
  const { clock, process: host } = self.world;
  const listening = system.events.subscribe(metrics.counted);
  self.onStop(() => listening.cancel());
  const delay = new EventLoopDelay(clock);
  self.onStop(() => delay.close());
  const memory = () => host?.memory?.() ?? { residentBytes: 0, heapUsedBytes: 0 };
  const gauge = (name: string, unit: string, description: string, read: () => number) =>
    metrics.meter.observe(name, "gauge", { unit, description }, read);
  const sum = (name: string, description: string, read: () => number) =>
    metrics.meter.observe(name, "upDownCounter", { unit: "By", description }, read);
  if (!isFurtherThread) {
    sum(
      "process.memory.usage",
      "Memory of the machine that the process occupies.",
      () => memory().residentBytes,
    );
  }
  sum("troupe.memory.heap.used", "JavaScript heap in use.", () => memory().heapUsedBytes);
  gauge(
    "nodejs.eventloop.delay.max",
    "s",
    "How late the event loop was at most in the last second.",
    () => delay.current.maxMs / 1000,
  );
  gauge(
    "nodejs.eventloop.delay.mean",
    "s",
    "How late the event loop was on average in the last second.",
    () => delay.current.meanMs / 1000,
  );
  return { delay, memory };
}

/** Time between two counts of the tree for an exporter. */
const COUNT_MS = 10_000;

/**
 * Measures a system whose metrics are exported, where it has no inspector.
 *
 * @example
 * ```ts
 * import { systemWatcher, SystemMetrics } from "@troupe/actors/inspect";
 * import { ActorSystem } from "@troupe/actors";
 * import { assert } from "@std/assert";
 *
 * const metrics = new SystemMetrics();
 * await using system = new ActorSystem("demo", { instruments: metrics.instruments });
 * await system.started(system.spawn("watcher", systemWatcher(system, metrics)));
 * assert(metrics.families().some(({ name }) => name === "process_memory_usage_bytes"));
 * ```
 */
export function systemWatcher(
  system: Pick<ActorSystem, "events" | "walk" | "handledByStopped">,
  metrics: SystemMetrics,
  options: WatchOptions = {},
): Behavior<never> {
  return (self) => {
    watchSystem(self, system, metrics, options);
    const { clock, loop } = self.world;
    let timer = clock.timer(0, count);
    self.onStop(() => timer.cancel());
    function count(): void {
      void metrics.measure([system], loop).then(() => {
        if (!self.signal.aborted) timer = clock.timer(COUNT_MS, count);
      });
    }
    return () => {};
  };
}
