import { dirname, type Disk, type DiskFile, type FileInfo, isNotFound, WorldError } from "../world/world.ts";
import { closeQuietly } from "../world/_close_quietly.ts";
import { type ApproveReplacement, type FileContent, replaceAndKeepOpen } from "./atomic_file.ts";
import { makeNameDurable } from "./durable_name.ts";

/** A file that is open for its only writer: its handles, and what tells it from another file of its name. */
export class OwnedFile {
  readonly path: string;
  readonly #disk: Disk;
  #handles: Handles;
  /** It was gone over to, and what it holds is not known yet: where reading fails, it is tried again. */
  isUnread = false;

  private constructor(disk: Disk, path: string, handles: Handles) {
    this.#disk = disk;
    this.path = path;
    this.#handles = handles;
  }

  /**
   * Opens a file, or makes it, and locks it. Rejects with a `WorldError`: `in-use` when another process has
   * it.
   */
  static async open(disk: Disk, path: string): Promise<OwnedFile> {
    return new OwnedFile(disk, path, await openHandles(disk, path));
  }

  /** For writing. */
  get file(): DiskFile {
    return this.#handles.file;
  }

  /** Reads have a handle of their own, so that they do not queue behind a sync. */
  get reader(): DiskFile {
    return this.#handles.reader;
  }

  /** It was not there before. */
  get created(): boolean {
    return this.#handles.created;
  }

  /** Its length; undefined where that cannot be told at once. */
  sizeNow(): number | undefined {
    try {
      return this.file.sizeNow?.();
    } catch {
      return undefined;
    }
  }

  /** Whether the file that has the name now is this one, with this length. */
  isAsLeft(info: FileInfo, length: number): boolean {
    return info.size === length && info.id === this.#handles.id;
  }

  /** Whether the file that has the name now is this one. */
  async isSame(info: FileInfo | undefined): Promise<boolean> {
    if (info?.id !== undefined) return info.id === this.#handles.id;
    return info?.size === await this.file.size();
  }

  /** What stands under the name now; undefined when nothing does. */
  async look(): Promise<FileInfo | undefined> {
    try {
      return this.#disk.statNow?.(this.path) ?? await this.#disk.stat(this.path);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Goes over to the file that has the name now; makes one when there is none. */
  async reopen(): Promise<void> {
    this.#goOver(await openHandles(this.#disk, this.path));
    this.isUnread = true;
  }

  /** Nothing is lost any more of the file before, whatever the disk says to its closing. */
  #goOver(handles: Handles): void {
    const before = this.#handles;
    this.#handles = handles;
    closeQuietly(before.file);
    closeQuietly(before.reader);
  }

  /**
   * Replaces the file whole, durably. The new one is locked before the old one is let go.
   */
  async replace(content: FileContent, approve?: ApproveReplacement): Promise<void> {
    let id: number | undefined;
    let reader: DiskFile | undefined;
    const disk = this.#disk;
    try {
      // By its name of now: by that of the file somebody else may have put another one there at once, or what
      // is no file and would keep who opens it waiting.
      const { file, target } = await replaceAndKeepOpen(
        disk,
        this.path,
        content,
        undefined,
        async (temporary) => {
          id = (disk.statNow?.(temporary) ?? await disk.stat(temporary)).id;
          reader = await disk.open(temporary);
          await approve?.(temporary);
        },
      );
      try {
        await disk.syncDirectory(dirname(target));
      } catch (error) {
        // The next look finds that the name is another file's.
        closeQuietly(file);
        throw error;
      }
      if (reader !== undefined) this.#goOver({ file, reader, id, created: this.created });
      this.isUnread = false;
    } catch (error) {
      if (reader !== undefined) closeQuietly(reader);
      throw error;
    }
  }

  close(): void {
    try {
      this.#handles.file.close();
    } finally {
      this.#handles.reader.close();
    }
  }
}

interface Handles {
  readonly file: DiskFile;
  readonly reader: DiskFile;
  readonly id: number | undefined;
  readonly created: boolean;
}

/** So often a file is opened anew that somebody replaces at that very moment. */
const MAX_OPENS = 5;

async function openHandles(disk: Disk, path: string): Promise<Handles> {
  for (let opens = 1;; opens++) {
    const before = await idOf(disk, path);
    const handles = await openOnce(disk, path);
    // Else nobody knows which of the two was opened.
    if (handles.created || handles.id === before || opens === MAX_OPENS) return handles;
    closeQuietly(handles.file);
    closeQuietly(handles.reader);
  }
}

async function idOf(disk: Disk, path: string): Promise<number | undefined> {
  try {
    return (disk.statNow?.(path) ?? await disk.stat(path)).id;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function openOnce(disk: Disk, path: string): Promise<Handles> {
  let created = false;
  let file: DiskFile;
  try {
    file = await disk.open(path, { read: true, write: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    file = await disk.open(path, { read: true, write: true, create: true });
    created = true;
  }
  try {
    // Two that append would write over each other, and each take the other's journal for what a crash had
    // left.
    if (await file.tryLock() === false) {
      throw new WorldError("in-use", `Cannot lock ${path}: another process has it`);
    }
    await makeNameDurable(disk, path);
    const { id } = await disk.stat(path);
    return { file, reader: await disk.open(path), id, created };
  } catch (error) {
    closeQuietly(file);
    throw error;
  }
}
