/**
 * All torrents of a node: those that it gives and those that it fetches.
 *
 * @module
 */
import { foldedName } from "../../protocols/_folded_name.ts";
import { hexBytes, hexText } from "../../protocols/_percent_bytes.ts";
import { parseInfo } from "../../protocols/metainfo.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  type Ref,
  stop,
  type StopReason,
  withPrivateMessages,
} from "../runtime/mod.ts";
import { errorText, type SocketAddress } from "../world/world.ts";
import type { AnnounceAs } from "./announcer.ts";
import type { ReportedFile } from "./catalog.ts";
import { Endings, type Fetch } from "./endings.ts";
import { type Given, GivenFiles, infoOf } from "./given_files.ts";
import type { SharedFile } from "./library.ts";
import type { BandwidthCommand, SwarmEntry } from "./messages.ts";
import { metadataFetch } from "./metadata_fetch.ts";
import type { PeerSessionOptions } from "./peer_session.ts";
import { type TorrentResources, torrentResources } from "./resources.ts";
import { entryOf, followerOf, type Running, searching } from "./running.ts";
import type { FetchOrder, SwarmsCommand } from "./swarms_commands.ts";
import { torrent } from "./torrent.ts";
import type { TorrentCommand, TorrentOptions } from "./torrent_commands.ts";
import type { Versioned } from "./versioned.ts";
import type { TorrentNotice, TorrentStatus } from "./torrent_status.ts";

/** Options of {@linkcode swarms}. */
export interface SwarmsOptions {
  /** Where files are, and appear. */
  readonly directory: string;
  /** What connections are given, but for who finds swarms: that is this actor. */
  readonly session: () => Omit<PeerSessionOptions, "wanted" | "swarms">;
  /** Hands out what may be asked for. @default no limit */
  readonly download?: Ref<BandwidthCommand>;
  /** The most peers of a torrent. @default 50 */
  readonly maxPeers?: number;
}

/**
 * Where parts of files are while they are fetched: a directory within that of the files, which nobody shares.
 */
const PARTS_DIRECTORY = ".parts";

/** Connections that others have made tell it of their end when it has ended itself. */
const SWARM = { onFailure: stop(), deadLetterLevel: "debug" } as const;
/** The most torrents in use at once. */
const MAX_TORRENTS = 200;
const STATUS_MS = 2000;
const BEING_FETCHED = "Cannot fetch it: it is being fetched";

type Private =
  | TorrentNotice
  | {
    readonly type: "torrent-stopped";
    readonly key: string;
    readonly swarm: Ref<never>;
    readonly reason: StopReason;
  };

/** Finds the torrent of an info hash, and starts it when somebody wants it. */
export function swarms(options: SwarmsOptions): Behavior<SwarmsCommand> {
  return withPrivateMessages<SwarmsCommand, Private>((self) => {
    const it = new Swarms(self, options);
    return (message) => it.receive(message);
  });
}

class Swarms {
  readonly #self: Context<SwarmsCommand | Private>;
  readonly #options: SwarmsOptions;
  readonly #running = new Map<string, Running>();
  readonly #given: GivenFiles;
  readonly #resources: TorrentResources;
  readonly #endings = new Endings();
  #inventory: Versioned<readonly ReportedFile[]>;
  /** Versions of two lives of a node are not the same by chance. */
  readonly #life: string;
  #versions = 0;
  #started = 0;

  constructor(self: Context<SwarmsCommand | Private>, options: SwarmsOptions) {
    this.#self = self;
    this.#options = options;
    this.#given = new GivenFiles(self.world.hash);
    this.#resources = torrentResources(self.world);
    this.#life = hexText(self.world.random.bytes(6));
    this.#inventory = { version: this.#life, value: [] };
    self.supervise("one-for-one", { stopOrder: "together" });
  }

  receive(message: SwarmsCommand | Private): void {
    switch (message.type) {
      case "find-swarm":
        return message.replyTo.tell(this.#find(message.infoHash));
      case "share":
        this.#given.setFiles(message.files);
        this.#inventory = { version: `${this.#life}-${++this.#versions}`, value: this.#given.report() };
        for (const running of this.#running.values()) this.#adopt(running);
        for (const running of this.#running.values()) this.#takeOver(running);
        return this.#endOthers();
      case "set-aliases":
        return this.#given.setAliases(message.aliases);
      case "found-wanting":
        return this.#dialWanting(message.infoHash, message.addresses);
      case "fetch":
        return this.#fetch(message);
      case "fetch-metadata":
        return this.#fetchMetadata(message);
      case "abandon":
        return this.#abandon(hexText(message.infoHash), message.observer);
      case "follow":
        return this.#follow(hexText(message.infoHash), message.to);
      case "announce-all":
        for (const { swarm } of this.#running.values()) swarm.tell({ type: "announce-soon" });
        return;
      case "get-inventory":
        return message.replyTo.tell(this.#inventory);
      case "get-info":
        return message.replyTo.tell(this.#given.find(message.infoHash)?.infoBytes);
      case "get-status":
        return this.#tellStatus(message.replyTo);
      case "torrent-ready":
      case "torrent-complete":
      case "torrent-failed":
      case "torrent-released":
        return this.#onNotice(message);
      case "torrent-stopped":
        return this.#onStopped(message);
      default:
        assertNever(message);
    }
  }

  #session(): Omit<PeerSessionOptions, "wanted"> {
    return { ...this.#options.session(), swarms: this.#self.self };
  }

  // What is given.

  /** What was fetched to its end gives a file like any other: its torrent is to end when that goes. */
  #adopt(running: Running): void {
    const { name, isComplete } = running;
    if (isComplete && name !== undefined) running.file ??= this.#given.named(name);
  }

  /** Ends what is no longer given. */
  #endOthers(): void {
    for (const [key, running] of this.#running) {
      const { file } = running;
      if (file === undefined || this.#given.has(file)) continue;
      this.#self.log.info(`No longer sharing ${file.name}: it was changed, or is gone`, {
        event: "file-not-shared",
      });
      this.#end(key, running);
    }
  }

  #find(infoHash: string): SwarmEntry | undefined {
    const running = this.#running.get(infoHash);
    if (running !== undefined) return running.isReady ? entryOf(running.swarm, running.infoBytes) : undefined;
    const followed = followerOf(this.#running.values(), infoHash);
    if (followed !== undefined) return followed;
    const given = this.#given.find(infoHash);
    if (given === undefined) return undefined;
    const swarm = this.#give(given);
    return swarm === undefined ? undefined : entryOf(swarm, given.infoBytes);
  }

  /** The torrent of a file, whatever name it is asked for by. */
  #give({ file }: Given): Ref<TorrentCommand> | undefined {
    const infoBytes = infoOf(file, file.name);
    const infoHash = this.#self.world.hash.digest("SHA-1", infoBytes);
    const key = hexText(infoHash);
    const known = this.#running.get(key);
    if (known !== undefined) return known.isReady ? known.torrent : undefined;
    if (this.#running.size >= MAX_TORRENTS) return undefined;
    return this.#start(key, {
      info: parseInfo(infoBytes),
      infoHash,
      place: { type: "shared", directory: this.#options.directory, expected: file.fileInfo },
      trackers: [],
      observer: undefined,
      order: undefined,
      sameAs: undefined,
      file,
    });
  }

  #dialWanting(infoHash: string, addresses: readonly SocketAddress[]): void {
    const given = this.#given.find(infoHash);
    const swarm = given === undefined ? undefined : this.#give(given);
    if (given === undefined || swarm === undefined) return;
    const { infoBytes } = given;
    const hash = this.#self.world.hash.digest("SHA-1", infoBytes);
    swarm.tell({
      type: "found-peers",
      targets: addresses.map((address) => ({ address, infoHash: hash, infoBytes })),
    });
  }

  // What is fetched.

  #fetch(fetch: Fetch): void {
    const { order, observer, as } = fetch;
    const { info, infoHash, peers } = order;
    const key = hexText(infoHash);
    if (foldedName(info.name) === PARTS_DIRECTORY) {
      const reason = `Cannot fetch ${info.name}: that is the name of the folder of parts`;
      return observer.tell({ type: "torrent-failed", infoHash, reason });
    }
    const known = this.#running.get(key);
    if (known?.observer !== undefined || this.#endings.waiting(key) !== undefined) {
      const reason = `Cannot fetch ${info.name}: it is being fetched`;
      return observer.tell({ type: "torrent-failed", infoHash, reason });
    }
    if (known !== undefined) {
      // It was given, under another name or before it had gone.
      known.metadataFor?.tell({ type: "metadata-refused", reason: BEING_FETCHED });
      this.#end(key, known);
    }
    if (this.#endings.hasToWait(key, fetch)) return;
    const { directory } = this.#options;
    const partDirectory = `${directory}/${PARTS_DIRECTORY}/${key}`;
    const sameAs = this.#given.holding(info);
    const started = this.#start(key, {
      info,
      infoHash,
      place: { type: "fetched", directory, partDirectory, sameAs: sameAs?.name },
      trackers: order.trackers,
      observer,
      order,
      sameAs,
      file: undefined,
      ...(order.sha256 === undefined ? {} : { sha256: order.sha256 }),
    });
    started.tell({
      type: "found-peers",
      targets: peers.map((address) => ({ address, infoHash })),
    });
    if (as !== undefined) this.#follow(key, as);
  }

  /** What is being fetched, and is here by now under another name, is to be begun anew with that. */
  #takeOver({ order, observer, torrent, sameAs }: Running): void {
    if (order === undefined || observer === undefined) return;
    const file = this.#given.holding(order.info);
    // What has its own name is what has just been fetched.
    if (file === undefined || file === sameAs || file.name === order.info.name) return;
    torrent?.tell({ type: "release" });
  }

  #fetchAnew(key: string, running: Running): void {
    const { order, observer, as } = running;
    this.#end(key, running);
    if (order !== undefined && observer !== undefined) this.#fetch({ order, observer, as });
  }

  #follow(key: string, to: AnnounceAs): void {
    this.#endings.follow(key, to);
    const running = this.#running.get(key);
    if (running !== undefined) running.as = to;
    running?.torrent?.tell(to);
  }

  #fetchMetadata(message: Extract<SwarmsCommand, { type: "fetch-metadata" }>): void {
    const { infoHash, trackers, peers, observer } = message;
    const key = hexText(infoHash);
    const known = this.#running.get(key);
    if (known?.infoBytes !== undefined && known.observer === undefined) {
      return observer.tell({ type: "metadata-found", info: parseInfo(known.infoBytes), peers });
    }
    if (known !== undefined || this.#endings.waiting(key) !== undefined) {
      return observer.tell({ type: "metadata-refused", reason: BEING_FETCHED });
    }
    const session = this.#session();
    const fetcher = metadataFetch({ infoHash, session, trackers, observer });
    const swarm = this.#self.spawn(this.#nameOf(key), fetcher, SWARM);
    this.#add(key, searching(swarm, observer));
    swarm.tell({ type: "found-peers", targets: peers.map((address) => ({ address, infoHash })) });
  }

  #start(key: string, start: Start): Ref<TorrentCommand> {
    const { observer, file, order, sameAs, ...options } = start;
    const { download, maxPeers } = this.#options;
    const ref = this.#self.spawn(
      this.#nameOf(key),
      torrent({
        ...options,
        session: this.#session(),
        resources: this.#resources,
        observer: this.#self.self,
        ...(download === undefined ? {} : { download }),
        ...(maxPeers === undefined ? {} : { maxPeers }),
      }),
      SWARM,
    );
    const isReady = options.place.type === "shared";
    const { info } = options;
    const name = info.isSingleFile ? info.name : undefined;
    const known = {
      infoBytes: info.bytes,
      observer,
      metadataFor: undefined,
      fetchedFor: observer,
      name,
      order,
      sameAs,
      file,
    };
    this.#add(key, { swarm: ref, torrent: ref, ...known, isReady, isComplete: isReady, as: undefined });
    return ref;
  }

  #nameOf(key: string): string {
    return `${++this.#started}-${key.slice(0, 8)}`;
  }

  #add(key: string, running: Running): void {
    this.#running.set(key, running);
    const { swarm } = running;
    this.#self.watch(swarm, (reason) => ({ type: "torrent-stopped", key, swarm, reason }));
  }

  #end(key: string, running: Running): void {
    this.#running.delete(key);
    // What is given, or looked for, holds no files alone.
    if (running.order !== undefined) this.#endings.add(key, running.swarm);
    this.#self.stop(running.swarm);
  }

  #abandon(key: string, observer: Ref<never>): void {
    const running = this.#running.get(key);
    this.#endings.abandon(key, observer);
    if (running?.fetchedFor === observer) this.#end(key, running);
  }

  #onNotice(notice: TorrentNotice): void {
    const running = this.#running.get(hexText(notice.infoHash));
    if (running === undefined) return;
    if (notice.type === "torrent-ready" || notice.type === "torrent-complete") running.isReady = true;
    if (notice.type === "torrent-released") return this.#fetchAnew(hexText(notice.infoHash), running);
    if (notice.type === "torrent-failed") this.#end(hexText(notice.infoHash), running);
    running.observer?.tell(notice);
    // It may have come while what there was of it was looked at.
    if (notice.type === "torrent-ready") this.#takeOver(running);
    if (notice.type !== "torrent-complete") return;
    running.observer = undefined;
    running.isComplete = true;
    this.#adopt(running);
  }

  #onStopped({ key, swarm, reason }: Extract<Private, { type: "torrent-stopped" }>): void {
    const running = this.#running.get(key);
    if (running === undefined || running.swarm !== swarm) {
      const next = this.#endings.stopped(key, swarm);
      return next && this.#fetch(next);
    }
    this.#running.delete(key);
    if (reason.type !== "failed") return;
    running.metadataFor?.tell({ type: "metadata-refused", reason: errorText(reason.error) });
    const infoHash = hexBytes(key);
    if (infoHash === undefined) return;
    running.observer?.tell({ type: "torrent-failed", infoHash, reason: errorText(reason.error) });
  }

  #tellStatus(replyTo: Ref<readonly TorrentStatus[]>): void {
    const asked = [...this.#running.values()].flatMap(({ torrent }) =>
      torrent === undefined ? [] : [torrent.ask({ type: "get-status" }, { timeoutMs: STATUS_MS })]
    );
    // Not awaited: this actor goes on meanwhile. What does not answer is left out.
    Promise.allSettled(asked).then((outcomes) =>
      replyTo.tell(outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []))
    );
  }
}

/** What a torrent is started with. */
interface Start extends Pick<TorrentOptions, "info" | "infoHash" | "place" | "trackers" | "sha256"> {
  readonly observer: Ref<TorrentNotice> | undefined;
  readonly order: FetchOrder | undefined;
  readonly sameAs: SharedFile | undefined;
  readonly file: SharedFile | undefined;
}
