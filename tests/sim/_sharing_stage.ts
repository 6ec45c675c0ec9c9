/**
 * What the scenes of the sharing by its rules have in common: who plays, and what is looked at.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { httpServer, jsonResponse, type RoutedRequest, textResponse } from "../../actors/net/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { hexText } from "../../protocols/tracker.ts";
import { ActorSystem } from "../../mod.ts";
import { isSameContent, type TestTorrent } from "../sharing/_torrent.ts";
import { ScriptedPeer, SWARM_PORT } from "./_scripted_peer.ts";
import { Leecher, type LeecherOptions } from "./_scripted_leecher.ts";
import {
  DIRECTORY,
  HTTP_PORT,
  ScriptedNode,
  scriptedTorrent,
  ScriptedTracker,
  torrentFileFor,
} from "./_scripted_swarm.ts";

const names = new WeakMap<SimWorld, number>();

/** A host name that was not used yet. */
export function fresh(sim: SimWorld, role: string): string {
  const count = (names.get(sim) ?? 0) + 1;
  names.set(sim, count);
  return `${role}${count}`;
}

export function hasEnded(node: ScriptedNode): () => boolean {
  return () => node.ends.length > 0;
}

export function checkFetched(node: ScriptedNode, torrent: TestTorrent): void {
  assertEquals(node.ends, [{ type: "download-done", name: torrent.name }]);
  checkBytes(node.read(torrent.name), torrent);
}

export function checkBytes(
  found: Uint8Array | undefined,
  { bytes }: TestTorrent,
  what = "it is byte for byte",
): void {
  assert(isSameContent(found, bytes), what);
}

export function checkManners(...peers: readonly (ScriptedPeer | Leecher)[]): void {
  for (const { violations } of peers) assertEquals(violations, []);
}

/** So many bytes in so much time are no more than the limit, and not far below it. */
export function checkRate(bytes: number, perSecond: number, tookMs: number): void {
  const what = `${bytes} bytes in ${tookMs} ms, the limit is ${perSecond} a second`;
  assert(bytes <= perSecond * (tookMs / 1000 + 0.2) + 2 * BLOCK_BYTES, what);
  assert(bytes >= perSecond * (tookMs / 1000 - 3) * 0.8, what);
}

/** A node that fetches by a `.torrent` whose tracker says what `answer` says. */
export function fetcher(
  sim: SimWorld,
  torrent: TestTorrent,
  answer: ConstructorParameters<typeof ScriptedTracker>[2],
  more: ConstructorParameters<typeof ScriptedNode>[2] = {},
): { node: ScriptedNode; tracker: ScriptedTracker; what: string } {
  const tracker = new ScriptedTracker(sim, fresh(sim, "tracker"), answer);
  const name = fresh(sim, "node");
  const what = torrentFileFor(sim.host(name), torrent, [tracker.url]);
  return { tracker, what, node: new ScriptedNode(sim, name, { wants: [what], ...more }) };
}

/** A torrent as our nodes make it of a file, so that they give it. */
export function ownTorrent(sim: SimWorld, { info: { pieceCount } }: TestTorrent): TestTorrent {
  return scriptedTorrent(sim, pieceCount, BLOCK_BYTES);
}

/** A node that gives a torrent. */
export function giver(
  sim: SimWorld,
  torrent: TestTorrent,
  more: ConstructorParameters<typeof ScriptedNode>[2] = {},
): ScriptedNode {
  const name = fresh(sim, "node");
  sim.host(name).disk.write(`${DIRECTORY}/${torrent.name}`, torrent.bytes);
  return new ScriptedNode(sim, name, more);
}

export function leecherOf(
  sim: SimWorld,
  node: SimHost,
  torrent: TestTorrent,
  options: LeecherOptions,
): Leecher {
  return new Leecher(sim.host(fresh(sim, "leecher")).world, node, torrent, options);
}

/** What a {@linkcode lister} says that it has. */
export interface Listed {
  readonly torrent: TestTorrent;
  readonly sha256: Uint8Array;
  /** It does not give the torrent itself. */
  readonly isWithheld?: boolean;
}

/** A node of the network that has what it says: one file, or none; or it fails to say so. */
export function lister(sim: SimWorld, name: string, answer: () => Listed | "nothing" | "fail"): void {
  const { hash } = sim.host(name).world;
  const given = new Map<string, Uint8Array>();
  const rowOf = ({ torrent: { name, info, infoHash }, sha256, isWithheld = false }: Listed) => {
    if (!isWithheld) given.set(hexText(infoHash), info.bytes);
    const pieces = hexText(hash.digest("SHA-1", info.pieces));
    return { name, bytes: info.length, sha256: hexText(sha256), infoHash: hexText(infoHash), pieces };
  };
  sim.host(name).start((world) => {
    const system = new ActorSystem("lister", { world });
    const share = () => {
      const listed = answer();
      if (listed === "fail") return textResponse(500, "not now\n");
      return jsonResponse(200, { swarmPort: SWARM_PORT, files: listed === "nothing" ? [] : [rowOf(listed)] });
    };
    const infoBytes = ({ params }: RoutedRequest) => {
      const body = given.get(params.hash ?? "");
      return body === undefined ? textResponse(404, "none\n") : { status: 200, headers: {}, body };
    };
    system.spawn(
      "http",
      httpServer({
        address: { hostname: "::", port: HTTP_PORT },
        hosts: [name],
        routes: [
          { method: "GET", path: "/share", handle: share },
          { method: "GET", path: "/share/info/:hash", handle: infoBytes },
        ],
      }),
    );
  });
}
