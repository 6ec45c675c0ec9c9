/**
 * The files of this node's directory, hashed.
 *
 * @module
 */
import { fileNames } from "../../protocols/file_list.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { errorText, type FileInfo, WorldError } from "../world/world.ts";
import { isSameFile } from "../store/same_file.ts";
import { type HashedFile, hashFile } from "./hash_file.ts";
import { waitAtStop } from "./wait_at_stop.ts";

/** A file of this node. */
export interface SharedFile extends HashedFile {
  /** Its name in the directory. */
  readonly name: string;
}

/** The files that this node has, whenever that has changed. */
export interface LibraryChanged {
  readonly type: "library-changed";
  /** Those that are hashed, by name. */
  readonly files: readonly SharedFile[];
}

/** What a {@linkcode library} can be told. */
export type LibraryCommand = {
  /** Looks at the directory now. */
  readonly type: "look";
};

/** Options of {@linkcode library}. */
export interface LibraryOptions {
  /** The directory. */
  readonly directory: string;
  /** Told of every change. */
  readonly observer: Ref<LibraryChanged>;
}

type Private =
  | { readonly type: "changed" | "tell" }
  | { readonly type: "hashed"; readonly name: string; readonly outcome: HashedFile | Unhashable };

interface Unhashable {
  readonly error: unknown;
  /** What the file was before it was tried. */
  readonly fileInfo: FileInfo | undefined;
}

/** A file that could not be hashed. */
interface Refused {
  readonly fileInfo: FileInfo;
  readonly failures: number;
  readonly retryAtMs: number;
}

/** Changes come in flocks: the directory is looked at once they have been quiet for so long. */
const SETTLE_MS = 150;
/** Also without a word from the system the directory is looked at this often. */
const LOOK_MS = 5000;
/** While many files are hashed, what is new is told this often: each time costs a look at all of them. */
const TELL_MS = 250;
/** What cannot be read is tried again after so long, and then less and less often. */
const RETRY_MIN_MS = 5000;
const RETRY_MAX_MS = 300_000;
/** The most files of one directory. */
const MAX_SHARED_FILES = 10_000;

/** Hashes every regular file of a directory, one after the other, and again whenever it has changed. */
export function library(options: LibraryOptions): Behavior<LibraryCommand> {
  return withPrivateMessages<LibraryCommand, Private>((self) => {
    const it = new Library(self, options);
    return (message) => it.receive(message);
  });
}

class Library {
  readonly #self: Context<LibraryCommand | Private>;
  readonly #options: LibraryOptions;
  readonly #files = new Map<string, SharedFile>();
  /** What could not be hashed is tried again in a while; at once when it is another file, or was written. */
  readonly #refused = new Map<string, Refused>();
  readonly #waiting = new Set<string>();
  #hashing: string | undefined;
  /** Resolves once what is hashed now is. */
  #hashed: Promise<unknown> = Promise.resolve();
  #isSettling = false;
  #isUnreadable = false;
  #isToTell = false;
  #toldAtMs = -Infinity;

  constructor(self: Context<LibraryCommand | Private>, options: LibraryOptions) {
    this.#self = self;
    this.#options = options;
    const watching = self.world.disk.watch(
      options.directory,
      () => self.self.tell({ type: "changed" }),
      (error) =>
        self.log.warn(`Cannot watch ${options.directory}: ${error.message}`, { event: "folder-not-watched" }),
    );
    self.onStop(async () => {
      watching.cancel();
      // It ends at its next step, and closes its file.
      await waitAtStop(self.world, this.#hashed);
    });
    self.every(LOOK_MS, { type: "look" });
    self.self.tell({ type: "look" });
  }

  receive(message: LibraryCommand | Private): void | Promise<void> {
    switch (message.type) {
      case "look":
        this.#isSettling = false;
        return this.#look();
      case "changed":
        if (this.#isSettling) return;
        this.#isSettling = true;
        this.#self.after(SETTLE_MS, { type: "look" });
        return;
      case "tell":
        return this.#tell();
      case "hashed":
        return this.#onHashed(message.name, message.outcome);
      default:
        assertNever(message);
    }
  }

  async #look(): Promise<void> {
    const { disk } = this.#self.world;
    const { directory } = this.#options;
    const names = new Set(await this.#list());
    let isChanged = false;
    for (const name of this.#files.keys()) {
      if (names.has(name)) continue;
      this.#files.delete(name);
      isChanged = true;
    }
    for (const name of this.#refused.keys()) if (!names.has(name)) this.#refused.delete(name);
    for (const name of names) {
      const info = await disk.stat(`${directory}/${name}`).catch(() => undefined);
      if (info === undefined || !info.isFile) continue;
      const refused = this.#refused.get(name);
      const known = this.#files.get(name)?.fileInfo ?? refused?.fileInfo;
      const isToRetry = refused !== undefined && this.#self.coarseNow >= refused.retryAtMs;
      if (known !== undefined && isSameFile(known, info) && !isToRetry) continue;
      // What is no longer what it was is not shared from now on.
      if (this.#files.delete(name)) isChanged = true;
      this.#waiting.add(name);
    }
    if (isChanged) this.#tell();
    this.#hashNext();
  }

  async #list(): Promise<string[]> {
    const { directory } = this.#options;
    try {
      const entries = await this.#self.world.disk.list(directory);
      this.#isUnreadable = false;
      return fileNames(entries.filter((entry) => entry.isFile).map((entry) => entry.name))
        .slice(0, MAX_SHARED_FILES);
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      if (!this.#isUnreadable) {
        this.#self.log.warn(`Cannot share the files of ${directory}: ${error.message}`, {
          event: "folder-unreadable",
        });
      }
      this.#isUnreadable = true;
      return [];
    }
  }

  #hashNext(): void {
    const [name] = this.#waiting;
    if (this.#hashing !== undefined || name === undefined) return;
    this.#waiting.delete(name);
    this.#hashing = name;
    const hashed = this.#hash(`${this.#options.directory}/${name}`);
    this.#hashed = hashed;
    this.#self.pipe<HashedFile | Unhashable>(
      hashed,
      (outcome) => ({ type: "hashed", name, outcome }),
      (error) => ({ type: "hashed", name, outcome: { error, fileInfo: undefined } }),
    );
  }

  async #hash(path: string): Promise<HashedFile | Unhashable> {
    const { world, signal } = this.#self;
    const fileInfo = await world.disk.stat(path).catch(() => undefined);
    try {
      return await hashFile(world, path, signal);
    } catch (error) {
      return { error, fileInfo };
    }
  }

  #onHashed(name: string, outcome: HashedFile | Unhashable): void {
    this.#hashing = undefined;
    if ("error" in outcome) {
      const { error, fileInfo } = outcome;
      const isChanging = error instanceof WorldError &&
        (error.kind === "invalid-data" || error.kind === "not-found");
      if (!isChanging) this.#refuse(name, error, fileInfo);
      // What changes is looked at again once it has stopped to.
    } else {
      this.#refused.delete(name);
      this.#files.set(name, { name, ...outcome });
      this.#tellSoon();
    }
    this.#hashNext();
  }

  /** It may be the disk, or that too many files are open: that passes, and nobody writes to the file then. */
  #refuse(name: string, error: unknown, fileInfo: FileInfo | undefined): void {
    const before = this.#refused.get(name);
    const isSame = before !== undefined && fileInfo !== undefined && isSameFile(before.fileInfo, fileInfo);
    const failures = isSame ? before.failures + 1 : 1;
    if (failures === 1) {
      this.#self.log.warn(`Cannot share ${name}: ${errorText(error)}`, { event: "file-not-shared" });
    }
    if (fileInfo === undefined) return;
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1));
    this.#refused.set(name, { fileInfo, failures, retryAtMs: this.#self.coarseNow + delayMs });
  }

  #tellSoon(): void {
    if (this.#isToTell) return;
    const waitMs = this.#toldAtMs + TELL_MS - this.#self.coarseNow;
    if (waitMs <= 0) return this.#tell();
    this.#isToTell = true;
    this.#self.after(waitMs, { type: "tell" });
  }

  #tell(): void {
    this.#isToTell = false;
    this.#toldAtMs = this.#self.coarseNow;
    this.#options.observer.tell({ type: "library-changed", files: [...this.#files.values()] });
  }
}
