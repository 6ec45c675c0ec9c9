/**
 * What actors count and measure of their own work.
 *
 * @module
 */

/** What a metric is. */
export interface MetricOptions {
  /** What it says, in one line. */
  readonly description: string;
  /** Of its values, as UCUM has it: `s`, `By`, `{connection}`. */
  readonly unit: string;
  /** What tells it from others of its name: few values, and never what a peer has sent. @default none */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** What a histogram is. */
export interface HistogramOptions extends MetricOptions {
  /** Upper bounds of its buckets, rising; what is above the last has a bucket of its own. */
  readonly bounds: readonly number[];
}

/** A sum. */
export interface Counter {
  /** Adds to it. */
  add(amount: number): void;
}

/** A value as it was last: of several, no sum says anything. */
export interface Gauge {
  /** It is this now. */
  record(value: number): void;
}

/** How often values fell between which bounds. */
export interface Histogram {
  /** Counts one value. */
  record(value: number): void;
}

/**
 * Makes instruments, in names of OpenTelemetry's form: `http.server.request.duration`. Two of one name and
 * equal attributes are the same. Where nobody listens, they do nothing.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";
 * import { MeterRegistry } from "@troupe/actors/inspect";
 * import { assertEquals } from "@std/assert";
 *
 * const baker: Behavior<{ type: "bake"; replyTo: Ref<"baked"> }> = (self) => {
 *   const loaves = self.meter.counter("bakery.loaves", { description: "Loaves baked.", unit: "{loaf}" });
 *   return ({ replyTo }) => {
 *     loaves.add(1);
 *     replyTo.tell("baked");
 *   };
 * };
 *
 * const meter = new MeterRegistry();
 * await using system = new ActorSystem("demo", { instruments: { meter } });
 * const ref = system.spawn("baker", baker);
 * await ref.ask({ type: "bake" }, { timeoutMs: 1000 });
 * await ref.ask({ type: "bake" }, { timeoutMs: 1000 });
 * const [family] = meter.families();
 * assertEquals([family?.name, family?.samples[0]?.value], ["bakery_loaves_total", 2]);
 * ```
 */
export interface Meter {
  /** A sum that only grows. */
  counter(name: string, options: MetricOptions): Counter;
  /** A sum that may fall: what is there now. */
  upDownCounter(name: string, options: MetricOptions): Counter;
  /**
   * A value that does not add up: a temperature, an age, a version. Of several threads of one process
   * `/metrics` has the largest; what adds up, such as what is there now, is an up-down counter.
   *
   * @example
   * ```ts
   * import { MeterRegistry } from "@troupe/actors/inspect";
   * import { assertEquals } from "@std/assert";
   *
   * const meter = new MeterRegistry();
   * const oven = meter.gauge("bakery.oven.temperature", { description: "Of the oven.", unit: "Cel" });
   * oven.record(180);
   * oven.record(220);
   * const [family] = meter.families();
   * assertEquals([family?.type, family?.samples[0]?.value], ["gauge", 220]);
   * ```
   */
  gauge(name: string, options: MetricOptions): Gauge;
  /** A distribution. */
  histogram(name: string, options: HistogramOptions): Histogram;
}

const NOTHING: Counter & Gauge & Histogram = Object.freeze({ add: () => {}, record: () => {} });

/** The meter where nobody listens. */
export const NO_METER: Meter = Object.freeze({
  counter: () => NOTHING,
  upDownCounter: () => NOTHING,
  gauge: () => NOTHING,
  histogram: () => NOTHING,
});
