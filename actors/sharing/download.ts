/**
 * One thing that somebody wants fetched, from the question to the file.
 *
 * @module
 */
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import type { CatalogFile } from "./catalog.ts";
import type { DownloadNotice } from "./download_notice.ts";
import { isTaken } from "./is_taken.ts";
import type { MetadataNotice } from "./metadata_fetch.ts";
import { announceTiers, type SharingNode } from "./nodes.ts";
import { GIVE_UP_MS, PeerSearch } from "./peer_search.ts";
import { isOtherName, SameBytes } from "./same_bytes.ts";
import { Served } from "./served.ts";
import { findSource, networkFiles, type Source, SourceError, torrentOf } from "./sources.ts";
import type { FetchOrder, SwarmsCommand } from "./swarms_commands.ts";
import type { TorrentNotice, TorrentStatus } from "./torrent_status.ts";
import { errorText } from "../world/world.ts";

/** What a {@linkcode download} can be told. */
export type DownloadCommand = never;

/** Options of {@linkcode download}. */
export interface DownloadOptions {
  /** A name of the network, the path of a `.torrent` file, or a magnet link. */
  readonly what: string;
  /** Where it appears. */
  readonly directory: string;
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** Who fetches. */
  readonly swarms: Ref<SwarmsCommand>;
  /** Told how it goes. */
  readonly observer: Ref<DownloadNotice>;
}

type Private =
  | TorrentNotice
  | MetadataNotice
  | { readonly type: "found"; readonly source: Source; readonly isTaken: boolean }
  | { readonly type: "not-found"; readonly reason: string }
  | { readonly type: "look" }
  | { readonly type: "status"; readonly all: readonly TorrentStatus[] }
  | { readonly type: "look-at-network" }
  | { readonly type: "files"; readonly files: readonly CatalogFile[] }
  | {
    readonly type: "followed";
    readonly file: CatalogFile;
    /** All that there were. */
    readonly files: readonly CatalogFile[];
    readonly order: FetchOrder | undefined;
  };

const STATUS_MS = 250;
const NETWORK_MS = 3000;
/** How long the leader may be away before a question to it fails. */
const PATIENCE = 5;
const RETRY_MS = 1000;
const NOBODY = `it names no tracker, and this network's nodes have named no peer in ${GIVE_UP_MS / 1000} s`;
/** Names that come to nothing are followed less and less often: in the end every three minutes. */
const MAX_DOUBLINGS = 6;

/** Finds what is asked for, has it fetched, and stops when it is there or will never be. */
export function download(options: DownloadOptions): Behavior<DownloadCommand> {
  return withPrivateMessages<DownloadCommand, Private>((self) => {
    const it = new Download(self, options);
    return (message) => it.receive(message);
  });
}

/** What was fetched until another file of its name is, whose info hash is `forHash`. */
interface Left {
  readonly order: FetchOrder;
  readonly file: CatalogFile;
  readonly forHash: string;
}

class Download {
  readonly #self: Context<Private>;
  readonly #options: DownloadOptions;
  #order: FetchOrder | undefined;
  /** The row of the network that it comes from. */
  #file: CatalogFile | undefined;
  #magnet: { infoHash: Uint8Array; trackers: readonly (readonly string[])[] } | undefined;
  /** Info hashes of files of the name that nobody gave. */
  readonly #tried = new Set<string>();
  #left: Left | undefined;
  readonly #served = new Served();
  readonly #sameBytes = new SameBytes(this.#tried);
  /** How often following was tried without a byte since: the next time comes after twice as many looks. */
  #follows = 0;
  #looksSinceFollow = 0;
  #search: PeerSearch | undefined;
  #isLooking = false;
  #isOver = false;

  constructor(self: Context<Private>, options: DownloadOptions) {
    this.#self = self;
    this.#options = options;
    this.#find();
    self.onStop(() => {
      if (!this.#isOver) this.#abandon();
    });
  }

  receive(message: Private): void {
    if (this.#isOver) return;
    switch (message.type) {
      case "found":
        return this.#onFound(message.source, message.isTaken);
      case "not-found":
      case "torrent-failed":
        return this.#left === undefined ? this.#fail(message.reason) : this.#goBack(this.#left);
      case "metadata-found":
        return this.#onMetadata(message);
      case "metadata-refused":
        return this.#fail(message.reason);
      case "metadata-peer":
        return this.#search?.found();
      case "torrent-ready":
        this.#left = undefined;
        return;
      case "torrent-released":
        return;
      case "torrent-complete":
        return this.#done();
      case "look":
        return this.#look();
      case "status":
        return this.#onStatus(message.all);
      case "look-at-network":
        return this.#lookAtNetwork();
      case "files":
        return this.#onFiles(message.files);
      case "followed":
        return this.#onFollowed(message);
      default:
        assertNever(message);
    }
  }

  // Before.

  #find(): void {
    const { what } = this.#options;
    const finding = async () => {
      const source = await this.#findPatiently(what);
      const isTaken = source.type === "torrent" && await this.#isTaken(source.order.info.name);
      return { source, isTaken };
    };
    this.#self.pipe<{ source: Source; isTaken: boolean }>(
      finding(),
      ({ source, isTaken }) => ({ type: "found", source, isTaken }),
      (error) => ({ type: "not-found", reason: errorText(error) }),
    );
  }

  /** Between two leaders nobody knows anything, for a while. */
  async #findPatiently(what: string): Promise<Source> {
    const { world, signal } = this.#self;
    for (let tries = 1;; tries++) {
      try {
        return await findSource(what, { world, nodes: this.#options.nodes, signal, avoid: this.#tried });
      } catch (error) {
        const isPassing = error instanceof SourceError && error.isPassing;
        if (!isPassing || tries === PATIENCE || signal.aborted) throw error;
      }
      await new Promise<void>((resolve) => {
        world.clock.timer(RETRY_MS, resolve);
      });
    }
  }

  #isTaken(name: string): Promise<boolean> {
    return isTaken(this.#self.world.disk, this.#options.directory, name);
  }

  #onFound(source: Source, isTaken: boolean): void {
    if (source.type === "magnet") return this.#fetchMetadata(source.magnet);
    const { file } = source;
    const order = { ...source.order, trackers: this.#trackersOf(source.order) };
    if (isTaken) return this.#fail(`Cannot fetch ${order.info.name}: a file of that name is there`);
    this.#file = file;
    this.#fetch(order);
  }

  #fetchMetadata(magnet: Extract<Source, { type: "magnet" }>["magnet"]): void {
    const { infoHash, peers } = magnet;
    const trackers = this.#startSearch("The link", magnet.trackers.map((url) => [url]));
    this.#order = undefined;
    this.#magnet = { infoHash, trackers };
    this.#note("Looking for peers that have the torrent");
    this.#lookSoon();
    this.#options.swarms.tell({
      type: "fetch-metadata",
      infoHash,
      trackers,
      peers,
      observer: this.#self.self,
    });
  }

  #onMetadata({ info, peers }: Extract<MetadataNotice, { type: "metadata-found" }>): void {
    const magnet = this.#magnet;
    if (magnet === undefined) return;
    this.#abandon();
    const order = { info, infoHash: magnet.infoHash, trackers: magnet.trackers, peers };
    this.#self.pipe<boolean>(
      this.#isTaken(info.name),
      (isTaken) => ({ type: "found", source: { type: "torrent", order }, isTaken }),
      (error) => ({ type: "not-found", reason: errorText(error) }),
    );
  }

  /** A magnet link's trackers are known by now, and its search goes on. */
  #trackersOf({ info, trackers }: FetchOrder): readonly (readonly string[])[] {
    return this.#magnet === undefined ? this.#startSearch(info.name, trackers) : trackers;
  }

  /** What names no tracker is looked for at those of the network. */
  #startSearch(what: string, trackers: readonly (readonly string[])[]): readonly (readonly string[])[] {
    const hasTrackers = trackers.length > 0;
    this.#search = new PeerSearch(hasTrackers, this.#self.coarseNow);
    if (hasTrackers) return trackers;
    const seconds = GIVE_UP_MS / 1000;
    this.#note(`${what} names no tracker: asking the nodes of this network, for ${seconds} s`);
    return announceTiers(this.#options.nodes, 0);
  }

  // Meanwhile.

  #lookSoon(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#self.after(STATUS_MS, { type: "look" });
  }

  #fetch(order: FetchOrder): void {
    this.#order = order;
    this.#options.swarms.tell({ type: "fetch", order, observer: this.#self.self });
    this.#lookSoon();
    if (this.#file !== undefined) this.#lookAtNetworkLater();
  }

  #lookAtNetworkLater(): void {
    this.#self.after(NETWORK_MS, { type: "look-at-network" });
  }

  #look(): void {
    this.#self.pipe<readonly TorrentStatus[]>(
      this.#options.swarms.ask({ type: "get-status" }, { timeoutMs: 5000 }),
      (all) => ({ type: "status", all }),
      () => ({ type: "status", all: [] }),
    );
  }

  #onStatus(all: readonly TorrentStatus[]): void {
    const order = this.#order;
    const status = order === undefined
      ? undefined
      : all.find(({ infoHash }) => equalBytes(infoHash, order.infoHash));
    this.#isLooking = false;
    this.#served.see(status);
    if (status !== undefined && status.peers.length > 0) this.#search?.found();
    if (status !== undefined) this.#options.observer.tell({ type: "download-progress", status });
    // What is looked at, or verified, on the disk takes no peers.
    const isFetching = status === undefined || status.state === "fetching";
    const verdict = isFetching ? this.#search?.look(this.#self.coarseNow) : "go-on";
    if (verdict === "give-up") return this.#fail(`Cannot fetch ${this.#what}: ${NOBODY}`);
    if (verdict === "say-so") this.#note(`No peer was found yet that has ${this.#what}: still looking`);
    this.#lookSoon();
  }

  get #what(): string {
    return this.#order === undefined ? "the torrent" : this.#order.info.name;
  }

  #lookAtNetwork(): void {
    const { world, signal } = this.#self;
    this.#self.pipe<readonly CatalogFile[]>(
      networkFiles({ world, nodes: this.#options.nodes, signal }),
      (files) => ({ type: "files", files }),
      // Without a leader nothing is known to have changed.
      () => ({ type: "files", files: this.#file === undefined ? [] : [this.#file] }),
    );
  }

  /**
   * Whether somebody has still what is fetched, and gives it. If not, and the name stands for other bytes
   * too, these are fetched: the file was changed, or whoever listed it lies.
   */
  #onFiles(files: readonly CatalogFile[]): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#served.look();
    if (this.#served.isFed) this.#follows = 0;
    const same = this.#sameBytes.next(file, files);
    if (same === undefined || ++this.#looksSinceFollow < 2 ** this.#follows) this.#decide(file, files);
    else this.#follow(same, files);
  }

  /** What is there of the name instead is fetched, if its bytes are gone, or nobody gives them. */
  #decide(file: CatalogFile, files: readonly CatalogFile[]): void {
    const ofName = files.filter(({ name }) => name === file.name);
    if (!this.#served.isServed && ofName.length > 0 && !this.#sameBytes.isThere(file, files)) {
      return this.#findAgain(file, `${file.name} was changed: fetching what it is now`);
    }
    const others = ofName.filter(({ infoHash }) => infoHash !== file.infoHash);
    const areTried = others.every(({ infoHash }) => this.#tried.has(infoHash));
    if (others.length === 0 || !this.#served.isDeserted(areTried)) return this.#lookAtNetworkLater();
    // Whoever gave none of these then may be back by now.
    if (areTried) {
      this.#tried.clear();
      this.#served.startRound();
    }
    const next = others.find(({ infoHash }) => !this.#tried.has(infoHash));
    const order = this.#order;
    if (next === undefined || order === undefined) return this.#lookAtNetworkLater();
    this.#left = { order, file, forHash: next.infoHash };
    this.#findAgain(file, `Nobody gives ${file.name} as it was listed: fetching another of that name`);
  }

  /** The other could not be had: what there was may come all the same. */
  #goBack({ order, file, forHash }: Left): void {
    this.#left = undefined;
    this.#tried.add(forHash);
    this.#file = file;
    this.#fetch(order);
  }

  /** The names of its bytes have changed, and by that their torrent: what is there of it stays. */
  #follow(file: CatalogFile, files: readonly CatalogFile[]): void {
    const { world, signal } = this.#self;
    this.#self.pipe<FetchOrder>(
      torrentOf(file, { world, nodes: this.#options.nodes, signal }),
      (order) => ({ type: "followed", file, files, order }),
      () => ({ type: "followed", file, files, order: undefined }),
    );
  }

  #onFollowed({ file, files, order: to }: Extract<Private, { type: "followed" }>): void {
    const [order, before] = [this.#order, this.#file];
    if (order === undefined || before === undefined) return;
    this.#looksSinceFollow = 0;
    this.#follows = Math.min(MAX_DOUBLINGS, this.#follows + 1);
    if (to === undefined || !isOtherName(order.info, to.info)) {
      this.#sameBytes.missed(file);
      if (to !== undefined) this.#tried.add(file.infoHash);
      return this.#decide(before, files);
    }
    const { infoHash, info: { bytes: infoBytes } } = to;
    const as = { type: "announce-as", infoHash, infoBytes } as const;
    this.#options.swarms.tell({ type: "follow", infoHash: order.infoHash, to: as });
    this.#file = { ...file, name: before.name };
    if (file.name !== before.name) this.#note(`${before.name} is called ${file.name} now: fetching it`);
    this.#lookAtNetworkLater();
  }

  #findAgain(file: CatalogFile, note: string): void {
    this.#note(note);
    this.#tried.add(file.infoHash);
    this.#served.startAnew();
    this.#abandon();
    this.#order = this.#file = undefined;
    this.#find();
  }

  #note(text: string): void {
    this.#options.observer.tell({ type: "download-note", text });
  }

  // After.

  #abandon(): void {
    const infoHash = this.#order?.infoHash ?? this.#magnet?.infoHash;
    const observer = this.#self.self;
    if (infoHash !== undefined) this.#options.swarms.tell({ type: "abandon", infoHash, observer });
  }

  #done(): void {
    const name = this.#order?.info.name ?? "";
    this.#end({ type: "download-done", name });
  }

  #fail(reason: string): void {
    this.#abandon();
    this.#end({ type: "download-failed", reason });
  }

  #end(notice: DownloadNotice): void {
    this.#isOver = true;
    this.#options.observer.tell(notice);
    this.#self.stop();
  }
}
