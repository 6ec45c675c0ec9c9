/**
 * The web door of an inspector: its routes, and who may use them.
 *
 * @module
 */
import { formatMetrics, type MetricFamily, PROMETHEUS_CONTENT_TYPE } from "../../protocols/prometheus.ts";
import {
  formatAddress,
  type HttpResponse,
  httpServer,
  type HttpServerOptions,
  isSameToken,
  jsonResponse,
  type Route,
  type RoutedRequest,
  type Session,
  type StaticFiles,
  staticRoute,
  type TcpServerCommand,
  textResponse,
  tokenOf,
} from "../net/mod.ts";
import type { ActorLog, ActorSystem, Behavior, TreeOptions } from "../runtime/mod.ts";
import type { EventLoop, SocketAddress } from "../world/world.ts";
import type { ClusterWatch } from "./cluster_watch.ts";
import { mergeFamilies } from "./merge_families.ts";
import type { SystemMetrics } from "./metrics.ts";
import { Pace, SharedWork } from "./pace.ts";
import type { PageHub } from "./page_hub.ts";
import { type AnyHost, isRemote } from "./hosts.ts";
import { type PageMessage, pageSession } from "./page_session.ts";

/** Options of {@linkcode inspectorDoor}. */
export interface DoorOptions
  extends Pick<HttpServerOptions, "tls" | "hosts" | "origins" | "drainMs" | "isReady"> {
  readonly address: SocketAddress;
  /** Who has it may look. */
  readonly token?: string;
  readonly pages?: StaticFiles;
  /** The systems that there are now. */
  readonly systems: () => readonly AnyHost[];
  readonly metrics: SystemMetrics;
  /** Of other threads of the process. */
  readonly otherMetrics?: () => Promise<readonly (readonly MetricFamily[])[]>;
  readonly hub: PageHub;
  readonly loop: EventLoop;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: ActorLog;
  readonly onListening?: (address: SocketAddress) => void;
}

/** The most levels, children of one actor, and actors that one answer shows. */
const MAX_LEVELS = 16;
const MAX_CHILDREN = 1000;
const MAX_ACTORS = 10_000;
/**
 * Connections at once, those of one address, and those that are pages. Whoever fills an address leaves room
 * for who looks at the health from another.
 */
const MAX_CLIENTS = 128;
const MAX_PER_ADDRESS = 64;
const MAX_PAGES = 16;
const MAX_COMMAND_BYTES = 65_536;

/** Serves pages, metrics and the tree. */
export function inspectorDoor(options: DoorOptions): Behavior<TcpServerCommand> {
  const { address, token, pages, systems, metrics, hub, log, onListening } = options;
  const refusal = (request: RoutedRequest): HttpResponse | undefined =>
    token === undefined || isSameToken(tokenOf(request), token)
      ? undefined
      : textResponse(401, "A token is needed.\n", { "www-authenticate": "Bearer" });
  const route = (
    path: string,
    answer: (request: RoutedRequest) => HttpResponse | Promise<HttpResponse>,
  ): Route<PageMessage> => ({
    method: "GET",
    path,
    handle: (request) => refusal(request) ?? answer(request),
  });
  const measuring = new SharedWork(
    new Pace(options.now),
    () => metrics.measure(systems().flatMap((host) => isRemote(host) ? [] : [host.system]), options.loop),
  );
  const openPage = pageSession(hub.services);
  const places = new Places(MAX_PAGES);
  const { tls, hosts, origins, drainMs, isReady } = options;
  return httpServer<PageMessage>({
    ...(tls === undefined ? {} : { tls }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(origins === undefined ? {} : { origins }),
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(isReady === undefined ? {} : { isReady }),
    address,
    tokens: { "inspect-token": token },
    limits: { maxClients: MAX_CLIENTS, maxPerAddress: MAX_PER_ADDRESS },
    routes: [
      route("/metrics", async () => {
        await measuring.run();
        const others = await options.otherMetrics?.() ?? [];
        const text = formatMetrics(mergeFamilies([metrics.families(), ...others]));
        return textResponse(200, text, { "content-type": PROMETHEUS_CONTENT_TYPE });
      }),
      route("/tree", (request) => treeResponse(systems(), request)),
      route("/cluster", (request) => clusterResponse(hub.services.cluster, request)),
      {
        path: "/changes",
        admit: (request) =>
          refusal(request) ?? (places.isFull ? textResponse(503, "Too many pages are open.\n") : undefined),
        maxMessageBytes: MAX_COMMAND_BYTES,
        // In the same turn as it was admitted: no two take the last place.
        webSocket: (connection) => places.take(openPage(connection)),
      },
      // The page itself says nothing of the system: it asks for the token.
      ...(pages === undefined ? [] : [staticRoute("/*", pages)]),
    ],
    onListening: (bound) => {
      log.info(`Inspector listening on ${formatAddress(bound)}`, { ...bound, door: "inspect" });
      onListening?.(bound);
    },
  });
}

/** How many pages are open: counted when one is let in, and when its connection is over. */
class Places {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#taken >= this.#most;
  }

  /** The same session, which has a place until it is closed. */
  take<F, M>(session: Session<F, M>): Session<F, M> {
    this.#taken++;
    return {
      frame: (frame) => session.frame(frame),
      message: (message) => session.message?.(message),
      closed: (reason) => {
        this.#taken--;
        session.closed?.(reason);
      },
    };
  }
}

async function treeResponse(hosts: readonly AnyHost[], { query }: RoutedRequest): Promise<HttpResponse> {
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
  const name = asked.get("host");
  const host = name === null ? hosts[0] : hosts.find((each) => each.name === name);
  const options: TreeOptions = { levels, maxChildren, skipChildren, maxActors: MAX_ACTORS };
  if (host === undefined) return textResponse(404, "There is no such actor.\n");
  const path = asked.get("path");
  const tree = isRemote(host)
    ? await host.ask({ type: "tree", path, options }).catch(() => undefined)
    : subtree(host.system, path, options);
  return tree === undefined ? textResponse(404, "There is no such actor.\n") : jsonResponse(200, tree);
}

async function clusterResponse(watch: ClusterWatch, { query }: RoutedRequest): Promise<HttpResponse> {
  const asked = new URLSearchParams(query);
  const skip = numberOf(asked.get("skip"), 0, Number.MAX_SAFE_INTEGER);
  const count = numberOf(asked.get("count"), 100, MAX_CHILDREN);
  const [type, id] = [asked.get("type"), asked.get("id")];
  if (skip === null || count === null || (type === null) !== (id === null)) {
    return textResponse(
      400,
      `skip takes a number from 0, count 0 to ${MAX_CHILDREN}; type and id go together.\n`,
    );
  }
  const found = type === null || id === null
    ? await watch.lookAfresh(skip, count)
    : await watch.place(type, id);
  return found === undefined ? textResponse(404, "The system is in no cluster.\n") : jsonResponse(200, found);
}

function subtree(system: Pick<ActorSystem, "tree" | "subtree">, path: string | null, options: TreeOptions) {
  return path === null ? system.tree(options) : system.subtree(path, options);
}

function numberOf(text: string | null, standard: number, most: number): number | null {
  if (text === null) return standard;
  return /^\d{1,15}$/.test(text) && Number(text) <= most ? Number(text) : null;
}
