/**
 * The files of `node:fs`.
 *
 * @module
 */
import * as fs from "node:fs";
import process from "node:process";
import type { DiskFile } from "../disk.ts";
import { failure } from "../failure.ts";
import type { FileFacts, Files, NamedEntry, OpenedFile, OpenFileOptions } from "../real/files.ts";
import { Turns } from "../real/turns.ts";
import { KernelLock } from "./kernel_lock.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;

/** What Node calls with an error, or null, and a value. */
type Callback<T> = (error: Error | null, value: T) => void;

/** Calls a function of `node:fs` that takes a callback. */
function called<T>(call: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, value) => error === null || error === undefined ? resolve(value) : reject(error))
  );
}

function flagsOf({ read = false, write = false, createNew = false }: OpenFileOptions): number {
  const access = read && write ? O_RDWR : write ? O_WRONLY : O_RDONLY;
  return createNew ? access | O_CREAT | O_EXCL : access;
}

function factsOf(stats: fs.Stats): FileFacts {
  const { size, mtime, dev, ino, nlink, mode, uid, gid } = stats;
  return {
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSymlink: stats.isSymbolicLink(),
    ...{ size, mtime, dev, ino, nlink, mode, uid, gid },
  };
}

/** An open descriptor. */
export class NodeOpenedFile implements OpenedFile {
  readonly #descriptor: number;
  #lock: KernelLock | undefined;
  #isClosed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Throws `closed` afterwards: the number may be another file's by then. */
  get descriptor(): number {
    if (this.#isClosed) throw failure("closed", "use the file");
    return this.#descriptor;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    return countOf(
      await called((done) => fs.read(this.descriptor, buffer, 0, buffer.length, null, done)),
      buffer,
    );
  }

  readSync(buffer: Uint8Array): number | null {
    return countOf(fs.readSync(this.descriptor, buffer), buffer);
  }

  statSync(): FileFacts {
    return factsOf(fs.fstatSync(this.descriptor));
  }

  truncate(length: number): Promise<void> {
    return called<void>((done) => fs.ftruncate(this.descriptor, length, (error) => done(error)));
  }

  sync(): Promise<void> {
    return called<void>((done) => fs.fsync(this.descriptor, (error) => done(error)));
  }

  async tryLock(): Promise<boolean> {
    if (this.#lock !== undefined) return true;
    const { dev, ino } = this.statSync();
    this.#lock = await KernelLock.tryTake(`file-${dev}-${ino}`);
    if (this.#isClosed) this.#lock?.release();
    return this.#lock !== undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lock?.release();
    fs.closeSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** How many bytes came; null at the end of the file. */
function countOf(count: number, buffer: Uint8Array): number | null {
  return count === 0 && buffer.length > 0 ? null : count;
}

/** An open file as a world hands it out. */
export class NodeFile implements DiskFile {
  readonly #turns: Turns;
  readonly #file: NodeOpenedFile;

  constructor(path: string, file: NodeOpenedFile) {
    this.#turns = new Turns(path);
    this.#file = file;
  }

  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    return this.#turns.take("read", async () => {
      const { descriptor } = this.#file;
      const count = await called<number>((done) =>
        fs.read(descriptor, buffer, 0, buffer.length, offset, done)
      );
      return countOf(count, buffer);
    });
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#turns.take("write", async () => {
      const { descriptor } = this.#file;
      for (let written = 0; written < bytes.length;) {
        const [at, left] = [offset + written, bytes.length - written];
        const from = written;
        written += await called<number>((done) => fs.write(descriptor, bytes, from, left, at, done));
      }
    });
  }

  writeNow(bytes: Uint8Array, offset: number): void {
    this.#turns.now("write", () => {
      for (let written = 0; written < bytes.length;) {
        const left = bytes.length - written;
        written += fs.writeSync(this.#file.descriptor, bytes, written, left, offset + written);
      }
    });
  }

  sync(): Promise<void> {
    return this.#turns.take("sync", () => {
      const { descriptor } = this.#file;
      return called<void>((done) => fs.fdatasync(descriptor, (error) => done(error)));
    });
  }

  truncate(length: number): Promise<void> {
    return this.#turns.take("truncate", () => this.#file.truncate(length));
  }

  size(): Promise<number> {
    return this.#turns.take("look at", () => Promise.resolve(this.#file.statSync().size));
  }

  sizeNow(): number {
    return this.#turns.now("look at", () => this.#file.statSync().size);
  }

  tryLock(): Promise<boolean> {
    return this.#turns.take("lock", () => this.#file.tryLock());
  }

  close(): void {
    this.#file.close();
  }
}

/** The functions of `node:fs`, as a real disk asks for them. */
export const nodeFiles: Files<NodeOpenedFile> = {
  async open(path, options) {
    const mode = options.mode ?? 0o666;
    return new NodeOpenedFile(await called<number>((done) => fs.open(path, flagsOf(options), mode, done)));
  },
  openSync: (path, options) => new NodeOpenedFile(fs.openSync(path, flagsOf(options), options.mode ?? 0o666)),
  stat: async (path) => factsOf(await called<fs.Stats>((done) => fs.stat(path, done))),
  statSync: (path) => factsOf(fs.statSync(path)),
  lstatSync: (path) => factsOf(fs.lstatSync(path)),
  readLinkSync: (path) => fs.readlinkSync(path),
  realPath: (path) => called<string>((done) => fs.realpath(path, done)),
  realPathSync: (path) => fs.realpathSync(path),
  async *readDir(path): AsyncIterable<NamedEntry> {
    for (
      const entry of await called<fs.Dirent[]>((done) => fs.readdir(path, { withFileTypes: true }, done))
    ) {
      yield {
        name: entry.name,
        isFile: entry.isFile(),
        isDirectory: entry.isDirectory(),
        isSymlink: entry.isSymbolicLink(),
      };
    }
  },
  mkdir: (path, { recursive }) =>
    called<void>((done) => fs.mkdir(path, { recursive }, (error) => done(error))),
  renameSync: (from, to) => fs.renameSync(from, to),
  rename: (from, to) => called<void>((done) => fs.rename(from, to, (error) => done(error))),
  async remove(path) {
    const { isDirectory } = factsOf(await called<fs.Stats>((done) => fs.lstat(path, done)));
    await called<void>((done) => (isDirectory ? fs.rmdir : fs.unlink)(path, (error) => done(error)));
  },
  removeSync: (path) => fs.unlinkSync(path),
  chownSync(path, uid, gid) {
    const now = fs.lstatSync(path);
    fs.chownSync(path, uid ?? now.uid, gid ?? now.gid);
  },
  chmodSync: (path, mode) => fs.chmodSync(path, mode),
  watch(directory, changed, failed) {
    let isOpen = true;
    try {
      const watcher = fs.watch(directory, () => {
        if (isOpen) changed();
      });
      watcher.on("error", (error) => {
        if (isOpen) failed(error);
      });
      return {
        cancel() {
          isOpen = false;
          watcher.close();
        },
      };
    } catch (error) {
      process.nextTick(() => {
        if (isOpen) failed(error);
      });
      return { cancel: () => isOpen = false };
    }
  },
};
