/**
 * The disk, as a world has it.
 *
 * @module
 */
import type { Cancellable } from "./clock.ts";
import type { WorldError } from "./error.ts";

/** The disk. Paths are the platform's own. Every failure is a {@linkcode WorldError}. */
export interface Disk {
  /** Opens a regular file. What is anything else (a FIFO, a device) is not opened: `not-a-file`. */
  open(path: string, options?: OpenOptions): Promise<DiskFile>;
  /** The whole of a regular file. Rejects as {@linkcode Disk.open}, and with `too-large`. */
  readFile(path: string, options?: ReadFileOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * As {@linkcode Disk.readFile}, but done when it returns: a tenth of the cost, for a small file that was
   * just used and so is in the system's memory. Optional: absent where the platform lacks it.
   */
  readFileNow?(path: string, options?: ReadFileOptions): Uint8Array<ArrayBuffer>;
  /**
   * Makes a file that is to be renamed over `path`: beside the file that `path` leads to, under a name that
   * nobody can foresee, with the mode and the owner of the file that is there. Whoever makes it renames or
   * removes it.
   */
  createReplacement(path: string, options?: PathOptions): Promise<Replacement>;
  /** What is known of a file or directory; links are followed. */
  stat(path: string): Promise<FileInfo>;
  /**
   * As {@linkcode Disk.stat}, with the answer at once: a hundredth of the cost, for a path that was just
   * used. Optional: absent where the platform lacks it.
   */
  statNow?(path: string): FileInfo;
  /** What is in a directory, in no particular order. */
  list(directory: string): Promise<DirectoryEntry[]>;
  /** Makes a directory; with `recursive` also those above it, and one that is there is fine. */
  makeDirectory(
    path: string,
    options?: { readonly recursive?: boolean },
  ): Promise<void>;
  /**
   * Atomically gives `from` the name `to`, replacing a file of that name. Durable after
   * {@linkcode Disk.syncDirectory}.
   */
  rename(from: string, to: string): Promise<void>;
  /**
   * As {@linkcode Disk.rename}, done when it returns: nothing comes between a look and it. Optional: absent
   * where the platform lacks it.
   */
  renameNow?(from: string, to: string): void;
  /** Removes a file or an empty directory. */
  remove(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** The path with links resolved. */
  realPath(path: string): Promise<string>;
  /**
   * Locks a directory, or a name that is no file's, until it is released or the process ends, however it may;
   * undefined while another lock of it is held. Paths that lead to the same place are the same. Of a name, an
   * empty file may stand there meanwhile.
   */
  lock(path: string): Promise<DiskLock | undefined>;
  /**
   * Calls `changed` after something in the directory changed (once or more, no details), `failed` when
   * watching broke.
   */
  watch(
    directory: string,
    changed: () => void,
    failed: (error: WorldError) => void,
  ): Cancellable;
}

/** What a path may lead to. */
export interface PathOptions {
  /** Whether the last name may be a symbolic link; if not, one is `not-a-file`. @default true */
  readonly followLink?: boolean;
  /**
   * The directory that the path must not lead out of, by links either; if it does: `not-a-file`.
   * @default none
   */
  readonly within?: string;
}

/** How to read a file. */
export interface ReadFileOptions extends PathOptions {
  /** The most bytes it may have. @default Infinity */
  readonly maxBytes?: number;
}

/** A new file that is to take the place of another. */
export interface Replacement {
  /** The new file's own path. */
  readonly path: string;
  /**
   * What it is to be renamed to: the path that was given or, where that is a link, what the link leads to.
   */
  readonly target: string;
  /** The new file, open for writing. */
  readonly file: DiskFile;
}

/** A name that is locked. */
export interface DiskLock {
  /** Unlocks it. Twice is fine. */
  release(): void;
}

/** How to open a file. */
export interface OpenOptions extends PathOptions {
  /** Open it for reading. @default true */
  readonly read?: boolean;
  /** Open it for writing. @default false */
  readonly write?: boolean;
  /** Make it when it is not there. @default false */
  readonly create?: boolean;
  /** Fail with `already-exists` when it is there; with `create`. @default false */
  readonly exclusive?: boolean;
  /** Empty it. @default false */
  readonly truncate?: boolean;
}

/** An open file, addressed by byte offset. */
export interface DiskFile {
  /** Reads at `offset`; says how many bytes, `null` at the end of the file. */
  read(buffer: Uint8Array, offset: number): Promise<number | null>;
  /** Writes all of `bytes` at `offset`. On failure (`no-space`, …) a part may have been written. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /**
   * As {@linkcode DiskFile.write}, but done when it returns, and only while nothing else is under way on this
   * file: a tenth of the cost for what the system takes into its memory. Optional: absent where the platform
   * lacks it.
   */
  writeNow?(bytes: Uint8Array, offset: number): void;
  /** Makes what was written durable (fdatasync). */
  sync(): Promise<void>;
  /** Cuts the file to this length, or fills it up with zeros. */
  truncate(length: number): Promise<void>;
  /** How many bytes it has. */
  size(): Promise<number>;
  /**
   * As {@linkcode DiskFile.size}, but done when it returns, and under the conditions of
   * {@linkcode DiskFile.writeNow}.
   */
  sizeNow?(): number;
  /**
   * Locks the file for this handle until it is closed, or its process ends however it may; false when another
   * handle has locked it. Only who asks is kept out.
   */
  tryLock(): Promise<boolean>;
  /** Closes it. Twice is fine. */
  close(): void;
}

/** What is known of a file. */
export interface FileInfo {
  /** A file. */
  readonly isFile: boolean;
  /** A directory. */
  readonly isDirectory: boolean;
  /** A symbolic link. */
  readonly isLink: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, or null where the platform does not know. */
  readonly modifiedAtMs: number | null;
  /**
   * Another number is another file, though its name and size be the same. Optional: absent where the platform
   * lacks it.
   */
  readonly id?: number;
  /** How many names it has: hard links. Optional: absent where the platform lacks it. */
  readonly linkCount?: number;
}

/** One name in a directory; what it is is told without following links. */
export interface DirectoryEntry {
  /** The name, without the directory. */
  readonly name: string;
  /** A file. */
  readonly isFile: boolean;
  /** A directory. */
  readonly isDirectory: boolean;
  /** A symbolic link. */
  readonly isLink: boolean;
}
