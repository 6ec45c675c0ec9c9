/**
 * The files that a node has open for its torrents.
 *
 * @module
 */
import { type Disk, type DiskFile, type OpenOptions, WorldError } from "../world/world.ts";

interface Entry {
  readonly opening: Promise<DiskFile>;
  /** Who uses it now: it is not closed before they are done. */
  users: number;
  isDropped: boolean;
}

/**
 * Keeps files open for whoever needs them next, at most so many of them that nobody uses. Those that are used
 * are bounded by who uses them.
 */
export class OpenFiles {
  readonly #disk: Pick<Disk, "open">;
  readonly #capacity: number;
  /** By key, the one that was used last at the end. */
  readonly #entries = new Map<string, Entry>();
  #owners = 0;

  /** Nothing is open. */
  constructor(disk: Pick<Disk, "open">, capacity: number) {
    this.#disk = disk;
    this.#capacity = capacity;
  }

  /** How many are open, or being opened. */
  get size(): number {
    return this.#entries.size;
  }

  /** Files that are opened alike, and closed together. */
  group(options: OpenOptions): FileGroup {
    return new FileGroup(this, ++this.#owners, options);
  }

  /** Has `work` done with a file, which is opened if it is not open under this key. */
  async use<T>(
    key: string,
    path: string,
    options: OpenOptions,
    work: (file: DiskFile) => Promise<T>,
  ): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#open(path, options);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return await work(await entry.opening);
    } catch (error) {
      // One that could not be opened is tried anew, and one that fails is opened anew.
      if (this.#entries.get(key) === entry) this.#drop(key, entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.isDropped) closeUnused(entry);
      else this.#trim(this.#capacity);
    }
  }

  /** Closes a file as soon as nobody uses it. */
  close(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#drop(key, entry);
  }

  #open(path: string, options: OpenOptions): Entry {
    this.#trim(this.#capacity - 1);
    return { opening: this.#disk.open(path, options), users: 0, isDropped: false };
  }

  /** Closes those that nobody uses, the oldest first, until no more than so many are open. */
  #trim(most: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= most) return;
      if (entry.users === 0) this.#drop(key, entry);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    entry.isDropped = true;
    closeUnused(entry);
  }
}

function closeUnused({ opening, users }: Entry): void {
  if (users > 0) return;
  // What counts was synced: a close that fails loses nothing, and must not end the process.
  opening.then((file) => file.close()).catch(() => {});
}

/** Files of one owner. */
export class FileGroup {
  readonly #files: OpenFiles;
  readonly #owner: number;
  readonly #options: OpenOptions;
  readonly #used = new Set<string>();
  #isClosed = false;
  #users = 0;
  #idle: () => void = () => {};

  /** See {@linkcode OpenFiles.group}. */
  constructor(files: OpenFiles, owner: number, options: OpenOptions) {
    this.#files = files;
    this.#owner = owner;
    this.#options = options;
  }

  /** Has `work` done with a file. */
  async use<T>(path: string, work: (file: DiskFile) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new WorldError("closed", `Cannot use ${path}: it is closed`);
    this.#used.add(path);
    this.#users++;
    try {
      return await this.#files.use(`${this.#owner} ${path}`, path, this.#options, work);
    } finally {
      if (--this.#users === 0) this.#idle();
    }
  }

  /** Closes one, as soon as nobody uses it: the next who does opens what stands at the path then. */
  closeOne(path: string): void {
    this.#files.close(`${this.#owner} ${path}`);
  }

  /**
   * Closes all of them, each as soon as nobody uses it, and resolves once all are closed. Nobody uses one
   * afterwards.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const path of this.#used) this.#files.close(`${this.#owner} ${path}`);
    this.#used.clear();
    if (this.#users > 0) await new Promise<void>((resolve) => this.#idle = resolve);
  }
}
