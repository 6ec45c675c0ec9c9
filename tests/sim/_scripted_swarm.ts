/**
 * A swarm in which everybody but one node of ours does what a script says: a torrent, a tracker, an election,
 * and the node.
 *
 * @module
 */
import { httpServer } from "../../actors/net/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { encodeAnnounceResponse, type PeerAddress } from "../../protocols/tracker.ts";
import { encodeMetainfo } from "../../protocols/metainfo.ts";
import { formatMagnet } from "../../protocols/magnet.ts";
import type { ElectionNotice, SubscribeElection } from "../../protocols/election_events.ts";
import {
  type DownloadNotice,
  sharing,
  type SharingCommand,
  type SharingOptions,
} from "../../actors/sharing/mod.ts";
import { ActorSystem, type Behavior, escalate, type Ref, registryKey } from "../../mod.ts";
import { someBytes } from "../sharing/_network.ts";
import { type TestTorrent, torrentOf } from "../sharing/_torrent.ts";
import { SWARM_PORT } from "./_scripted_peer.ts";

/** Where a node serves HTTP. */
export const HTTP_PORT = 10080;
/** Where a node has its files. */
export const DIRECTORY = "/data/Node1";
const TORRENT_PATH = "/data/in.torrent";

/** A torrent of so many pieces, of which the last is short. */
export function scriptedTorrent(
  sim: SimWorld,
  pieceCount: number,
  pieceLength = 2 * BLOCK_BYTES,
): TestTorrent {
  const length = pieceCount * pieceLength - sim.random.integer(1, pieceLength - 1);
  const { hash } = sim.host("maker").world;
  return torrentOf(hash, "scripted.bin", someBytes(length, sim.seed), pieceLength);
}

/** A tracker that answers what a script says; undefined: with status 503 and an answer that means nothing. */
export class ScriptedTracker {
  readonly host: SimHost;
  /** When it was asked, in virtual milliseconds. */
  readonly askedAtMs: number[] = [];

  constructor(sim: SimWorld, name: string, answer: (count: number) => readonly PeerAddress[] | undefined) {
    this.host = sim.host(name);
    const handle = () => {
      this.askedAtMs.push(sim.now);
      const peers = answer(this.askedAtMs.length);
      const [complete, incomplete] = [peers?.length ?? 0, 0];
      const body = encodeAnnounceResponse(
        { type: "peers", intervalSeconds: 10, complete, incomplete, peers: peers ?? [] },
      );
      return { status: peers === undefined ? 503 : 200, headers: { "content-type": "text/plain" }, body };
    };
    this.host.start((world) => {
      const system = new ActorSystem("tracker", { world });
      const routes = [{ method: "GET", path: "/announce", handle } as const];
      system.spawn("http", httpServer({ address: { hostname: "::", port: 80 }, routes, hosts: [name] }));
      return system;
    });
  }

  /** Where to announce. */
  get url(): string {
    return `http://${this.host.name}/announce`;
  }
}

/** Who leads, as it was decided beforehand. */
export function fixedElection(
  notices: readonly ElectionNotice[],
): Behavior<SubscribeElection<Ref<ElectionNotice>>> {
  return () => ({ subscriber }) => {
    for (const notice of notices) subscriber.tell(notice);
  };
}

/** Options of {@linkcode ScriptedNode}. */
export interface ScriptedNodeOptions extends Partial<SharingOptions> {
  /** What it fetches, at each start. */
  readonly wants?: readonly string[];
  /** The others of its network. */
  readonly others?: readonly string[];
}

/** Options of {@linkcode startNode}. */
export interface NodeOptions extends Partial<SharingOptions> {
  /** Which of the hosts it is: 1 is the first. */
  readonly id: number;
  /** The hosts of its network, of which the first leads. */
  readonly hostnames: readonly string[];
}

/** Runs a node of ours in a network whose leader was decided beforehand. */
export function startNode(
  world: World,
  { id, hostnames, ...more }: NodeOptions,
): { readonly system: ActorSystem; readonly ref: Ref<SharingCommand> } {
  const http = (hostname: string) => ({ hostname, port: HTTP_PORT });
  const nodes = hostnames.map((hostname, index) => ({ id: index + 1, http: http(hostname) }));
  const key = registryKey<SubscribeElection<Ref<ElectionNotice>>>("election");
  const system = new ActorSystem("node", { world });
  const election = system.spawn(
    "election",
    fixedElection([
      { type: "leader-known", leader: 1, address: http(hostnames[0] ?? ""), term: 1, isSelf: id === 1 },
      { type: "members-changed", members: nodes.map((node) => node.id) },
    ]),
  );
  system.registry.register(key, election);
  const ref: Ref<SharingCommand> = system.spawn(
    "sharing",
    sharing({
      id,
      nodes,
      directory: DIRECTORY,
      swarm: { hostname: "::", port: SWARM_PORT },
      http: http("::"),
      election: key,
      ...more,
    }),
    { onFailure: escalate() },
  );
  return { system, ref };
}

/** The one node that is ours; it leads its network. */
export class ScriptedNode {
  readonly host: SimHost;
  /** All that was told of what it fetches, over all of its lives. */
  readonly notices: DownloadNotice[] = [];
  #get: (what: string) => void = () => {};

  constructor(sim: SimWorld, name: string, options: ScriptedNodeOptions) {
    this.host = sim.host(name);
    this.host.disk.makeDirectory(DIRECTORY);
    const { wants = [], others = [], ...more } = options;
    this.host.start((world) => {
      const { system, ref } = startNode(world, { id: 1, hostnames: [name, ...others], ...more });
      let count = 0;
      this.#get = (what) => {
        const observer = system.spawn(`want-${count++}`, () => (notice: DownloadNotice) => {
          this.notices.push(notice);
        });
        ref.tell({ type: "get", what, observer });
      };
      for (const what of wants) this.#get(what);
      return system;
    });
  }

  /** Fetches something more, in this life. */
  get(what: string): void {
    this.#get(what);
  }

  /** How what it fetched has ended. */
  get ends(): Extract<DownloadNotice, { type: "download-done" | "download-failed" }>[] {
    return this.notices.filter((notice) =>
      notice.type === "download-done" || notice.type === "download-failed"
    );
  }

  /** What is under a name in its folder. */
  read(name: string): Uint8Array | undefined {
    return this.host.disk.read(`${DIRECTORY}/${name}`);
  }
}

/** What a node asks for that is given this torrent as a file, with these trackers. */
export function torrentFileFor(host: SimHost, torrent: TestTorrent, trackers: readonly string[]): string {
  host.disk.write(TORRENT_PATH, encodeMetainfo(torrent.info.bytes, trackers.map((url) => [url])));
  return TORRENT_PATH;
}

/** A magnet link of a torrent that names these peers. */
export function magnetOf({ infoHash }: TestTorrent, peers: readonly PeerAddress[]): string {
  return formatMagnet({ infoHash, trackers: [], peers });
}
