/**
 * The files of one torrent as one row of bytes.
 *
 * @module
 */
import type { TorrentFile } from "../../protocols/metainfo.ts";
import { isSameFile } from "../store/same_file.ts";
import { type Disk, type FileInfo, isNotFound, WorldError } from "../world/world.ts";
import { makeDirectories } from "./make_directories.ts";
import type { FileGroup, OpenFiles } from "./open_files.ts";

/** Options of {@linkcode FileSet}. */
export interface FileSetOptions {
  /** The disk. */
  readonly disk: Disk;
  /** The pool of open files. */
  readonly open: OpenFiles;
  /** Where the files are: the paths of `files` begin below it. */
  readonly directory: string;
  /** The files, in order. */
  readonly files: readonly TorrentFile[];
  /** Whether files may be made and written. */
  readonly writable: boolean;
}

/** So many files are looked at in one go: a torrent may have many, and others wait for the disk, too. */
const FILES_A_LOOK = 100;

/** The part of one file that a stretch of bytes covers. */
interface Extent {
  readonly file: TorrentFile;
  readonly path: string;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Reads and writes stretches that may go over the ends of files. Whoever owns it uses it from one actor. */
export class FileSet {
  readonly #options: FileSetOptions;
  readonly #open: FileGroup;
  /** For {@linkcode FileSet.lookForChange}: how many files were looked at, and what was seen. */
  #lookedTo = 0;
  #isLooking = false;
  #gone: ReadonlySet<string> = new Set();
  /** What each file is to be: see {@linkcode FileSet.expect}. */
  readonly #expected = new Map<string, FileInfo>();

  /** Files that are not touched before they are needed. */
  constructor(options: FileSetOptions) {
    this.#options = options;
    const { open, writable, directory } = options;
    this.#open = open.group({
      read: true,
      write: writable,
      create: writable,
      followLink: false,
      within: directory,
    });
  }

  /** The path of a file. */
  pathOf(file: TorrentFile): string {
    return `${this.#options.directory}/${file.path.join("/")}`;
  }

  /**
   * Makes every file, with its directories, of its full length. What is there keeps its content; says whether
   * nothing was.
   */
  async prepare(): Promise<boolean> {
    const { disk, directory } = this.#options;
    let isFresh = true;
    const made = new Set<string>();
    for (const file of this.#options.files) {
      if (file.isPadding) continue;
      await makeDirectories(disk, directory, file.path.slice(0, -1), made);
      await this.#makeOwn(this.pathOf(file));
      await this.#open.use(this.pathOf(file), async (opened) => {
        const size = await opened.size();
        if (size > 0) isFresh = false;
        if (size !== file.length) await opened.truncate(file.length);
      });
    }
    return isFresh;
  }

  /** What has another name too is not written to, but made anew. */
  async #makeOwn(path: string): Promise<void> {
    const { disk } = this.#options;
    // It could be opened: it is no symbolic link.
    const { linkCount = 1 } = await this.#open.use(path, () => disk.stat(path));
    if (linkCount === 1) return;
    this.#open.closeOne(path);
    await disk.remove(path);
  }

  /**
   * Fills the buffer with what is at `offset`. Rejects with `invalid-data` where a file is shorter than it
   * should be.
   */
  async read(buffer: Uint8Array<ArrayBuffer>, offset: number): Promise<void> {
    for (const { file, path, at, from, to } of this.#extents(offset, buffer.length)) {
      const part = buffer.subarray(from, to);
      if (file.isPadding) {
        part.fill(0);
        continue;
      }
      await this.#open.use(path, async (opened) => {
        for (let done = 0; done < part.length;) {
          const count = await opened.read(part.subarray(done), at + done);
          if (count === null) throw new WorldError("invalid-data", `Cannot read ${path}: it became shorter`);
          done += count;
        }
      });
    }
  }

  /** Writes all of the bytes at `offset`. */
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (const { file, path, at, from, to } of this.#extents(offset, bytes.length)) {
      if (file.isPadding) continue;
      await this.#open.use(path, (opened) => opened.write(bytes.subarray(from, to), at));
    }
  }

  /** Whether every file that a stretch lies in is what it was expected to be, and was not written since. */
  async isUnchanged(offset: number, length: number): Promise<boolean> {
    for (const { file, path } of this.#extents(offset, length)) {
      if (!file.isPadding && !await this.#isAsExpected(path)) return false;
    }
    return true;
  }

  /**
   * Looks at the next few files, and gives whether one is not what it was expected to be. One that is not
   * there may be back soon, with its directory: it has gone when it is not there at the next look either. Of
   * what cannot be looked at nobody knows. While a look is under way there is no other.
   */
  async lookForChange(): Promise<boolean> {
    if (this.#isLooking) return false;
    this.#isLooking = true;
    try {
      return await this.#lookAtSome();
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAtSome(): Promise<boolean> {
    const { disk, files } = this.#options;
    const from = this.#lookedTo < files.length ? this.#lookedTo : 0;
    const some = files.slice(from, from + FILES_A_LOOK);
    const gone = new Set<string>();
    for (const file of some) {
      const path = this.pathOf(file);
      const expected = this.#expected.get(path);
      if (expected === undefined) continue;
      try {
        if (!isSameFile(expected, await disk.stat(path))) return true;
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        if (!isNotFound(error)) continue;
        if (this.#gone.has(path)) return true;
        gone.add(path);
      }
    }
    this.#gone = gone;
    // Else the next look is at the same ones.
    if (gone.size === 0) this.#lookedTo = from + some.length;
    return false;
  }

  async #isAsExpected(path: string): Promise<boolean> {
    const { disk } = this.#options;
    const expected = this.#expected.get(path);
    if (expected === undefined) return false;
    try {
      return isSameFile(expected, disk.statNow === undefined ? await disk.stat(path) : disk.statNow(path));
    } catch (error) {
      if (error instanceof WorldError) return false;
      throw error;
    }
  }

  /** What the files are now. */
  async look(): Promise<Map<TorrentFile, FileInfo>> {
    const seen = new Map<TorrentFile, FileInfo>();
    for (const file of this.#options.files) {
      if (!file.isPadding) seen.set(file, await this.#options.disk.stat(this.pathOf(file)));
    }
    return seen;
  }

  /** Says what a file is known to have been: {@linkcode FileSet.isUnchanged} compares with that. */
  expect(file: TorrentFile, info: FileInfo): void {
    this.#expected.set(this.pathOf(file), info);
  }

  /** Makes what was written durable, the names of the files too. */
  async sync(): Promise<void> {
    const { disk, directory, files } = this.#options;
    const directories = new Set<string>([directory]);
    for (const file of files) {
      if (file.isPadding) continue;
      await this.#open.use(this.pathOf(file), (opened) => opened.sync());
      for (let depth = 1; depth < file.path.length; depth++) {
        directories.add([directory, ...file.path.slice(0, depth)].join("/"));
      }
    }
    for (const each of directories) await disk.syncDirectory(each);
  }

  /** Closes every file, and resolves once nobody uses one. */
  close(): Promise<void> {
    return this.#open.close();
  }

  *#extents(offset: number, length: number): Generator<Extent> {
    const { files } = this.#options;
    const end = offset + length;
    for (let index = firstAt(files, offset); index < files.length; index++) {
      const file = files[index];
      if (file === undefined || file.offset >= end) return;
      const start = Math.max(offset, file.offset);
      const stop = Math.min(end, file.offset + file.length);
      if (stop <= start) continue;
      const [from, to] = [start - offset, stop - offset];
      yield { file, path: this.pathOf(file), at: start - file.offset, from, to };
    }
  }
}

/** The index of the file in which `offset` lies; of empty files there the first. */
function firstAt(files: readonly TorrentFile[], offset: number): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const file = files[middle];
    if (file !== undefined && file.offset + file.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
