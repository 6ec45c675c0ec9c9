/**
 * The metrics of several threads of one process, as those of one.
 *
 * @module
 */
import type { MetricFamily, MetricSample } from "../../protocols/prometheus.ts";

/** Of these the largest is told: each thread tells it of the whole process, or a sum would say nothing. */
const LARGEST = new Set([
  ...["process_memory_usage_bytes", "troupe_mailbox_high_water_messages"],
  ...["troupe_cluster_host", "troupe_cluster_connected", "troupe_cluster_lease_age_seconds"],
  ...["troupe_cluster_epoch", "troupe_cluster_replay_longest_seconds"],
  ...["nodejs_eventloop_delay_max_seconds", "nodejs_eventloop_delay_mean_seconds"],
]);

/**
 * Adds up what several threads of a process have counted, series by series. Of what does not add up, such as
 * the process's memory, it takes the largest.
 *
 * @example
 * ```ts
 * import { mergeFamilies } from "@troupe/actors/inspect";
 * import { assertEquals } from "@std/assert";
 *
 * const family = { name: "jobs_total", help: "Jobs done.", type: "counter" } as const;
 * const jobs = (value: number) => [{ ...family, samples: [{ value }] }];
 * assertEquals(mergeFamilies([jobs(2), jobs(3)]), jobs(5));
 * ```
 */
export function mergeFamilies(lists: readonly (readonly MetricFamily[])[]): MetricFamily[] {
  const merged = new Map<
    string,
    { readonly family: MetricFamily; readonly samples: Map<string, MetricSample> }
  >();
  for (const family of lists.flat()) {
    let entry = merged.get(family.name);
    if (entry === undefined) merged.set(family.name, entry = { family, samples: new Map() });
    for (const sample of family.samples) {
      const key = JSON.stringify([sample.suffix, Object.entries(sample.labels ?? {}).sort()]);
      const before = entry.samples.get(key)?.value;
      const value = before === undefined
        ? sample.value
        : LARGEST.has(family.name)
        ? Math.max(before, sample.value)
        : before + sample.value;
      entry.samples.set(key, { ...sample, value });
    }
  }
  return [...merged.values()].map(({ family, samples }) => ({ ...family, samples: [...samples.values()] }));
}
