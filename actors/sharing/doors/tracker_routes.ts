/**
 * What a node answers over HTTP: the tracker, `.torrent` files and the list of files where it leads, what it
 * has itself everywhere.
 *
 * @module
 */
import { encodeMetainfo } from "../../../protocols/metainfo.ts";
import {
  encodeAnnounceResponse,
  encodeScrapeResponse,
  parseAnnounce,
  parseScrape,
  TrackerError,
} from "../../../protocols/tracker.ts";
import {
  type HttpResponse,
  type HttpRoute,
  jsonResponse,
  type RoutedRequest,
  textResponse,
  withETag,
} from "../../net/mod.ts";
import type { Ref } from "../../runtime/mod.ts";
import type { InfoStoreCommand } from "../info_store.ts";
import { announceTiers, nodeUrl, type SharingNode } from "../nodes.ts";
import type { SwarmsCommand } from "../swarms_commands.ts";
import type { TrackerCommand } from "../tracker.ts";

/** Options of {@linkcode trackerRoutes}. */
export interface TrackerRoutesOptions {
  /** This node. */
  readonly id: number;
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** The port where this node listens for peers. */
  readonly swarmPort: () => number;
  /** Knows the files and who takes part. */
  readonly tracker: Ref<TrackerCommand>;
  /** Knows what is here. */
  readonly swarms: Ref<SwarmsCommand>;
  /** Knows info dictionaries. */
  readonly infos: Ref<InfoStoreCommand>;
}

const ASK = { timeoutMs: 10_000 } as const;
const TORRENT = ".torrent";

/** The routes of the tracker and the files. */
export function trackerRoutes(options: TrackerRoutesOptions): HttpRoute[] {
  const { tracker, swarms } = options;
  const get = (path: string, handle: HttpRoute["handle"]): HttpRoute => ({ method: "GET", path, handle });
  const atLeader = (path: string, handle: HttpRoute["handle"]) =>
    get(path, async (request) => await elsewhere(options, request) ?? await handle(request));
  return [
    atLeader("/announce", (request) => announce(tracker, request)),
    atLeader("/scrape", (request) => scrape(tracker, request)),
    atLeader("/files", async (request) => {
      const { version, value } = await tracker.ask({ type: "get-files" }, ASK);
      return withETag(request, version, () => jsonResponse(200, value));
    }),
    atLeader("/swarm/wanting", async (request) => {
      const { version, value } = await tracker.ask({ type: "get-wanting" }, ASK);
      return withETag(request, version, () => jsonResponse(200, value));
    }),
    atLeader("/torrents/:name", (request) => torrentFile(options, request.params.name ?? "")),
    get("/share", async (request) => {
      const { version, value } = await swarms.ask({ type: "get-inventory" }, ASK);
      return withETag(
        request,
        version,
        () => jsonResponse(200, { node: options.id, swarmPort: options.swarmPort(), files: value }),
      );
    }),
    get("/share/info/:hash", async ({ params }) => {
      const bytes = await swarms.ask({ type: "get-info", infoHash: params.hash ?? "" }, ASK);
      return bytes === undefined ? notFound() : binaryResponse("application/octet-stream", bytes);
    }),
  ];
}

/** The answer of a node that does not lead: 307 to the one that does, 503 where there is none. */
async function elsewhere(
  { tracker, nodes }: TrackerRoutesOptions,
  request: RoutedRequest,
): Promise<HttpResponse | undefined> {
  const leader = await tracker.ask({ type: "get-leader" }, ASK);
  if (leader.type === "leader-lost") {
    return textResponse(503, "No leader is elected now.\n", { "retry-after": "1" });
  }
  if (leader.isSelf) return undefined;
  const node = nodes.find(({ id }) => id === leader.leader);
  if (node === undefined) return textResponse(503, "The leader is not one of the nodes.\n");
  const query = request.query === "" ? "" : `?${request.query}`;
  const location = nodeUrl(node, `${request.path}${query}`);
  return textResponse(307, `The leader is Node ${node.id}: ${location}\n`, { location });
}

/** Whether a browser asks for a page of another site: clients of BitTorrent send none of these fields. */
function isOfAnotherSite({ headers }: RoutedRequest): boolean {
  const site = headers.get("sec-fetch-site");
  return headers.has("origin") || site === "cross-site" || site === "same-site";
}

async function announce(tracker: Ref<TrackerCommand>, request: RoutedRequest): Promise<HttpResponse> {
  // It is a GET that writes: such a page would enter its visitor, and a port of its choice, as a peer.
  if (isOfAnotherSite(request)) return textResponse(403, "Pages of other sites do not announce.\n");
  try {
    const announced = parseAnnounce(request.query);
    const { hostname } = request.remoteAddress;
    const response = await tracker.ask({ type: "announce", request: announced, hostname }, ASK);
    return bencoded(encodeAnnounceResponse(response, { compact: announced.compact !== false }));
  } catch (error) {
    return failure(error);
  }
}

async function scrape(tracker: Ref<TrackerCommand>, request: RoutedRequest): Promise<HttpResponse> {
  try {
    const infoHashes = parseScrape(request.query);
    return bencoded(encodeScrapeResponse(await tracker.ask({ type: "scrape", infoHashes }, ASK)));
  } catch (error) {
    return failure(error);
  }
}

/** BEP 3: also what fails is answered with status 200. */
function failure(error: unknown): HttpResponse {
  if (!(error instanceof TrackerError)) throw error;
  return bencoded(encodeAnnounceResponse({ type: "failure", reason: error.message }));
}

async function torrentFile(options: TrackerRoutesOptions, param: string): Promise<HttpResponse> {
  const { tracker, infos, nodes, id } = options;
  if (!param.endsWith(TORRENT)) return notFound();
  const name = param.slice(0, -TORRENT.length);
  const file = await tracker.ask({ type: "find-file", name }, ASK);
  const bytes = file === undefined ? undefined : await infos.ask({ type: "find-info", file }, ASK);
  if (bytes === undefined) return notFound();
  return binaryResponse("application/x-bittorrent", encodeMetainfo(bytes, announceTiers(nodes, id)));
}

function bencoded(bytes: Uint8Array): HttpResponse {
  return { status: 200, headers: { "content-type": "text/plain" }, body: bytes };
}

function binaryResponse(type: string, bytes: Uint8Array): HttpResponse {
  return { status: 200, headers: { "content-type": type }, body: bytes };
}

function notFound(): HttpResponse {
  return textResponse(404, "There is no such file in the network.\n");
}
