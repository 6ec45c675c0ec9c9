/**
 * Metrics as Prometheus reads them: the text format, version 0.0.4.
 *
 * @module
 */

/** One value of a metric, with the labels that tell it from the others. */
export interface MetricSample {
  /** What is added to the metric's name: `_bucket`, `_sum`, `_count` of a histogram. @default none */
  readonly suffix?: string;
  /** Labels by name. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** The value now. */
  readonly value: number;
}

/** A metric and its values. */
export interface MetricFamily {
  /** In letters, digits, `_` and `:`; with its unit, `troupe_handler_duration_seconds`. */
  readonly name: string;
  /** What it says, in one line. */
  readonly help: string;
  /** A counter only grows; a gauge may fall. */
  readonly type: "counter" | "gauge" | "histogram";
  /** How the values of several threads of a process become one. @default "sum" */
  readonly aggregator?: "sum" | "max";
  /** Its values. */
  readonly samples: readonly MetricSample[];
}

/** The content type of the text. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * The text that says all of it.
 *
 * Throws `TypeError` on a name that the format does not allow.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatMetrics } from "@troupe/actors/protocols/prometheus";
 *
 * const text = formatMetrics([
 *   {
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     type: "counter",
 *     samples: [{ labels: { kind: "a" }, value: 2 }],
 *   },
 * ]);
 * assertEquals(text, '# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total{kind="a"} 2\n');
 * ```
 */
export function formatMetrics(families: readonly MetricFamily[]): string {
  return families.map(formatFamily).join("");
}

function formatFamily({ name, help, type, samples }: MetricFamily): string {
  if (!/^[A-Za-z_:][A-Za-z0-9_:]*$/.test(name)) {
    throw new TypeError(`Cannot name a metric ${JSON.stringify(name)}`);
  }
  const lines = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`];
  for (const { suffix = "", labels = {}, value } of samples) {
    lines.push(`${name}${suffix}${formatLabels(labels)} ${formatValue(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([key, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      throw new TypeError(`Cannot name a label ${JSON.stringify(key)}`);
    }
    return `${key}="${value.replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`)}"`;
  });
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (c) => c === "\n" ? "\\n" : "\\\\");
}

function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
