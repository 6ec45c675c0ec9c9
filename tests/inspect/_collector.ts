/**
 * A collector of 30 lines that takes OTLP as JSON over HTTP.
 *
 * @module
 */

/** A span as it is sent. */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
  readonly events?: readonly { readonly name: string }[];
  /** 2: it has failed. */
  readonly status?: { readonly code?: number };
}

/** One value of a metric. */
interface DataPoint extends Pick<CollectedSpan, "attributes"> {
  readonly asDouble?: number;
}

interface CollectedMetric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly DataPoint[]; readonly isMonotonic?: boolean };
  readonly gauge?: { readonly dataPoints: readonly DataPoint[] };
}

/** What a metric was sent as. */
type MetricKind = "counter" | "upDownCounter" | "gauge" | "histogram";

function kindOf({ sum, gauge }: CollectedMetric): MetricKind {
  if (gauge !== undefined) return "gauge";
  if (sum === undefined) return "histogram";
  return sum.isMonotonic ? "counter" : "upDownCounter";
}

interface Export {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly CollectedMetric[] }[];
  }[];
}

/** Keeps what it is sent, until it is disposed of. */
export class Collector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = [];
  readonly metrics = new Map<string, MetricKind>();
  /** The threads that each metric is of; "" stands for the first. */
  readonly cores = new Map<string, Set<string>>();
  /** What each gauge was told last. */
  readonly gauges = new Map<string, number>();
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { resourceSpans = [], resourceMetrics = [] }: Export = await request.json();
    for (const { scopeSpans } of resourceSpans) this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    for (const { scopeMetrics } of resourceMetrics) {
      for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        const { name, sum, gauge } = metric;
        this.metrics.set(name, kindOf(metric));
        const cores = this.cores.get(name) ?? new Set();
        this.cores.set(name, cores);
        for (const { attributes = [], asDouble = NaN } of (sum ?? gauge)?.dataPoints ?? []) {
          const core = attributes.find(({ key }) => key === "troupe.core")?.value["stringValue"];
          cores.add(String(core ?? ""));
          if (gauge !== undefined) this.gauges.set(name, asDouble);
        }
      }
    }
    return Response.json({});
  });

  /** The environment in which a Deno process exports to here. */
  env(sampler: string, share = "1"): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_TRACES_SAMPLER: sampler,
      OTEL_TRACES_SAMPLER_ARG: share,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
