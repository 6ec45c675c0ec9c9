/**
 * The instruments of a process, and their values as Prometheus reads them.
 *
 * @module
 */
import type { MetricFamily, MetricSample } from "../../protocols/prometheus.ts";
import type { Counter, Gauge, Histogram, HistogramOptions, Meter, MetricOptions } from "../runtime/mod.ts";

/** What an instrument is: of a gauge, values of several sources do not add up. */
export type InstrumentKind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** What tells an instrument from others of its name. */
export type Attributes = NonNullable<MetricOptions["attributes"]>;

/** An instrument, and what it has come to. */
export interface Instrument {
  /** In OpenTelemetry's form. */
  readonly name: string;
  /** How it is recorded. */
  readonly kind: InstrumentKind;
  /** What it says of what. */
  readonly options: MetricOptions;
  /** Of a histogram, the upper bounds of its buckets. */
  readonly bounds: readonly number[];
  /** The sum, or what was recorded last; NaN of a gauge before anything was. */
  readonly value: number;
}

/** So many series at most: attributes are never what a peer has sent, and this is for the day when one is. */
const MAX_SERIES = 2000;

/**
 * Counts for one process.
 *
 * @example
 * ```ts
 * import { MeterRegistry } from "@troupe/actors/inspect";
 * import { assertEquals } from "@std/assert";
 *
 * const meter = new MeterRegistry();
 * const loaves = meter.counter("bakery.loaves", { description: "Loaves baked.", unit: "{loaf}" });
 * loaves.add(2);
 * const [family] = meter.families();
 * assertEquals([family?.name, family?.samples], ["bakery_loaves_total", [{ labels: {}, value: 2 }]]);
 * ```
 */
export class MeterRegistry implements Meter {
  readonly #series = new Map<string, Series>();
  readonly #made: (series: Instrument) => Histogram | undefined;

  /** `made` is told of each instrument, and may give another histogram to record into. */
  constructor(made: (series: Instrument) => Histogram | undefined = () => undefined) {
    this.#made = made;
  }

  /** A sum that only grows. */
  counter(name: string, options: MetricOptions): Counter {
    return this.#get(name, "counter", options, []);
  }

  /** A sum that may fall. */
  upDownCounter(name: string, options: MetricOptions): Counter {
    return this.#get(name, "upDownCounter", options, []);
  }

  /** A value that does not add up. */
  gauge(name: string, options: MetricOptions): Gauge {
    return this.#get(name, "gauge", options, []);
  }

  /** A distribution. Throws `RangeError` on bounds that do not rise. */
  histogram(name: string, options: HistogramOptions): Histogram {
    const { bounds } = options;
    if (bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? -Infinity)))) {
      throw new RangeError(`Cannot measure ${name} with bounds ${bounds.join(", ")}: they have to rise`);
    }
    return this.#get(name, "histogram", options, bounds);
  }

  /** What is read when somebody asks: a value, or a sum that only grows. */
  observe(
    name: string,
    kind: Exclude<InstrumentKind, "histogram">,
    options: MetricOptions,
    read: () => number,
  ): void {
    this.#get(name, kind, options, []).read = read;
  }

  /** The sum of the series of a name: of those whose attributes are meant. */
  sum(name: string, isMeant: (attributes: Attributes) => boolean = () => true): number {
    let sum = 0;
    for (const series of this.#series.values()) {
      if (series.name === name && isMeant(series.options.attributes ?? {})) sum += series.value;
    }
    return sum;
  }

  /** All of it, for Prometheus. */
  families(): MetricFamily[] {
    const families = new Map<string, MetricFamily & { readonly samples: MetricSample[] }>();
    for (const series of this.#series.values()) {
      const name = prometheusName(series.name, series.options.unit, series.kind);
      let family = families.get(name);
      if (family === undefined) {
        const { kind, options: { description: help } } = series;
        const type = kind === "upDownCounter" ? "gauge" : kind;
        const aggregator = kind === "gauge" ? "max" : "sum";
        families.set(name, family = { name, help, type, aggregator, samples: [] });
      }
      family.samples.push(...series.samples());
    }
    return [...families.values()];
  }

  #get(name: string, kind: InstrumentKind, options: MetricOptions, bounds: readonly number[]): Series {
    const attributes = Object.entries(options.attributes ?? {}).sort();
    const key = JSON.stringify([name, kind, attributes]);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series = new Series(name, kind, options, bounds);
    // One beyond counts, and is not shown.
    if (this.#series.size >= MAX_SERIES) return series;
    this.#series.set(key, series);
    series.copy = this.#made(series);
    return series;
  }
}

/** One instrument. */
class Series implements Instrument, Counter, Gauge, Histogram {
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly options: MetricOptions;
  readonly bounds: readonly number[];
  /** Of each bucket by itself; the last is what is above all bounds. */
  readonly #buckets: Float64Array;
  /** The sum; of a gauge, what was recorded last. */
  #value: number;
  /** Where its value is, if not here. */
  read: (() => number) | undefined;
  /** Records what this one does. */
  copy: Histogram | undefined;

  constructor(name: string, kind: InstrumentKind, options: MetricOptions, bounds: readonly number[]) {
    this.name = name;
    this.kind = kind;
    this.options = options;
    this.bounds = bounds;
    this.#value = kind === "gauge" ? NaN : 0;
    this.#buckets = new Float64Array(kind === "histogram" ? bounds.length + 1 : 0);
  }

  get value(): number {
    return this.read === undefined ? this.#value : this.read();
  }

  add(amount: number): void {
    this.#value += amount;
  }

  record(value: number): void {
    if (this.kind === "gauge") this.#value = value;
    else this.#distribute(value);
  }

  #distribute(value: number): void {
    const bounds = this.bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#value += value;
    this.copy?.record(value);
  }

  samples(): MetricSample[] {
    const labels = labelsOf(this.options.attributes);
    if (this.kind !== "histogram") {
      const { value } = this;
      return Number.isNaN(value) ? [] : [{ labels, value }];
    }
    let count = 0;
    const buckets = Array.from(this.#buckets, (inBucket, index): MetricSample => {
      count += inBucket;
      const bound = this.bounds[index];
      const le = bound === undefined ? "+Inf" : String(bound);
      return { suffix: "_bucket", labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { suffix: "_sum", labels, value: this.value },
      { suffix: "_count", labels, value: count },
    ];
  }
}

function labelsOf(attributes: MetricOptions["attributes"] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.replaceAll(/\W/g, "_"), String(value)]),
  );
}

const UNIT_SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** The name as Prometheus has it: OpenTelemetry's "Prometheus and OpenMetrics Compatibility". */
function prometheusName(name: string, unit: string, kind: InstrumentKind): string {
  return name.replaceAll(/\W/g, "_") + (UNIT_SUFFIXES[unit] ?? "") + (kind === "counter" ? "_total" : "");
}
