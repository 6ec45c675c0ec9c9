/**
 * The metrics of threads that come and go, so that no sum falls.
 *
 * @module
 */
import type { MetricFamily } from "../../protocols/prometheus.ts";
import { Lives } from "./lives.ts";
import { mergeFamilies } from "./merge_families.ts";

/** What one life of a thread has counted. */
export interface LifeReport {
  /** Tells it from all other lives. */
  readonly life: number;
  /** Undefined where it has not answered in time. */
  readonly families: readonly MetricFamily[] | undefined;
}

/** Adds up what each life has counted. A sum that fell Prometheus would take for a restart of all. */
export class FamiliesOfLives {
  readonly #lives = new Lives<readonly MetricFamily[], readonly MetricFamily[]>({
    none: [],
    add: (ended, last) => mergeFamilies([ended, last.filter(({ type }) => type !== "gauge")]),
  });

  /** Takes the reports of all lives that there are, and says what was counted in all. */
  take(reports: readonly LifeReport[]): readonly (readonly MetricFamily[])[] {
    for (const { life, families } of reports) {
      if (families !== undefined) this.#lives.report(life, families);
    }
    this.#lives.goOn(reports.map(({ life }) => life));
    return [this.#lives.ended, ...this.#lives.last];
  }
}
