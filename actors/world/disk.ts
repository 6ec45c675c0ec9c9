/**
 * The disk, as a world has it.
 *
 * @module
 */
import type { Cancellable } from "./clock.ts";
import type { WorldError } from "./error.ts";

/** The disk. Paths are the platform's own. Every failure is a {@linkcode WorldError}. */
export interface Disk {
  /** Opens a file. */
  open(path: string, options?: OpenOptions): Promise<DiskFile>;
  /** The whole file. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** What is known of a file or folder; links are followed. */
  stat(path: string): Promise<FileInfo>;
  /** As {@linkcode Disk.stat}, with the answer at once: a hundredth of the cost, for a path that was just used. Not in every world. */
  statNow?(path: string): FileInfo;
  /** What is in a folder, in no particular order. */
  list(folder: string): Promise<FolderEntry[]>;
  /** Makes a folder; with `recursive` also those above it, and one that is there is fine. */
  makeFolder(
    path: string,
    options?: { readonly recursive?: boolean },
  ): Promise<void>;
  /** Atomically gives `from` the name `to`, replacing a file of that name. Durable after {@linkcode Disk.syncFolder}. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or an empty folder. */
  remove(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  /** The path with links resolved. */
  realPath(path: string): Promise<string>;
  /** Calls `changed` after something in the folder changed (once or more, no details), `failed` when watching broke. */
  watch(
    folder: string,
    changed: () => void,
    failed: (error: WorldError) => void,
  ): Cancellable;
}

/** How to open a file. */
export interface OpenOptions {
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
   * As {@linkcode DiskFile.write}, but done when it returns, and only while nothing else is under way on this file: a
   * tenth of the cost for what the system takes into its memory. Not in every world.
   */
  writeNow?(bytes: Uint8Array, offset: number): void;
  /** Makes what was written durable (fdatasync). */
  sync(): Promise<void>;
  /** Cuts the file to this length, or fills it up with zeros. */
  truncate(length: number): Promise<void>;
  /** How many bytes it has. */
  size(): Promise<number>;
  /** As {@linkcode DiskFile.size}, but done when it returns, and under the conditions of {@linkcode DiskFile.writeNow}. */
  sizeNow?(): number;
  /**
   * Takes the file for this handle until it is closed, or its process ends however it may; false when another handle has
   * taken it. Only who asks is kept out. Not in every world.
   */
  take?(): Promise<boolean>;
  /** Closes it. Twice is fine. */
  close(): void;
}

/** What is known of a file. */
export interface FileInfo {
  /** A file. */
  readonly isFile: boolean;
  /** A folder. */
  readonly isFolder: boolean;
  /** A symbolic link. */
  readonly isLink: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, or null where the platform does not know. */
  readonly modifiedAtMs: number | null;
  /** Another number is another file, though its name and size be the same. Not in every world. */
  readonly id?: number;
}

/** One name in a folder; what it is is told without following links. */
export interface FolderEntry {
  /** The name, without the folder. */
  readonly name: string;
  /** A file. */
  readonly isFile: boolean;
  /** A folder. */
  readonly isFolder: boolean;
  /** A symbolic link. */
  readonly isLink: boolean;
}
