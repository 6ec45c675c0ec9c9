/**
 * The real disk.
 *
 * @module
 */
import type { Cancellable } from "../clock.ts";
import type {
  Disk,
  DiskFile,
  DiskLock,
  FileInfo,
  FolderEntry,
  OpenOptions,
  PathOptions,
  ReadFileOptions,
  Replacement,
} from "../disk.ts";
import type { WorldError } from "../error.ts";
import { DenoFile } from "./disk_file.ts";
import { worldError } from "./error.ts";
import { lockName } from "./lock.ts";
import { findPlace } from "./place.ts";
import { makeAlike, openRegular, readAll, readNow, temporaryBeside } from "./regular_file.ts";

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
    const doing = `open ${path}`;
    return attempt(doing, async () => new DenoFile(path, await openRegular(path, doing, options)));
  }

  readFile(path: string, options: ReadFileOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const doing = `read ${path}`;
    return attempt(doing, async () => {
      using file = await openRegular(path, doing, options);
      return await readAll(file, options.maxBytes ?? Infinity, doing);
    });
  }

  readFileNow(path: string, options: ReadFileOptions = {}): Uint8Array<ArrayBuffer> {
    const doing = `read ${path}`;
    try {
      return readNow(path, doing, options);
    } catch (error) {
      throw worldError(doing, error);
    }
  }

  createReplacement(path: string, options: PathOptions = {}): Promise<Replacement> {
    const doing = `replace ${path}`;
    return attempt(doing, async () => {
      const { path: target, info } = findPlace(path, doing, options);
      if (info?.isDirectory) throw new Deno.errors.IsADirectory();
      const temporary = temporaryBeside(target);
      const mode = info === undefined ? 0o666 : 0o600;
      const file = await Deno.open(temporary, { read: true, write: true, createNew: true, mode });
      if (info !== undefined) makeAlike(temporary, info);
      return { path: temporary, target, file: new DenoFile(temporary, file) };
    });
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

  lock(path: string): Promise<DiskLock | undefined> {
    return attempt(`lock ${path}`, () => lockName(path));
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
