/**
 * The metrics of threads that come and go, so that no sum falls.
 *
 * @module
 */
import type { MetricFamily } from "../../protocols/prometheus.ts";
import { mergeFamilies } from "./merge_families.ts";

/** What one life of a thread has counted. */
export interface LifeReport {
  /** Tells it from all other lives. */
  readonly life: number;
  /** Undefined where it has not answered in time. */
  readonly families: readonly MetricFamily[] | undefined;
}

/**
 * Remembers what each life has counted. For one that is late its last report stands; what one that is over
 * has counted stays in the sums. Else a counter would fall, which Prometheus takes for a restart of all.
 */
export class FamiliesOfLives {
  readonly #last = new Map<number, readonly MetricFamily[]>();
  /** Of lives that are over: what only grows. */
  #over: readonly MetricFamily[] = [];

  /** Takes the reports of all lives that there are, and says what was counted in all. */
  take(reports: readonly LifeReport[]): readonly (readonly MetricFamily[])[] {
    for (const { life, families } of reports) {
      if (families !== undefined) this.#last.set(life, families);
    }
    const living = new Set(reports.map(({ life }) => life));
    for (const [life, families] of this.#last) {
      if (living.has(life)) continue;
      this.#last.delete(life);
      this.#over = mergeFamilies([this.#over, families.filter(({ type }) => type !== "gauge")]);
    }
    return [this.#over, ...this.#last.values()];
  }
}
