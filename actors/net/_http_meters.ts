/**
 * How long requests take, after OpenTelemetry's semantic conventions for HTTP servers.
 *
 * @module
 */
import type { Histogram, Meter } from "../runtime/meter.ts";

/** Upper bounds in seconds, as OpenTelemetry's conventions for HTTP have them. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
const METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"],
]);

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The pattern that it fits; undefined where it fits none: then its attribute is left out. */
  readonly route: string | undefined;
  readonly isTls: boolean;
  readonly status: number;
}

/** Histograms of one server by method, scheme, status and route. */
export class HttpMeters {
  readonly #byKind = new Map<string, Histogram>();

  /** Counts an answer. */
  answered(meter: Meter, request: AnsweredRequest, ms: number): void {
    const { route, status } = request;
    const method = METHODS.has(request.method) ? request.method : "_OTHER";
    const key = `${method} ${status} ${route ?? ""}`;
    let histogram = this.#byKind.get(key);
    if (histogram === undefined) {
      histogram = meter.histogram("http.server.request.duration", {
        unit: "s",
        description: "Time from a request to its answer.",
        bounds: BOUNDS,
        attributes: {
          "http.request.method": method,
          "url.scheme": request.isTls ? "https" : "http",
          "http.response.status_code": status,
          ...(route !== undefined && { "http.route": route }),
          ...(status >= 500 && { "error.type": String(status) }),
        },
      });
      this.#byKind.set(key, histogram);
    }
    histogram.record(ms / 1000);
  }
}
