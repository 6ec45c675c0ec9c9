/**
 * The metrics of several threads of one process, as those of one.
 *
 * @module
 */
import type { MetricFamily, MetricSample } from "../../protocols/prometheus.ts";

/**
 * Adds up what several threads of a process have counted, series by series. Of gauges, which do not add up,
 * it takes the largest.
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
        : family.aggregator === "max"
        ? Math.max(before, sample.value)
        : before + sample.value;
      entry.samples.set(key, { ...sample, value });
    }
  }
  return [...merged.values()].map(({ family, samples }) => ({ ...family, samples: [...samples.values()] }));
}
