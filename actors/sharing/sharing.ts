/**
 * File sharing of one node.
 *
 * @module
 */
import type {
  ElectionNotice,
  LeaderKnown,
  LeaderLost,
  MembersChanged,
  SubscribeElection,
} from "../../protocols/election_events.ts";
import { httpServer, type StaticFiles } from "../net/mod.ts";
import {
  type Behavior,
  type Context,
  escalate,
  type Ref,
  type RegistryKey,
  restart,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { bandwidth } from "./bandwidth.ts";
import { collector } from "./collector.ts";
import { pageRoutes } from "./doors/page_routes.ts";
import { trackerRoutes } from "./doors/tracker_routes.ts";
import { udpTracker } from "./doors/udp_tracker.ts";
import { downloads, type DownloadsCommand } from "./downloads.ts";
import { CLIENT } from "./fetch_once.ts";
import { infoStore } from "./info_store.ts";
import { leaderClient } from "./leader_client.ts";
import { library, type LibraryChanged } from "./library.ts";
import type { BandwidthCommand } from "./messages.ts";
import type { SharingNode } from "./nodes.ts";
import { makePeerId } from "./peer_id.ts";
import { swarmListener } from "./swarm_listener.ts";
import { swarms } from "./swarms.ts";
import type { SwarmsCommand } from "./swarms_commands.ts";
import { tracker } from "./tracker.ts";

/** Options of {@linkcode sharing}. */
export interface SharingOptions {
  /** This node. */
  readonly id: number;
  /** All nodes, this one too. */
  readonly nodes: readonly SharingNode[];
  /** The directory whose files are given, and in which files appear. */
  readonly directory: string;
  /** Where to listen for peers; port 0 takes any free one. */
  readonly swarm: SocketAddress;
  /** Where to serve HTTP. @default the address that `nodes` has */
  readonly http?: SocketAddress;
  /** Where the election is found. */
  readonly election: RegistryKey<SubscribeElection<Ref<ElectionNotice>>>;
  /** Bytes a second that may be sent; 0 is no limit. @default 0 */
  readonly maxUpload?: number;
  /** Bytes a second that may be fetched; 0 is no limit. @default 0 */
  readonly maxDownload?: number;
  /** The page of the swarm, as `deno task pages` has made it. @default none */
  readonly page?: StaticFiles;
  /** Names under which browsers may reach the HTTP port, beside its addresses. */
  readonly webHosts?: readonly string[];
  /** Told where peers and browsers find the node, as soon as both sockets listen. */
  readonly onListening?: (addresses: { readonly swarm: SocketAddress; readonly http: SocketAddress }) => void;
}

/** What a node that shares can be told. */
export type SharingCommand = DownloadsCommand;

type Private =
  | LibraryChanged
  | ElectionNotice
  | FollowerStarted
  | { readonly type: "http-listening"; readonly address: SocketAddress }
  | {
    readonly type: "election-found";
    readonly ref: Ref<SubscribeElection<Ref<ElectionNotice>>> | undefined;
  };

/** An actor that is to know what the election tells has begun, or has begun afresh and knows nothing. */
interface FollowerStarted {
  readonly type: "follower-started";
  readonly follower: Ref<ElectionNotice>;
}

/**
 * Gives every regular file of a directory to whoever asks, fetches what it is told to, and is the tracker
 * while it leads.
 */
export function sharing(options: SharingOptions): Behavior<SharingCommand> {
  return withPrivateMessages<SharingCommand, Private>((self) => {
    const node = new Node(self, options);
    return (message) => node.receive(message);
  });
}

class Node {
  readonly #swarms: Ref<SwarmsCommand>;
  readonly #downloads: Ref<DownloadsCommand>;
  readonly #self: Context<SharingCommand | Private>;
  readonly #onHttp: (address: SocketAddress) => void;
  /** Told what the election tells. */
  readonly #followers = new Set<Ref<ElectionNotice>>();
  /** What it has told last, of each kind. */
  #leader: LeaderKnown | LeaderLost | undefined;
  #members: MembersChanged | undefined;

  constructor(self: Context<SharingCommand | Private>, options: SharingOptions) {
    this.#self = self;
    self.supervise("rest-for-one");
    const onFailure = restart({ limit: 3, withinMs: 10_000, backoff: { minMs: 200, maxMs: 2000 } });
    const { id, nodes, directory } = options;
    const peerId = makePeerId(self.world.random);
    let listening: SocketAddress | undefined;
    const swarmPort = () => listening?.port ?? options.swarm.port;
    const upload = spawnBandwidth(self, "upload", options.maxUpload);
    const download = spawnBandwidth(self, "download", options.maxDownload);
    const session = () => ({
      peerId,
      listenPort: swarmPort(),
      client: CLIENT,
      ...(upload === undefined ? {} : { upload }),
    });
    this.#swarms = self.spawn(
      "swarms",
      swarms({ directory, session, ...(download === undefined ? {} : { download }) }),
      { onFailure },
    );
    const swarmsRef = this.#swarms;
    const node = self.self;
    const trackerRef = self.spawn("tracker", follower(node, tracker()), { onFailure });
    const infos = self.spawn("infos", infoStore({ nodes, swarms: this.#swarms }), { onFailure });
    self.spawn("collector", follower(node, collector({ nodes, tracker: trackerRef })), { onFailure });
    self.spawn("leader-client", follower(node, leaderClient({ nodes, swarms: this.#swarms })), { onFailure });
    this.#downloads = self.spawn("downloads", downloads({ directory, nodes, swarms: this.#swarms }), {
      onFailure,
    });
    self.spawn("library", library({ directory, observer: self.self }), { onFailure });
    self.spawn(
      "peers",
      swarmListener({
        address: options.swarm,
        session: () => ({ ...session(), swarms: swarmsRef }),
        onListening: (address) => listening = address,
      }),
      { onFailure: escalate() },
    );
    const own = nodes.find((node) => node.id === id);
    const http = options.http ?? own?.http;
    if (http === undefined) throw new RangeError(`Cannot share as Node ${id}: it is not one of the nodes`);
    const { world, signal } = self;
    const { page } = options;
    const routes = [
      ...trackerRoutes({ id, nodes, swarmPort, tracker: trackerRef, swarms: this.#swarms, infos }),
      ...pageRoutes({
        ...{ id, nodes, tracker: trackerRef, swarms: this.#swarms, world, signal },
        ...(page === undefined ? {} : { page }),
      }),
    ];
    self.spawn(
      "http",
      httpServer({
        address: http,
        routes,
        hosts: [...nodes.map((node) => node.http.hostname), ...options.webHosts ?? []],
        onListening: (address) => self.self.tell({ type: "http-listening", address }),
      }),
      { onFailure: escalate() },
    );
    this.#onHttp = (address) => {
      options.onListening?.({ swarm: listening ?? options.swarm, http: address });
      // Who cannot have the same port over UDP has a tracker over HTTP alone.
      self.spawn("udp-tracker", udpTracker({ address, tracker: trackerRef }), { onFailure: stop() });
    };
    self.watchKey(options.election, (ref) => ({ type: "election-found", ref }));
  }

  receive(message: SharingCommand | Private): void {
    switch (message.type) {
      case "http-listening":
        return this.#onHttp(message.address);
      case "library-changed":
        return this.#swarms.tell({ type: "share", files: message.files });
      case "election-found":
        return message.ref?.tell({ type: "subscribe", subscriber: this.#self.self });
      case "follower-started":
        this.#followers.add(message.follower);
        if (this.#leader !== undefined) message.follower.tell(this.#leader);
        if (this.#members !== undefined) message.follower.tell(this.#members);
        return;
      case "members-changed":
        this.#members = message;
        return this.#tellFollowers(message);
      case "leader-known":
      case "leader-lost":
        this.#leader = message;
        return this.#tellFollowers(message);
      default:
        return this.#downloads.tell(message);
    }
  }

  #tellFollowers(notice: ElectionNotice): void {
    for (const follower of this.#followers) follower.tell(notice);
  }
}

/** The actor of a behaviour tells the node whenever it starts. */
function follower<M>(
  node: Ref<FollowerStarted>,
  behavior: Behavior<M | ElectionNotice>,
): Behavior<M | ElectionNotice> {
  return (self) => {
    node.tell({ type: "follower-started", follower: self.self });
    return behavior(self);
  };
}

function spawnBandwidth(
  self: Context<SharingCommand | Private>,
  name: string,
  perSecond = 0,
): Ref<BandwidthCommand> | undefined {
  return perSecond > 0 ? self.spawn(name, bandwidth(perSecond)) : undefined;
}
