/**
 * The leader's work: asking everybody for their files, and having them logged.
 *
 * @module
 */
import type { FilesChanged } from "../../protocols/election_messages.ts";
import { toHex } from "../../protocols/peer_auth.ts";
import { formatFileLog } from "../../protocols/file_list.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import type { FileLogCommand, FileLogReply } from "./file_log.ts";
import type { DirectoryContent } from "./directory_watcher.ts";
import { type FetchOutcome, listFetch } from "./list_fetch.ts";
import type { PeerNode } from "./nodes.ts";

/** What a {@linkcode fileCollector} can be told. */
export type FileCollectorCommand =
  /** This node's own files. */
  | DirectoryContent
  /** This node leads in `term`. `fenced` as in {@linkcode FileLogCommand}. */
  | { readonly type: "lead"; readonly term: number; readonly fenced: boolean }
  /** It does not. */
  | { readonly type: "stop-leading" }
  /** Who is there, this node too. */
  | { readonly type: "members"; readonly members: readonly number[] }
  /** Another node's directory changed. */
  | { readonly type: "peer-files"; readonly peer: number; readonly files: FilesChanged }
  /**
   * Whether another node is an old one, which ends its lists in another way, and says nothing of its
   * directory.
   */
  | { readonly type: "peer-old"; readonly peer: number; readonly isOld: boolean }
  /**
   * Another node is no longer linked: it says nothing of its directory until it is again, and perhaps never.
   */
  | { readonly type: "peer-silent"; readonly peer: number };

/** A higher term than this leader's has written the log. */
export interface TermSeen {
  readonly type: "term-seen";
  /** The term. */
  readonly term: number;
}

/** A collector that is to be told who leads, and who is there. */
export interface CollectorStarted {
  readonly type: "collector";
  /** The collector. */
  readonly collector: Ref<FileCollectorCommand>;
}

/** Options of {@linkcode fileCollector}. */
export interface FileCollectorOptions {
  /** This node. */
  readonly ownId: number;
  /** All nodes. */
  readonly nodes: readonly PeerNode[];
  /** Path of the log, for messages. */
  readonly logPath: string;
  /** Writes the log. */
  readonly log: Ref<FileLogCommand>;
  /** Told that there is a collector, and when the log knows of a higher term. */
  readonly owner: Ref<CollectorStarted | TermSeen>;
}

type Message =
  | FileCollectorCommand
  | FileLogReply
  | { readonly type: "fetch-ended"; readonly fetch: Fetch; readonly outcome: FetchOutcome }
  | { readonly type: "try-again"; readonly fetch: Fetch }
  | { readonly type: "look" };

const TRIES = 3;
const RETRY_MS = 200;
const FETCH_TIMEOUT_MS = 2000;
/** Between two looks at those who say nothing of changes (old nodes), or did not answer. */
const LOOK_MS = 5000;

/** Collects the lists of all members while this node leads. */
export function fileCollector(options: FileCollectorOptions): Behavior<FileCollectorCommand> {
  return withPrivateMessages<FileCollectorCommand, Message>((self) => {
    const collector = new FileCollector(self, options);
    options.owner.tell({ type: "collector", collector: self.self });
    self.every(LOOK_MS, { type: "look" });
    return (message) => collector.receive(message);
  });
}

/** One question for a list, over all its tries. */
interface Fetch {
  readonly peer: number;
  /** Ends with this node's leadership. */
  readonly term: number;
  tries: number;
  /** The directory changed while it was asked for. */
  again: boolean;
}

/** What is known of one member's files. */
interface MemberFiles {
  names: readonly string[] | undefined;
  /** What it said last of its directory itself; undefined for an old node, which says nothing. */
  told: FilesChanged | undefined;
  isOld: boolean;
  /** The version that `names` are of. */
  version: number | undefined;
  fetch: Fetch | undefined;
  refused: number;
}

class FileCollector {
  readonly #self: Context<Message>;
  readonly #options: FileCollectorOptions;
  #own: readonly string[] | undefined;
  #leading: { readonly term: number; readonly fenced: boolean } | undefined;
  #members: readonly number[] = [];
  readonly #files = new Map<number, MemberFiles>();
  #fetches = 0;
  /** The text that the log was last told to hold, in this leadership. */
  #written = "";

  constructor(self: Context<Message>, options: FileCollectorOptions) {
    this.#self = self;
    this.#options = options;
    for (const { id } of options.nodes) {
      this.#files.set(id, {
        names: undefined,
        told: undefined,
        isOld: false,
        version: undefined,
        fetch: undefined,
        refused: 0,
      });
    }
  }

  receive(message: Message): void {
    switch (message.type) {
      case "directory":
        this.#own = message.names;
        this.#write();
        return;
      case "lead":
        this.#leading = { term: message.term, fenced: message.fenced };
        this.#written = "";
        for (const files of this.#files.values()) files.names = files.fetch = undefined;
        this.#askMissing();
        this.#write();
        return;
      case "stop-leading":
        if (this.#leading === undefined) return;
        this.#leading = undefined;
        this.#options.log.tell({ type: "release" });
        return;
      case "members":
        this.#setMembers(message.members);
        return;
      case "peer-files": {
        const files = this.#files.get(message.peer);
        if (files === undefined) return;
        files.told = message.files;
        if (this.#isAsked(message.peer) && message.files.version !== files.version) this.#ask(message.peer);
        return;
      }
      case "peer-old": {
        const files = this.#files.get(message.peer);
        if (files !== undefined) files.isOld = message.isOld;
        return;
      }
      case "peer-silent": {
        const files = this.#files.get(message.peer);
        if (files !== undefined) files.told = undefined;
        return;
      }
      case "fetch-ended":
        this.#fetched(message.fetch, message.outcome);
        return;
      case "try-again":
        if (this.#isCurrent(message.fetch)) this.#try(message.fetch);
        return;
      case "look":
        for (const [peer, files] of this.#files) {
          if (files.fetch === undefined && !isCurrent(files)) this.#ask(peer);
        }
        this.#write();
        return;
      case "log-written":
        this.#self.log.info(`Wrote ${this.#options.logPath} in term ${message.term}`, {
          event: "file-log-written",
        });
        return;
      case "log-refused":
        this.#self.log.warn(
          `Did not write ${this.#options.logPath}: term ${message.term} is stale, ${
            message.by === 0 ? "" : `Node ${message.by} in `
          }term ${message.highest} has written it`,
          { event: "file-log-refused" },
        );
        this.#options.owner.tell({ type: "term-seen", term: message.highest });
        return;
      case "log-failed":
        this.#self.log.error(`Cannot write ${this.#options.logPath}: ${message.error.message}`, {
          event: "file-log-not-written",
        });
        // The next look tries again.
        this.#written = "";
        return;
      default:
        assertNever(message);
    }
  }

  #setMembers(members: readonly number[]): void {
    for (const peer of this.#members) {
      const files = this.#files.get(peer);
      if (files === undefined || members.includes(peer)) continue;
      // Who left may come back with other files.
      files.names = files.version = files.fetch = undefined;
    }
    this.#members = members;
    this.#askMissing();
    this.#write();
  }

  #askMissing(): void {
    for (const peer of this.#members) if (this.#files.get(peer)?.names === undefined) this.#ask(peer);
  }

  #isAsked(peer: number): boolean {
    return this.#leading !== undefined && peer !== this.#options.ownId && this.#members.includes(peer);
  }

  #ask(peer: number): void {
    const files = this.#files.get(peer);
    if (files === undefined || this.#leading === undefined || !this.#isAsked(peer)) return;
    if (files.fetch !== undefined) {
      files.fetch.again = true;
      return;
    }
    files.fetch = { peer, term: this.#leading.term, tries: 0, again: false };
    this.#try(files.fetch);
  }

  /** False for what was asked in another leadership, or of a member that has left since. */
  #isCurrent(fetch: Fetch): boolean {
    return this.#files.get(fetch.peer)?.fetch === fetch && this.#leading?.term === fetch.term;
  }

  #try(fetch: Fetch): void {
    const node = this.#options.nodes.find(({ id }) => id === fetch.peer);
    if (node === undefined) return;
    fetch.tries++;
    const { self } = this.#self;
    this.#self.spawn(
      `fetch-${++this.#fetches}`,
      listFetch({
        address: node.address,
        timeoutMs: FETCH_TIMEOUT_MS,
        mayBeOld: this.#files.get(fetch.peer)?.isOld === true,
        done: (outcome) => self.tell({ type: "fetch-ended", fetch, outcome }),
      }),
      { onFailure: stop() },
    );
  }

  #fetched(fetch: Fetch, outcome: FetchOutcome): void {
    const files = this.#files.get(fetch.peer);
    if (files === undefined || !this.#isCurrent(fetch)) return;
    const failure = outcome.type === "fetched" ? this.#shortfall(files, outcome) : outcome.reason;
    if (failure !== undefined && fetch.tries < TRIES) {
      this.#self.after(RETRY_MS, { type: "try-again", fetch });
      return;
    }
    files.fetch = undefined;
    if (outcome.type === "fetched" && failure === undefined) {
      const { names, refused } = outcome.list;
      const first = files.names === undefined;
      files.version = files.told?.version;
      if (first || !sameNames(files.names ?? [], names)) {
        this.#self.log.plain(`Files received from Node ${fetch.peer}.`, { event: "files-received" });
        files.names = names;
      }
      if (refused > 0 && refused !== files.refused) {
        this.#self.log.warn(`Left out ${refused} names from Node ${fetch.peer} that cannot be file names`, {
          event: "names-left-out",
        });
      }
      files.refused = refused;
    } else {
      // What was received before stays: the node is there, and its old list is nearer to the truth than none.
      this.#self.log.plain(`Error receiving files from Node ${fetch.peer}: ${failure}`, {
        event: "files-not-received",
      });
    }
    if (fetch.again) this.#ask(fetch.peer);
    this.#write();
  }

  /**
   * A list of another length than the node said is one that was cut short; another list is not its own, or
   * not the latest.
   */
  #shortfall(
    { told }: MemberFiles,
    { list, bytes }: FetchOutcome & { readonly type: "fetched" },
  ): string | undefined {
    if (told === undefined) return undefined;
    const count = list.names.length;
    if (told.count !== count) return `its list has ${count} of ${told.count} names`;
    const sha256 = toHex(this.#self.world.hash.digest("SHA-256", bytes));
    return sha256 === told.sha256 ? undefined : "its list is not the one that it announced";
  }

  /** Has the log written once every member was asked, and whenever what it should hold has changed. */
  #write(): void {
    const { ownId, log } = this.#options;
    if (this.#leading === undefined || this.#own === undefined) return;
    const lists = [{ node: ownId, names: this.#own }];
    for (const peer of this.#members) {
      const files = this.#files.get(peer);
      if (files === undefined || peer === ownId) continue;
      if (files.names !== undefined) lists.push({ node: peer, names: files.names });
      else if (files.fetch !== undefined) return;
    }
    const text = formatFileLog(ownId, lists);
    if (text === this.#written) return;
    this.#written = text;
    log.tell({ type: "write", ...this.#leading, text, replyTo: this.#self.self });
  }
}

/** Whether nothing new is to be asked of a node. An old one never says what changed. */
function isCurrent(files: MemberFiles): boolean {
  return files.names !== undefined && files.told !== undefined && files.told.version === files.version;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
