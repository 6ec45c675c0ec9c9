/**
 * The page of the swarm, and what it shows as JSON.
 *
 * @module
 */
import { hexText } from "../../../protocols/_percent_bytes.ts";
import { formatAddress, type HttpRoute, jsonResponse, type StaticFiles, staticRoute } from "../../net/mod.ts";
import type { Ref } from "../../runtime/mod.ts";
import type { World } from "../../world/world.ts";
import { httpGet } from "../http_get.ts";
import { isRecord } from "../json_checks.ts";
import { announceTiers, nodeUrl, type SharingNode } from "../nodes.ts";
import { networkFiles } from "../sources.ts";
import type { SwarmsCommand } from "../swarms_commands.ts";
import type { TorrentStatus } from "../torrent_status.ts";
import type { TrackerCommand } from "../tracker.ts";

/** Options of {@linkcode pageRoutes}. */
export interface PageRoutesOptions {
  /** This node. */
  readonly id: number;
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** Knows who leads. */
  readonly tracker: Ref<TrackerCommand>;
  /** Knows how torrents stand. */
  readonly swarms: Ref<SwarmsCommand>;
  /** The world and the end of the actor that serves. */
  readonly world: World;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  /** The files of the page; without them there is the JSON alone. */
  readonly page?: StaticFiles;
}

const ASK = { timeoutMs: 3000 } as const;
const ASK_NODE_MS = 800;
const MAX_STATUS_BYTES = 8 * 1024 * 1024;
/** However many look at the page, the nodes are asked so often at most. */
const KEPT_MS = 500;

/** The routes of the page. */
export function pageRoutes(options: PageRoutesOptions): HttpRoute[] {
  const { swarms, world, page } = options;
  let kept: { readonly atMs: number; readonly view: Promise<unknown> } | undefined;
  return [
    {
      method: "GET",
      path: "/swarm/status",
      handle: async () => jsonResponse(200, (await swarms.ask({ type: "get-status" }, ASK)).map(statusJson)),
    },
    {
      method: "GET",
      path: "/swarm.json",
      handle: async () => {
        const nowMs = world.clock.monotonic();
        if (kept === undefined || nowMs - kept.atMs > KEPT_MS) kept = { atMs: nowMs, view: viewOf(options) };
        return jsonResponse(200, await kept.view);
      },
    },
    ...(page === undefined ? [] : [staticRoute("/*", page)]),
  ];
}

async function viewOf(options: PageRoutesOptions): Promise<unknown> {
  const { id, nodes, tracker, world, signal } = options;
  const leader = await tracker.ask({ type: "get-leader" }, ASK);
  const leaderId = leader.type === "leader-known" ? leader.leader : undefined;
  const asked = nodes.filter((node) => node.id === leaderId);
  const [files, torrents] = await Promise.all([
    networkFiles({ world, nodes: asked, signal }).catch(() => []),
    Promise.all(nodes.map((node) => torrentsOf(node, options))),
  ]);
  return {
    node: id,
    leader: leaderId ?? null,
    trackers: announceTiers(nodes, leaderId ?? 0).flat(),
    files: files.map(({ name, bytes, infoHash, nodes }) => ({ name, bytes, infoHash, nodes })),
    nodes: nodes.map((node, index) => ({ id: node.id, torrents: torrents[index] ?? null })),
  };
}

/** What a node says of its torrents; null when it does not answer. */
async function torrentsOf(node: SharingNode, options: PageRoutesOptions): Promise<unknown[] | null> {
  const { id, swarms, world, signal } = options;
  if (node.id === id) return (await swarms.ask({ type: "get-status" }, ASK)).map(statusJson);
  try {
    const { status, bytes } = await httpGet(world, nodeUrl(node, "/swarm/status"), {
      timeoutMs: ASK_NODE_MS,
      maxBytes: MAX_STATUS_BYTES,
      signal,
    });
    const value: unknown = status === 200 ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
    return Array.isArray(value) && value.every(isTorrentJson) ? value : null;
  } catch {
    return null;
  }
}

function isTorrentJson(value: unknown): boolean {
  return isRecord(value) && typeof value.name === "string" && typeof value.pieces === "string" &&
    typeof value.pieceCount === "number" && Array.isArray(value.peers);
}

function statusJson(status: TorrentStatus): Record<string, unknown> {
  const { name, infoHash, state, length, haveBytes, pieceCount, pieces, downloadRate, uploadRate } = status;
  return {
    name,
    infoHash: hexText(infoHash),
    state,
    length,
    haveBytes,
    pieceCount,
    pieces: base64(pieces),
    downloadRate: Math.round(downloadRate),
    uploadRate: Math.round(uploadRate),
    peers: status.peers.map((peer) => ({
      address: formatAddress(peer.address),
      client: peer.client ?? null,
      pieces: base64(peer.pieces),
      downloadRate: Math.round(peer.downloadRate),
      uploadRate: Math.round(peer.uploadRate),
      isChoking: peer.isChoking,
      wantedCount: peer.wantedCount,
      asked: peer.asked,
    })),
  };
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
