/**
 * What the real disk asks of a platform's files. The names and the meaning are those of Deno's functions,
 * which are used as they are.
 *
 * @module
 */
import type { Cancellable } from "../clock.ts";

/** What is known of what stands at a path; null where the platform does not know. */
export interface FileFacts {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  readonly size: number;
  readonly mtime: Date | null;
  readonly dev: number;
  readonly ino: number | null;
  readonly nlink: number | null;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** A name in a directory. */
export interface NamedEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** An open file with one cursor. */
export interface OpenedFile extends Disposable {
  read(buffer: Uint8Array): Promise<number | null>;
  readSync(buffer: Uint8Array): number | null;
  statSync(): FileFacts;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  /** False while another handle has it locked. */
  tryLock(exclusive: boolean): Promise<boolean>;
  close(): void;
}

/** How to open a file. */
export interface OpenFileOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly createNew?: boolean;
  /** Of a file that is made. */
  readonly mode?: number;
}

/** The files of a platform. Failures are the platform's own errors. */
export interface Files<F extends OpenedFile = OpenedFile> {
  open(path: string, options: OpenFileOptions): Promise<F>;
  openSync(path: string, options: OpenFileOptions): F;
  stat(path: string): Promise<FileFacts>;
  statSync(path: string): FileFacts;
  lstatSync(path: string): FileFacts;
  readLinkSync(path: string): string;
  realPath(path: string): Promise<string>;
  realPathSync(path: string): string;
  readDir(path: string): AsyncIterable<NamedEntry>;
  mkdir(path: string, options: { readonly recursive: boolean }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  renameSync(from: string, to: string): void;
  remove(path: string): Promise<void>;
  removeSync(path: string): void;
  chownSync(path: string, uid: number | null, gid: number | null): void;
  chmodSync(path: string, mode: number): void;
  /**
   * Calls `changed` after something in a directory changed, `failed` when that is no longer watched. Absent
   * where the platform's own watching opens what is there: then the directory is looked at.
   */
  watch?(directory: string, changed: () => void, failed: (error: unknown) => void): Cancellable;
}
