/**
 * A look into a living system, over HTTP. It only reads.
 *
 * @module
 */
import { formatMetrics, PROMETHEUS_CONTENT_TYPE } from "../../protocols/prometheus.ts";
import {
  formatAddress,
  type HttpResponse,
  httpServer,
  type HttpServerOptions,
  isSameToken,
  jsonResponse,
  type RoutedRequest,
  textResponse,
  tokenOf,
} from "../net/mod.ts";
import type { ActorSystem, Behavior, TreeOptions } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { SystemMetrics } from "./metrics.ts";

/** Options of {@linkcode inspector}. */
export interface InspectorOptions extends Pick<HttpServerOptions, "tls" | "hosts" | "drainMs"> {
  /** The system that is looked into. */
  readonly system: Pick<ActorSystem, "tree" | "subtree" | "events">;
  /** Where to listen: an address of this machine alone, unless there is a token. */
  readonly address: SocketAddress;
  /** Who has it may look. @default everybody on this machine */
  readonly token?: string;
  /** What is counted: its `sampled` may be the system's instrument. @default one of its own */
  readonly metrics?: SystemMetrics;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** The most levels and children that one answer shows. */
const MAX_LEVELS = 16;
const MAX_CHILDREN = 1000;

/**
 * Serves `GET /metrics` (Prometheus text) and `GET /tree?path=/a/b&levels=1&children=100&skip=0` (JSON, one
 * level unless
 * more are asked for).
 *
 * Throws `TypeError` on an address of other machines without a token.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { inspector, SystemMetrics } from "@troupe/actors/inspect";
 * import { assertMatch } from "@std/assert";
 *
 * const metrics = new SystemMetrics();
 * await using system = new ActorSystem("demo", { instruments: { sampled: metrics.sampled } });
 * const { promise: port, resolve } = Promise.withResolvers<number>();
 * const address = { hostname: "127.0.0.1", port: 0 };
 * system.spawn("inspect", inspector({ system, address, metrics, onListening: ({ port }) => resolve(port) }),
 * {
 *   onFailure: escalate(),
 * });
 * const response = await fetch(`http://127.0.0.1:${await port}/metrics`);
 * assertMatch(await response.text(), /^troupe_actors \d+$/m);
 * ```
 */
export function inspector(options: InspectorOptions): Behavior<never> {
  const { system, address, token, metrics = new SystemMetrics(), onListening, ...rest } = options;
  if (token === undefined && !isLoopback(address.hostname)) {
    throw new TypeError(`Cannot show the system at ${formatAddress(address)} to everybody: it takes a token`);
  }
  return (self) => {
    const listening = system.events.subscribe(metrics.counted);
    self.onStop(() => listening.cancel());
    const guarded = (answer: (request: RoutedRequest) => HttpResponse) => (request: RoutedRequest) =>
      token === undefined || isSameToken(tokenOf(request), token)
        ? answer(request)
        : textResponse(401, "A token is needed.\n", { "www-authenticate": "Bearer" });
    const server = httpServer<never>({
      ...rest,
      address,
      routes: [
        { method: "GET", path: "/metrics", handle: guarded(() => metricsResponse(metrics, system)) },
        { method: "GET", path: "/tree", handle: guarded((request) => treeResponse(system, request)) },
      ],
      onListening: (bound) => {
        self.log.info(`Inspector listening on ${formatAddress(bound)}`, { ...bound, door: "inspect" });
        onListening?.(bound);
      },
    });
    self.spawn("server", server);
    return () => {};
  };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function metricsResponse(metrics: SystemMetrics, system: Pick<ActorSystem, "tree">): HttpResponse {
  return textResponse(200, formatMetrics(metrics.families(system)), {
    "content-type": PROMETHEUS_CONTENT_TYPE,
  });
}

function treeResponse(system: Pick<ActorSystem, "tree" | "subtree">, { query }: RoutedRequest): HttpResponse {
  const asked = new URLSearchParams(query);
  const levels = numberOf(asked.get("levels"), 1, MAX_LEVELS);
  const maxChildren = numberOf(asked.get("children"), 100, MAX_CHILDREN);
  const skipChildren = numberOf(asked.get("skip"), 0, Number.MAX_SAFE_INTEGER);
  if (levels === null || maxChildren === null || skipChildren === null) {
    return textResponse(
      400,
      `levels takes 0 to ${MAX_LEVELS}, children 0 to ${MAX_CHILDREN}, skip a number from 0.\n`,
    );
  }
  const options: TreeOptions = { levels, maxChildren, skipChildren };
  const path = asked.get("path");
  const tree = path === null ? system.tree(options) : system.subtree(path, options);
  return tree === undefined ? textResponse(404, "There is no such actor.\n") : jsonResponse(200, tree);
}

function numberOf(text: string | null, standard: number, most: number): number | null {
  if (text === null) return standard;
  return /^\d{1,15}$/.test(text) && Number(text) <= most ? Number(text) : null;
}
