/**
 * The real disk.
 *
 * @module
 */
import { orClose } from "../_close_quietly.ts";
import type { Cancellable } from "../clock.ts";
import type {
  DirectoryEntry,
  Disk,
  DiskFile,
  DiskLock,
  FileInfo,
  OpenOptions,
  PathOptions,
  ReadFileOptions,
  Replacement,
} from "../disk.ts";
import type { WorldError } from "../error.ts";
import { failure } from "../failure.ts";
import { worldError } from "./error.ts";
import type { FileFacts, Files, OpenedFile } from "./files.ts";
import { lockName } from "./lock.ts";
import { forEachEntry, type SocketTurn } from "./paced_entries.ts";
import { findPlace } from "./place.ts";
import { makeAlike, openRegular, readAll, readNow, temporaryBeside } from "./regular_file.ts";
import { watchByLooking } from "./watched_directory.ts";

async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw worldError(doing, error);
  }
}

function fileInfo(info: FileFacts): FileInfo {
  return {
    isFile: info.isFile,
    isDirectory: info.isDirectory,
    isLink: info.isSymlink,
    size: info.size,
    modifiedAtMs: info.mtime?.getTime() ?? null,
    ...(info.ino === null ? {} : { id: info.ino }),
    ...(info.nlink === null ? {} : { linkCount: info.nlink }),
  };
}

/**
 * The disk of the machine.
 *
 * @param opened makes what is handed out of what the platform has opened
 * @param loop lets sockets have their turn while a long directory is read
 */
export function realDisk<F extends OpenedFile>(
  files: Files<F>,
  opened: (path: string, file: F) => DiskFile,
  loop: SocketTurn,
): Disk {
  return {
    open(path: string, options: OpenOptions = {}): Promise<DiskFile> {
      const doing = `open ${path}`;
      return attempt(
        doing,
        async () => opened(path, await openRegular(files, path, doing, options)),
      );
    },

    readFile(path: string, options: ReadFileOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
      const doing = `read ${path}`;
      return attempt(doing, async () => {
        const file = await openRegular(files, path, doing, options);
        try {
          return await readAll(file, options.maxBytes ?? Infinity, doing);
        } finally {
          file.close();
        }
      });
    },

    readFileNow(path: string, options: ReadFileOptions = {}): Uint8Array<ArrayBuffer> {
      const doing = `read ${path}`;
      try {
        return readNow(files, path, doing, options);
      } catch (error) {
        throw worldError(doing, error);
      }
    },

    createReplacement(path: string, options: PathOptions = {}): Promise<Replacement> {
      const doing = `replace ${path}`;
      return attempt(doing, async () => {
        const { path: target, info } = findPlace(files, path, doing, options);
        if (info?.isDirectory) throw failure("is-a-directory", doing);
        const temporary = temporaryBeside(target);
        const mode = info === undefined ? 0o666 : 0o600;
        const file = await files.open(temporary, { read: true, write: true, createNew: true, mode });
        if (info !== undefined) {
          await orClose(file, () => makeAlike(files, temporary, info)).catch(async (error) => {
            await files.remove(temporary).catch(() => {});
            throw error;
          });
        }
        return { path: temporary, target, file: opened(temporary, file) };
      });
    },

    stat(path: string): Promise<FileInfo> {
      return attempt(`look at ${path}`, async () => fileInfo(await files.stat(path)));
    },

    statNow(path: string): FileInfo {
      try {
        return fileInfo(files.statSync(path));
      } catch (error) {
        throw worldError(`look at ${path}`, error);
      }
    },

    list(directory: string): Promise<DirectoryEntry[]> {
      return attempt(`list ${directory}`, async () => {
        const entries: DirectoryEntry[] = [];
        await forEachEntry(files.readDir(directory), loop, ({ name, isFile, isDirectory, isSymlink }) => {
          entries.push({ name, isFile, isDirectory, isLink: isSymlink });
        });
        return entries;
      });
    },

    makeDirectory(
      path: string,
      options: { readonly recursive?: boolean } = {},
    ): Promise<void> {
      return attempt(
        `make the folder ${path}`,
        () => files.mkdir(path, { recursive: options.recursive ?? false }),
      );
    },

    rename(from: string, to: string): Promise<void> {
      return attempt(`rename ${from} to ${to}`, () => files.rename(from, to));
    },

    renameNow(from: string, to: string): void {
      try {
        files.renameSync(from, to);
      } catch (error) {
        throw worldError(`rename ${from} to ${to}`, error);
      }
    },

    remove(path: string): Promise<void> {
      return attempt(`remove ${path}`, () => files.remove(path));
    },

    syncDirectory(path: string): Promise<void> {
      return attempt(`sync the folder ${path}`, async () => {
        const directory = await files.open(path, { read: true });
        try {
          await directory.sync();
        } finally {
          directory.close();
        }
      });
    },

    realPath(path: string): Promise<string> {
      return attempt(`find the real path of ${path}`, () => files.realPath(path));
    },

    lock(path: string): Promise<DiskLock | undefined> {
      return attempt(`lock ${path}`, () => lockName(files, path));
    },

    watch(
      directory: string,
      changed: () => void,
      failed: (error: WorldError) => void,
    ): Cancellable {
      const failedToWatch = (error: unknown) => failed(worldError(`watch ${directory}`, error));
      return files.watch?.(directory, changed, failedToWatch) ??
        watchByLooking(files, loop, directory, changed, failedToWatch);
    },
  };
}
