/**
 * The real disk.
 *
 * @module
 */
import type { Cancellable, Disk, DiskFile, FileInfo, FolderEntry, OpenOptions } from "../world.ts";
import { WorldError } from "../world.ts";
import { worldError } from "./error.ts";

async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw worldError(doing, error);
  }
}

function fileInfo(info: Deno.FileInfo): FileInfo {
  return {
    isFile: info.isFile,
    isFolder: info.isDirectory,
    isLink: info.isSymlink,
    size: info.size,
    modifiedAtMs: info.mtime?.getTime() ?? null,
    ...(info.ino === null ? {} : { id: info.ino }),
  };
}

/** The disk of the machine. */
export class DenoDisk implements Disk {
  open(path: string, options: OpenOptions = {}): Promise<DiskFile> {
    const {
      read = true,
      write = false,
      create = false,
      exclusive = false,
      truncate = false,
    } = options;
    return attempt(`open ${path}`, async () => {
      const file = await Deno.open(path, {
        read,
        write,
        create: create && !exclusive,
        createNew: create && exclusive,
        truncate,
      });
      // The platform opens a folder for reading and only fails at the first read.
      if (!write && (await file.stat()).isDirectory) {
        file.close();
        throw new Deno.errors.IsADirectory();
      }
      return new DenoFile(path, file);
    });
  }

  readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return attempt(`read ${path}`, () => Deno.readFile(path));
  }

  stat(path: string): Promise<FileInfo> {
    return attempt(`look at ${path}`, async () => fileInfo(await Deno.stat(path)));
  }

  statNow(path: string): FileInfo {
    try {
      return fileInfo(Deno.statSync(path));
    } catch (error) {
      throw worldError(`look at ${path}`, error);
    }
  }

  list(folder: string): Promise<FolderEntry[]> {
    return attempt(`list ${folder}`, async () => {
      const entries: FolderEntry[] = [];
      for await (const entry of Deno.readDir(folder)) {
        entries.push({
          name: entry.name,
          isFile: entry.isFile,
          isFolder: entry.isDirectory,
          isLink: entry.isSymlink,
        });
      }
      return entries;
    });
  }

  makeFolder(
    path: string,
    options: { readonly recursive?: boolean } = {},
  ): Promise<void> {
    return attempt(
      `make the folder ${path}`,
      () => Deno.mkdir(path, { recursive: options.recursive ?? false }),
    );
  }

  rename(from: string, to: string): Promise<void> {
    return attempt(`rename ${from} to ${to}`, () => Deno.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return attempt(`remove ${path}`, () => Deno.remove(path));
  }

  syncFolder(path: string): Promise<void> {
    return attempt(`sync the folder ${path}`, async () => {
      using folder = await Deno.open(path, { read: true });
      await folder.sync();
    });
  }

  realPath(path: string): Promise<string> {
    return attempt(`find the real path of ${path}`, () => Deno.realPath(path));
  }

  watch(
    folder: string,
    changed: () => void,
    failed: (error: WorldError) => void,
  ): Cancellable {
    const doing = `watch ${folder}`;
    let watcher: Deno.FsWatcher;
    try {
      watcher = Deno.watchFs(folder, { recursive: false });
    } catch (error) {
      let cancelled = false;
      queueMicrotask(() => {
        if (!cancelled) failed(worldError(doing, error));
      });
      return { cancel: () => cancelled = true };
    }
    let open = true;
    (async () => {
      try {
        for await (const event of watcher) {
          // Being read is no change; answering it with a look would go on for ever.
          if (open && event.kind !== "access") changed();
        }
      } catch (error) {
        if (open) failed(worldError(doing, error));
      }
    })();
    return {
      cancel() {
        if (!open) return;
        open = false;
        watcher.close();
      },
    };
  }
}

class DenoFile implements DiskFile {
  #path: string;
  #file: Deno.FsFile;
  #closed = false;
  /** The file has one cursor: what needs it goes one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  /** Where the cursor stands; -1 when that is not known. */
  #cursor = -1;

  constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  #inTurn<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    this.#cursor = -1;
    const done = this.#last.then(work).catch((error: unknown): never => {
      throw worldError(`${doing} ${this.#path}`, error);
    }).finally(() => this.#underWay--);
    this.#last = done.catch(() => {});
    return done;
  }

  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    return this.#inTurn("read", () => {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      return this.#file.read(buffer);
    });
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#inTurn("write", async () => {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let written = await this.#file.write(bytes);
      while (written < bytes.length) {
        written += await this.#file.write(bytes.subarray(written));
      }
    });
  }

  writeNow(bytes: Uint8Array, offset: number): void {
    const doing = `write ${this.#path}`;
    if (this.#underWay > 0) throw new WorldError("other", `Cannot ${doing}: something else is under way`);
    try {
      if (offset !== this.#cursor) this.#file.seekSync(offset, Deno.SeekMode.Start);
      let written = this.#file.writeSync(bytes);
      while (written < bytes.length) written += this.#file.writeSync(bytes.subarray(written));
      this.#cursor = offset + written;
    } catch (error) {
      this.#cursor = -1;
      throw worldError(doing, error);
    }
  }

  sync(): Promise<void> {
    return this.#inTurn("sync", () => this.#file.syncData());
  }

  truncate(length: number): Promise<void> {
    return this.#inTurn("truncate", () => this.#file.truncate(length));
  }

  size(): Promise<number> {
    return this.#inTurn("look at", async () => (await this.#file.stat()).size);
  }

  sizeNow(): number {
    const doing = `look at ${this.#path}`;
    if (this.#underWay > 0) throw new WorldError("other", `Cannot ${doing}: something else is under way`);
    try {
      // An eighth of the cost of a look at all that is known of the file; what is written next is written here.
      return this.#cursor = this.#file.seekSync(0, Deno.SeekMode.End);
    } catch (error) {
      this.#cursor = -1;
      throw worldError(doing, error);
    }
  }

  take(): Promise<boolean> {
    // There a lock would keep out those who only read, too: this very process's other handles, and people.
    if (Deno.build.os === "windows") return Promise.resolve(true);
    // A file system that has no locks cannot tell.
    return this.#inTurn("take", () => this.#file.tryLock(true).catch(() => true));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}
