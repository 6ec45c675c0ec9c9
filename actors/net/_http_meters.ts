/**
 * How long requests take, in OpenTelemetry's names.
 *
 * @module
 */
import type { Histogram, Meter } from "../runtime/meter.ts";

/** Upper bounds in seconds, as OpenTelemetry's conventions for HTTP have them. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
const METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"],
]);

/** Histograms of one server by method, status and route. */
export class HttpMeters {
  readonly #byKind = new Map<string, Histogram>();

  /** Counts an answer. */
  answered(
    meter: Meter,
    request: { readonly method: string; readonly route: string },
    status: number,
    ms: number,
  ): void {
    const method = METHODS.has(request.method) ? request.method : "_OTHER";
    const key = `${method} ${status} ${request.route}`;
    let histogram = this.#byKind.get(key);
    if (histogram === undefined) {
      histogram = meter.histogram("http.server.request.duration", {
        unit: "s",
        description: "Time from a request to its answer.",
        bounds: BOUNDS,
        attributes: {
          "http.request.method": method,
          "http.response.status_code": String(status),
          "http.route": request.route,
        },
      });
      this.#byKind.set(key, histogram);
    }
    histogram.record(ms / 1000);
  }
}
