/**
 * The tracker of the network: at work at the node that leads.
 *
 * @module
 */
import type { LeaderKnown, LeaderLost, MembersChanged } from "../../protocols/election_events.ts";
import { hexText } from "../../protocols/_percent_bytes.ts";
import type {
  AnnounceRequest,
  AnnounceResponse,
  PeerAddress,
  ScrapeCounts,
} from "../../protocols/tracker.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { Catalog, type CatalogFile, type Inventory } from "./catalog.ts";
import { SwarmTable } from "./swarm_table.ts";
import type { Versioned } from "./versioned.ts";

/** What a node reports, and where it listens for peers. */
export interface NodeInventory extends Inventory {
  /** IP addresses of the node. */
  readonly addresses: readonly string[];
}

/** Peers that lack something of a torrent. */
export interface WantingPeers {
  /** Hexadecimal digits: the one torrent of the content. */
  readonly infoHash: string;
  /** Where they listen. */
  readonly peers: readonly PeerAddress[];
}

/** What a {@linkcode tracker} can be told. */
export type TrackerCommand =
  | LeaderKnown
  | LeaderLost
  | MembersChanged
  /** Who leads, as far as this node knows. */
  | { readonly type: "get-leader"; readonly replyTo: Ref<LeaderKnown | LeaderLost> }
  /** What the members have, by now. */
  | { readonly type: "set-inventories"; readonly inventories: readonly NodeInventory[] }
  /** A peer announces itself, from an IP address. */
  | {
    readonly type: "announce";
    readonly request: AnnounceRequest;
    readonly hostname: string;
    readonly replyTo: Ref<AnnounceResponse>;
  }
  /** How many have these torrents; those that are not known are left out. */
  | {
    readonly type: "scrape";
    readonly infoHashes: readonly Uint8Array[];
    readonly replyTo: Ref<readonly (readonly [Uint8Array, ScrapeCounts])[]>;
  }
  /** All files. */
  | { readonly type: "get-files"; readonly replyTo: Ref<Versioned<readonly CatalogFile[]>> }
  /**
   * The file of a name, or of an info hash in hexadecimal digits, and who has its info dictionary.
   */
  | { readonly type: "find-file"; readonly name: string; readonly replyTo: Ref<CatalogFile | undefined> }
  /** Who wants something. */
  | { readonly type: "get-wanting"; readonly replyTo: Ref<Versioned<readonly WantingPeers[]>> };

/** Options of {@linkcode tracker}. */
export interface TrackerOptions {
  /** Seconds between two announces of a peer. @default 15 */
  readonly intervalSeconds?: number;
}

/** So many answers may be missed before a peer is forgotten. */
const MISSED_ANNOUNCES = 3;

/** Knows what the network has and who takes part in which swarm. */
export function tracker(options: TrackerOptions = {}): Behavior<TrackerCommand> {
  return withPrivateMessages<TrackerCommand, never>((self) => {
    const it = new Tracker(self, options.intervalSeconds ?? 15);
    return (message) => it.receive(message);
  });
}

class Tracker {
  readonly #self: Context<TrackerCommand>;
  readonly #intervalSeconds: number;
  readonly #table: SwarmTable;
  /** Versions of two trackers are not the same by chance. */
  readonly #life: string;
  #leader: LeaderKnown | LeaderLost = { type: "leader-lost" };
  #catalog = new Catalog([]);
  #nodes = new Map<number, NodeInventory>();
  #version = 0;

  constructor(self: Context<TrackerCommand>, intervalSeconds: number) {
    this.#self = self;
    this.#intervalSeconds = intervalSeconds;
    this.#table = new SwarmTable(MISSED_ANNOUNCES * intervalSeconds * 1000);
    this.#life = hexText(self.world.random.bytes(6));
  }

  receive(message: TrackerCommand): void {
    switch (message.type) {
      case "leader-known":
      case "leader-lost":
        this.#leader = message;
        return;
      case "members-changed":
        return;
      case "get-leader":
        return message.replyTo.tell(this.#leader);
      case "set-inventories":
        return this.#setInventories(message.inventories);
      case "announce":
        return message.replyTo.tell(this.#announce(message.request, message.hostname));
      case "scrape":
        return message.replyTo.tell(message.infoHashes.flatMap((infoHash) => this.#scrape(infoHash)));
      case "get-files":
        return message.replyTo.tell({
          version: `${this.#life}-${this.#version}`,
          value: this.#catalog.files,
        });
      case "find-file":
        return message.replyTo.tell(this.#findFile(message.name));
      case "get-wanting":
        return message.replyTo.tell(this.#wanting());
      default:
        assertNever(message);
    }
  }

  #setInventories(inventories: readonly NodeInventory[]): void {
    this.#version++;
    this.#catalog = new Catalog(inventories);
    this.#nodes = new Map(inventories.map((inventory) => [inventory.node, inventory]));
    this.#table.keep((key) => this.#catalog.content(key) !== undefined);
  }

  #findFile(name: string): CatalogFile | undefined {
    const byHash = this.#catalog.contentKey(name);
    if (byHash === undefined) return this.#catalog.byName(name);
    const { infoHash } = this.#catalog.content(byHash) ?? {};
    return this.#catalog.files.find((file) => file.infoHash === infoHash);
  }

  #announce(request: AnnounceRequest, hostname: string): AnnounceResponse {
    const key = this.#catalog.contentKey(hexText(request.infoHash));
    if (key === undefined) return { type: "failure", reason: "unknown torrent" };
    const { nowMs, random } = this.#now();
    this.#table.announce(key, request, hostname, nowMs);
    // Also for who lacks nothing: clients that know no more than a magnet link say so too.
    const seeds = this.#seeds(key, request, hostname);
    const peers = this.#table.peers(key, request, hostname, nowMs, random);
    const counts = this.#counts(key);
    return {
      type: "peers",
      intervalSeconds: this.#intervalSeconds,
      complete: counts.complete,
      incomplete: counts.incomplete,
      peers: request.event === "stopped" ? [] : distinct([...seeds, ...peers]),
    };
  }

  #now(): { nowMs: number; random: () => number } {
    const { clock, random } = this.#self.world;
    return { nowMs: clock.monotonic(), random: () => random.next() };
  }

  /** The nodes that have it: they take part without announcing themselves. */
  #seeds(key: string, request: AnnounceRequest, hostname: string): PeerAddress[] {
    const holders = this.#catalog.content(key)?.holders ?? [];
    return holders.flatMap((node) => {
      const { addresses = [], swarmPort = 0 } = this.#nodes.get(node) ?? {};
      const own = addresses.map((address) => ({ hostname: address, port: swarmPort }));
      const isAsker = own.some((at) => at.hostname === hostname && at.port === request.port);
      return isAsker ? [] : own;
    });
  }

  #counts(key: string): ScrapeCounts {
    const { complete, incomplete, downloaded } = this.#table.counts(key, this.#now().nowMs);
    const holders = this.#catalog.content(key)?.holders.length ?? 0;
    return { complete: complete + holders, incomplete, downloaded };
  }

  #scrape(infoHash: Uint8Array): (readonly [Uint8Array, ScrapeCounts])[] {
    const key = this.#catalog.contentKey(hexText(infoHash));
    return key === undefined ? [] : [[infoHash, this.#counts(key)]];
  }

  #wanting(): Versioned<readonly WantingPeers[]> {
    const value: WantingPeers[] = [];
    for (const [key, peers] of this.#table.leechers(this.#now().nowMs)) {
      const content = this.#catalog.content(key);
      if (content !== undefined) value.push({ infoHash: content.infoHash, peers });
    }
    const { hash } = this.#self.world;
    const digest = hash.digest("SHA-1", new TextEncoder().encode(JSON.stringify(value)));
    return { version: hexText(digest), value };
  }
}

function distinct(peers: readonly PeerAddress[]): PeerAddress[] {
  const seen = new Set<string>();
  return peers.filter(({ hostname, port }) => {
    const key = `${hostname} ${port}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
