/**
 * Nodes that share, in this process and on real sockets, with an election that the test decides.
 *
 * @module
 */
import type { ElectionNotice, SubscribeElection } from "../../protocols/election_events.ts";
import {
  type CatalogFile,
  type DownloadNotice,
  networkFiles,
  sharing,
  type SharingCommand,
  type SharingNode,
  type SharingOptions,
  SourceError,
} from "../../actors/sharing/mod.ts";
import type { ReportedFile } from "../../actors/sharing/catalog.ts";
import { hexText } from "../../protocols/tracker.ts";
import { parseMetainfo } from "../../protocols/metainfo.ts";
import { Seeder, type SeederOptions } from "./_seeder.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import type { World } from "../../actors/world/world.ts";
import { ActorSystem, type Behavior, type Ref, registryKey } from "../../mod.ts";
import { deadline, freePort, PATIENCE_MS, type TempDirectory, tempDirectory, until } from "../_helpers.ts";

type Election = SubscribeElection<Ref<ElectionNotice>>;

/** Tells subscribers what the test decides. */
type FakeElectionCommand = Election | {
  readonly type: "decide";
  readonly notices: readonly ElectionNotice[];
};

const fakeElection: Behavior<FakeElectionCommand> = () => {
  const subscribers = new Set<Ref<ElectionNotice>>();
  let now: readonly ElectionNotice[] = [];
  return (message) => {
    if (message.type === "subscribe") subscribers.add(message.subscriber);
    else now = message.notices;
    const told = message.type === "subscribe" ? [message.subscriber] : subscribers;
    for (const subscriber of told) for (const notice of now) subscriber.tell(notice);
  };
};

/** How a download ended, with all that was told before. */
export interface Downloaded {
  readonly end: Extract<DownloadNotice, { type: "download-done" | "download-failed" }>;
  readonly notices: readonly DownloadNotice[];
}

/** One running node. */
export class TestNode {
  readonly id: number;
  readonly directory: string;
  readonly system: ActorSystem;
  readonly sharing: Ref<SharingCommand>;
  readonly #election: Ref<FakeElectionCommand>;
  readonly #httpPort: number | undefined;
  swarmPort = 0;
  #asks = 0;

  constructor(
    id: number,
    directory: string,
    nodes: readonly SharingNode[],
    world: World,
    more: Partial<SharingOptions>,
  ) {
    this.id = id;
    this.directory = directory;
    this.#httpPort = nodes.find((node) => node.id === id)?.http.port;
    this.system = new ActorSystem(`node-${id}`, { world });
    const election = registryKey<Election>("election");
    this.#election = this.system.spawn("election", fakeElection);
    this.system.registry.register<Election>(election, this.#election);
    this.sharing = this.system.spawn(
      "sharing",
      sharing({
        id,
        nodes,
        directory,
        swarm: { hostname: "127.0.0.1", port: 0 },
        election,
        onListening: ({ swarm }) => this.swarmPort = swarm.port,
        ...more,
      }),
    );
  }

  decide(notices: readonly ElectionNotice[]): void {
    this.#election.tell({ type: "decide", notices });
  }

  /** Fetches something; `told` is called with each notice. */
  async get(what: string, told: (notice: DownloadNotice) => void = () => {}): Promise<Downloaded> {
    const { promise, resolve } = Promise.withResolvers<Downloaded>();
    const notices: DownloadNotice[] = [];
    const observer: Behavior<DownloadNotice> = (self) => (notice) => {
      notices.push(notice);
      told(notice);
      if (notice.type !== "download-done" && notice.type !== "download-failed") return;
      resolve({ end: notice, notices });
      self.stop();
    };
    this.sharing.tell({ type: "get", what, observer: this.system.spawn(`get-${++this.#asks}`, observer) });
    // A node that has failed tells nobody anything.
    const ended = this.system.terminated.then(() => Promise.reject(new Error("the node was stopped")));
    try {
      return await deadline(Promise.race([promise, ended]), PATIENCE_MS, `fetching ${what}`);
    } catch (error) {
      throw new Error(`${error}\n${await this.#status()}`, { cause: error });
    }
  }

  /** How its torrents stand, for who wants to know why nothing comes. */
  async #status(): Promise<string> {
    try {
      const signal = AbortSignal.timeout(5000);
      return await (await fetch(`http://127.0.0.1:${this.#httpPort}/swarm/status`, { signal })).text();
    } catch (error) {
      return `It does not say how it stands: ${error}`;
    }
  }
}

/** See {@linkcode SharingNetwork.startFake}. */
export interface FakeNode extends AsyncDisposable {
  readonly seeder: Seeder;
}

/** Options of {@linkcode SharingNetwork.startFake}. */
export interface FakeOptions extends Omit<SeederOptions, "pieceLength"> {
  /** What it says of the file that is not so. */
  readonly claims?: Partial<ReportedFile>;
}

/** A network of nodes. */
export class SharingNetwork implements AsyncDisposable {
  readonly nodes: readonly SharingNode[];
  readonly running = new Map<number, TestNode>();
  readonly #temp: TempDirectory;
  readonly #world = denoWorld({
    log: { level: Deno.env.get("TROUPE_DEBUG") === undefined ? "error" : "debug" },
  });
  readonly #fakes = new Map<number, FakeNode>();
  #leader = 0;
  #term = 0;

  constructor(temp: TempDirectory, count: number) {
    this.#temp = temp;
    this.nodes = Array.from({ length: count }, (_, index) => ({
      id: index + 1,
      http: { hostname: "127.0.0.1", port: freePort() },
    }));
  }

  static async create(count: number): Promise<SharingNetwork> {
    const network = new SharingNetwork(await tempDirectory(), count);
    for (const { id } of network.nodes) await Deno.mkdir(network.directory(id));
    return network;
  }

  directory(id: number): string {
    return this.#temp.file(`Node${id}`);
  }

  file(name: string): string {
    return this.#temp.file(name);
  }

  async write(id: number, name: string, bytes: Uint8Array): Promise<void> {
    await Deno.writeFile(`${this.directory(id)}/${name}`, bytes);
  }

  read(id: number, name: string): Promise<Uint8Array> {
    return Deno.readFile(`${this.directory(id)}/${name}`);
  }

  start(id: number, more: Partial<SharingOptions> = {}, change = (world: World): World => world): TestNode {
    const node = new TestNode(id, this.directory(id), this.nodes, change(this.#world), more);
    this.running.set(id, node);
    this.#tell();
    return node;
  }

  async stop(id: number): Promise<void> {
    const node = this.running.get(id);
    this.running.delete(id);
    await node?.system.stop();
    this.#tell();
  }

  /**
   * A node of another make: it says that it has what another has, or `claims` to, and gives it by a
   * {@linkcode Seeder}.
   */
  async startFake(
    id: number,
    of: CatalogFile,
    { claims, ...options }: FakeOptions,
  ): Promise<FakeNode> {
    const torrent = await fetch(this.url(this.#leader, `/torrents/${of.infoHash}.torrent`));
    const { info } = parseMetainfo(await torrent.bytes());
    const seeder = new Seeder({ ...options, pieceLength: info.pieceLength });
    const { name, bytes, sha256, infoHash } = of;
    const pieces = hexText(this.#world.hash.digest("SHA-1", info.pieces));
    const files = [{ name, bytes, sha256, infoHash, pieces, ...claims }];
    const body = JSON.stringify({ node: id, swarmPort: seeder.port, files });
    const port = this.nodes.find((node) => node.id === id)?.http.port ?? 0;
    const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, () => new Response(body));
    const fake: FakeNode = {
      seeder,
      [Symbol.asyncDispose]: async () => {
        seeder[Symbol.dispose]();
        await server.shutdown();
      },
    };
    this.#fakes.set(id, fake);
    this.#tell();
    return fake;
  }

  lead(id: number): void {
    this.#leader = id;
    this.#term++;
    this.#tell();
  }

  #tell(): void {
    const address = this.nodes.find(({ id }) => id === this.#leader)?.http;
    const members = [...this.running.keys(), ...this.#fakes.keys()].sort((a, b) => a - b);
    for (const node of this.running.values()) {
      node.decide([
        address === undefined ? { type: "leader-lost" } : {
          type: "leader-known",
          leader: this.#leader,
          address,
          term: this.#term,
          isSelf: node.id === this.#leader,
        },
        { type: "members-changed", members },
      ]);
    }
  }

  /** The files of the network as any node tells them; none while nobody answers yet. */
  async files(): Promise<CatalogFile[]> {
    const { signal } = new AbortController();
    try {
      return await networkFiles({ world: this.#world, nodes: this.nodes, signal });
    } catch (error) {
      if (error instanceof SourceError && error.isPassing) return [];
      throw error;
    }
  }

  /** Resolves once the leader lists a file that so many nodes have. */
  async offers(name: string, holders = 1): Promise<CatalogFile> {
    let found: CatalogFile | undefined;
    await until(async () => {
      const files = await this.files().catch(() => []);
      found = files.find((file) => file.name === name && file.holders.length === holders);
      return found !== undefined;
    }, `${name} being listed with ${holders} holders`);
    if (found === undefined) throw new Error(`${name} is not listed`);
    return found;
  }

  url(id: number, path: string): string {
    return `http://127.0.0.1:${this.nodes.find((node) => node.id === id)?.http.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.running.values()].map((node) => node.system.stop()));
    await Promise.all([...this.#fakes.values()].map((fake) => fake[Symbol.asyncDispose]()));
    await this.#temp[Symbol.asyncDispose]();
  }
}

/** Starts so many nodes, of which the first leads. */
export async function startNetwork(count: number): Promise<SharingNetwork> {
  const network = await SharingNetwork.create(count);
  for (const { id } of network.nodes) network.start(id);
  network.lead(1);
  return network;
}

/** Bytes that no two seeds have the same. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed * 2654435761 >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}
