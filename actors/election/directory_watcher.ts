/**
 * The names in a node's directory.
 *
 * @module
 */
import {
  encodeFileList,
  fileNames,
  isFileName,
  limitFileList,
  MAX_LIST_NAMES,
} from "../../protocols/file_list.ts";
import { toHex } from "../../protocols/peer_auth.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { type DirectoryEntry, WorldError } from "../world/world.ts";

/** What is in a directory. */
export interface DirectoryContent {
  readonly type: "directory";
  /** The regular files, sorted. */
  readonly names: readonly string[];
  /** Another at each change, also after a restart. */
  readonly version: number;
  /** SHA-256 of the list, in hexadecimal. */
  readonly sha256: string;
}

/** The names as they are sent: one a line. All who asked at once are given the same bytes. */
export interface DirectoryList {
  readonly type: "directory-list";
  /** The list. Not to be changed. */
  readonly bytes: Uint8Array;
}

/** What a {@linkcode directoryWatcher} can be asked. */
export type DirectoryCommand =
  /** Look now, and answer. One look answers all who wait for it. */
  | { readonly type: "list"; readonly replyTo: Ref<DirectoryList> }
  /** Who asked is gone. */
  | { readonly type: "forget"; readonly replyTo: Ref<DirectoryList> };

/** Options of {@linkcode directoryWatcher}. */
export interface DirectoryWatcherOptions {
  /** The directory, which is there. */
  readonly path: string;
  /** Told what is in the directory, at first and at each change. */
  readonly observers: readonly Ref<DirectoryContent>[];
}

type Message =
  | DirectoryCommand
  | { readonly type: "changed" }
  | { readonly type: "look" }
  | { readonly type: "answer" }
  | { readonly type: "watch-failed"; readonly error: WorldError };

/** Changes come in flocks: the directory is read once they have been quiet for so long. */
const SETTLE_MS = 100;
/** Also without a word from the system the directory is read this often: some file systems never say one. */
const LOOK_MS = 5000;
/** So many of what is left out at once are named. */
const MAX_NAMED = 5;

/** Reads a directory and keeps an eye on it. A directory that cannot be read is an empty one, and is said. */
export function directoryWatcher(options: DirectoryWatcherOptions): Behavior<DirectoryCommand> {
  return withPrivateMessages<DirectoryCommand, Message>(async (self) => {
    const { path } = options;
    const directory = new Directory(self, options);
    const watching = self.world.disk.watch(
      path,
      () => self.self.tell({ type: "changed" }),
      (error) => self.self.tell({ type: "watch-failed", error }),
    );
    self.onStop(() => watching.cancel());
    self.every(LOOK_MS, { type: "look" });
    await directory.look();
    return (message) => directory.receive(message);
  });
}

class Directory {
  readonly #self: Context<Message>;
  readonly #options: DirectoryWatcherOptions;
  #content: DirectoryContent | undefined;
  #bytes = new Uint8Array(0);
  /** Who waits for the next look. */
  readonly #asking = new Set<Ref<DirectoryList>>();
  /** What the last look has left out. */
  #leftOut: ReadonlySet<string> = new Set();
  /** How many names are too many for the list. */
  #left = 0;
  #settling = false;
  #unreadable = false;

  constructor(self: Context<Message>, options: DirectoryWatcherOptions) {
    this.#self = self;
    this.#options = options;
  }

  async receive(message: Message): Promise<void> {
    switch (message.type) {
      case "list":
        // The answer comes after all who ask at the same time have been heard.
        if (this.#asking.size === 0) this.#self.self.tell({ type: "answer" });
        this.#asking.add(message.replyTo);
        return;
      case "forget":
        this.#asking.delete(message.replyTo);
        return;
      case "answer": {
        if (this.#asking.size === 0) return;
        const waiting = [...this.#asking];
        this.#asking.clear();
        await this.look();
        for (const asker of waiting) asker.tell({ type: "directory-list", bytes: this.#bytes });
        return;
      }
      case "changed":
        if (this.#settling) return;
        this.#settling = true;
        this.#self.after(SETTLE_MS, { type: "look" });
        return;
      case "look":
        this.#settling = false;
        await this.look();
        return;
      case "watch-failed":
        this.#self.log.warn(
          `Cannot watch ${this.#options.path}, looking every ${LOOK_MS / 1000} s: ${message.error.message}`,
          { event: "folder-not-watched" },
        );
        return;
      default:
        assertNever(message);
    }
  }

  /**
   * Reads the directory; tells the observers when it is not what it was. A directory that went away is an
   * empty one.
   */
  async look(): Promise<DirectoryContent> {
    let entries: readonly DirectoryEntry[] = [];
    try {
      entries = await this.#self.world.disk.list(this.#options.path);
      this.#unreadable = false;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      if (!this.#unreadable) {
        this.#self.log.error(`Cannot read ${this.#options.path}: ${error.message}`, {
          event: "folder-unreadable",
        });
      }
      this.#unreadable = true;
    }
    const all = fileNames(entries.filter((entry) => entry.isFile).map((entry) => entry.name));
    const names = limitFileList(all);
    this.#tellLeftOut(entries);
    this.#tellLimit(all.length - names.length);
    const before = this.#content;
    const same = before?.names.length === names.length &&
      before.names.every((name, index) => name === names[index]);
    if (before !== undefined && same) return before;
    this.#bytes = new TextEncoder().encode(encodeFileList(names));
    const content: DirectoryContent = {
      type: "directory",
      names,
      sha256: toHex(this.#self.world.hash.digest("SHA-256", this.#bytes)),
      version: before === undefined ? Math.floor(this.#self.world.clock.now()) : before.version + 1,
    };
    this.#content = content;
    for (const observer of this.#options.observers) observer.tell(content);
    return content;
  }

  /** Names what is neither a file of the list nor a directory, once. */
  #tellLeftOut(entries: readonly DirectoryEntry[]): void {
    const leftOut = entries.filter(({ isFile, isDirectory, name }) =>
      !isDirectory && !(isFile && isFileName(name))
    );
    const fresh = leftOut.filter(({ name }) => !this.#leftOut.has(name));
    this.#leftOut = new Set(leftOut.map(({ name }) => name));
    const { log } = this.#self;
    for (const { isFile, name } of fresh.slice(0, MAX_NAMED)) {
      const why = isFile ? "the list cannot have such a name" : "it is no regular file";
      log.warn(`Left ${JSON.stringify(name)} in ${this.#options.path} out of the list: ${why}`, {
        event: "names-left-out",
      });
    }
    if (fresh.length > MAX_NAMED) {
      log.warn(`Left ${fresh.length - MAX_NAMED} more in ${this.#options.path} out of the list`, {
        event: "names-left-out",
      });
    }
  }

  #tellLimit(left: number): void {
    if (left > 0 && left !== this.#left) {
      this.#self.log.warn(
        `Left ${left} of the files in ${this.#options.path} out of the list: it has ${MAX_LIST_NAMES} names or 1 MiB at most`,
        { event: "names-left-out" },
      );
    }
    this.#left = left;
  }
}
