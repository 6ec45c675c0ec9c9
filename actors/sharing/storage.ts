/**
 * The bytes of one torrent on the disk: read for peers, written as they come, whole at the end.
 *
 * @module
 */
import { pieceBytes, pieceHash, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { BlockPlace } from "../../protocols/peer_wire.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import {
  type Disk,
  type DiskFile,
  errorText,
  type FileInfo,
  type Hasher,
  WorldError,
} from "../world/world.ts";
import { exists } from "../store/mod.ts";
import { BlockCache } from "./_block_cache.ts";
import { Bitfield } from "./bitfield.ts";
import { equalBytes } from "./bytes.ts";
import { FileSet } from "./file_set.ts";

/** A block that was asked for. */
export type BlockRead =
  | { readonly type: "block-read"; readonly place: BlockPlace; readonly bytes: Uint8Array }
  | { readonly type: "block-unreadable"; readonly place: BlockPlace };

/** What became of a piece that was to be written. */
export interface PieceWritten {
  /** Tag of the message. */
  readonly type: "piece-written";
  /** Its index. */
  readonly piece: number;
  /** Why it was not written; absent when it was. */
  readonly failure?: string;
}

/** The pieces that are on the disk and good. */
export interface PiecesFound {
  /** Tag of the message. */
  readonly type: "pieces-found";
  /** Their bytes were read and hashed. */
  readonly pieces: Bitfield;
  /** Why the files cannot be used; absent when they can. */
  readonly failure?: string;
}

/** What became of a torrent that is complete. */
export interface Finished {
  /** Tag of the message. */
  readonly type: "finished";
  /** Why it does not stand under its name; absent when it does. */
  readonly failure?: string;
}

/** What a {@linkcode storage} does. */
export type StorageCommand =
  /** Reads a block. */
  | { readonly type: "read"; readonly place: BlockPlace; readonly replyTo: Ref<BlockRead> }
  /** Writes a piece that was verified. */
  | {
    readonly type: "write";
    readonly piece: number;
    readonly bytes: Uint8Array;
    readonly replyTo: Ref<PieceWritten>;
  }
  /** Looks what is there of an earlier attempt. */
  | { readonly type: "scan"; readonly replyTo: Ref<PiecesFound> }
  /** Verifies the whole and has it appear under its name. */
  | { readonly type: "finish"; readonly replyTo: Ref<Finished> };

/** Where the bytes are. */
export type StoragePlace =
  /**
   * Complete below `directory`, which is never written to. `expected` is what the single file was when it was
   * hashed.
   */
  | { readonly type: "shared"; readonly directory: string; readonly expected?: FileInfo }
  /** On their way in `partDirectory`, and below `directory` once all are there. */
  | { readonly type: "fetched"; readonly directory: string; readonly partDirectory: string };

/** Options of {@linkcode storage}. */
export interface StorageOptions {
  /** The torrent. */
  readonly info: TorrentInfo;
  /** Where its bytes are. */
  readonly place: StoragePlace;
  /** The SHA-256 that the whole has to have; of a single file. */
  readonly sha256?: Uint8Array;
  /** Told once when shared files are no longer what they were. */
  readonly changed?: () => void;
}

/** What is read at once for peers: sixteen ordinary blocks. */
const STRETCH_BYTES = 256 * 1024;
/** What is kept of it. */
const CACHE_BYTES = 16 * 1024 * 1024;

type Private =
  | { readonly type: "stretch-read"; readonly waiting: Waiting; readonly bytes: Uint8Array }
  | { readonly type: "stretch-unreadable"; readonly waiting: Waiting };

interface Waiting {
  readonly place: BlockPlace;
  readonly replyTo: Ref<BlockRead>;
}

/** Owns the files of one torrent, alone. */
export function storage(options: StorageOptions): Behavior<StorageCommand> {
  return withPrivateMessages<StorageCommand, Private>((self) => {
    const owner = new Storage(self, options);
    return (message) => owner.receive(message);
  });
}

class Storage {
  readonly #self: Context<StorageCommand | Private>;
  readonly #options: StorageOptions;
  readonly #cache = new BlockCache<number>(CACHE_BYTES);
  #files: FileSet;
  /** What is there is complete, and never written to. */
  #isShared: boolean;
  #isChanged = false;
  #partLock: DiskFile | undefined;

  constructor(self: Context<StorageCommand | Private>, options: StorageOptions) {
    this.#self = self;
    this.#options = options;
    const { place, info: { files } } = options;
    this.#isShared = place.type === "shared";
    const directory = place.type === "shared"
      ? this.#sharedDirectory(place.directory)
      : this.#partRoot(place.partDirectory);
    this.#files = new FileSet({
      disk: self.world.disk,
      directory,
      files,
      writable: place.type === "fetched",
    });
    const [file] = files;
    if (place.type === "shared" && place.expected !== undefined && file !== undefined) {
      this.#files.expect(file, place.expected);
    }
    self.onStop(() => {
      this.#files.close();
      this.#partLock?.close();
    });
  }

  /** Below which folder the paths of the files begin when all are there. */
  #sharedDirectory(directory: string): string {
    const { info } = this.#options;
    return info.isSingleFile ? directory : `${directory}/${info.name}`;
  }

  #partRoot(partDirectory: string): string {
    const { info } = this.#options;
    return info.isSingleFile ? partDirectory : `${partDirectory}/${info.name}`;
  }

  receive(message: StorageCommand | Private): void | Promise<void> {
    switch (message.type) {
      case "read":
        return this.#read(message);
      case "stretch-read":
        return this.#answer(message.waiting, message.bytes);
      case "stretch-unreadable":
        return message.waiting.replyTo.tell({ type: "block-unreadable", place: message.waiting.place });
      case "write":
        return this.#write(message.piece, message.bytes, message.replyTo);
      case "scan":
        this.#scan(message.replyTo);
        return;
      case "finish":
        this.#finish(message.replyTo);
        return;
      default:
        assertNever(message);
    }
  }

  #read(waiting: Waiting): void {
    const { piece, begin, length } = waiting.place;
    if (this.#isChanged) return waiting.replyTo.tell({ type: "block-unreadable", place: waiting.place });
    const stretch = Math.floor(begin / STRETCH_BYTES);
    // A block that lies in two stretches is read by itself.
    const isWithin = Math.floor((begin + length - 1) / STRETCH_BYTES) === stretch;
    const start = isWithin ? stretch * STRETCH_BYTES : begin;
    const end = isWithin
      ? Math.min(start + STRETCH_BYTES, pieceBytes(this.#options.info, piece))
      : begin + length;
    const read = () => this.#readStretch(piece, start, end - start);
    const stretchesOfPiece = Math.ceil(this.#options.info.pieceLength / STRETCH_BYTES);
    const key = piece * stretchesOfPiece + stretch;
    const bytes = isWithin ? this.#cache.get(key, read) : read();
    this.#readAhead(piece, stretch + 1);
    if (bytes instanceof Uint8Array) return this.#answer(waiting, bytes);
    this.#self.pipe<Uint8Array>(
      bytes,
      (bytes) => ({ type: "stretch-read", waiting, bytes }),
      () => ({ type: "stretch-unreadable", waiting }),
    );
  }

  /** Peers ask for a piece from its beginning to its end: the next stretch is there when they come to it. */
  #readAhead(piece: number, stretch: number): void {
    const start = stretch * STRETCH_BYTES;
    const length = Math.min(STRETCH_BYTES, pieceBytes(this.#options.info, piece) - start);
    if (length <= 0) return;
    const stretchesOfPiece = Math.ceil(this.#options.info.pieceLength / STRETCH_BYTES);
    const ahead = this.#cache.get(
      piece * stretchesOfPiece + stretch,
      () => this.#readStretch(piece, start, length),
    );
    if (!(ahead instanceof Uint8Array)) ahead.catch(() => {});
  }

  /** `bytes` are the block alone, or the stretch that it lies in. */
  #answer({ place, replyTo }: Waiting, bytes: Uint8Array): void {
    const start = bytes.length === place.length ? 0 : place.begin % STRETCH_BYTES;
    replyTo.tell({ type: "block-read", place, bytes: bytes.subarray(start, start + place.length) });
  }

  async #readStretch(piece: number, begin: number, length: number): Promise<Uint8Array> {
    const offset = piece * this.#options.info.pieceLength + begin;
    const bytes = new Uint8Array(length);
    const [files, isShared] = [this.#files, this.#isShared];
    try {
      await files.read(bytes, offset);
      // Looked at after it was read: what was written before, or meanwhile, shows in the time of the last
      // write.
      if (isShared && !await files.isUnchanged(offset, length)) {
        throw new WorldError("invalid-data", "Cannot read for peers: the file was changed");
      }
    } catch (error) {
      // It was whole meanwhile, and has moved to its place.
      if (files !== this.#files) return await this.#readStretch(piece, begin, length);
      this.#onUnreadable(error);
      throw error;
    }
    return bytes;
  }

  #onUnreadable(error: unknown): void {
    if (this.#isChanged || !this.#isShared) return;
    this.#isChanged = true;
    this.#cache.clear();
    this.#self.log.warn(`No longer sharing ${this.#options.info.name}: ${errorText(error)}`, {
      event: "file-not-shared",
    });
    this.#options.changed?.();
  }

  async #write(piece: number, bytes: Uint8Array, replyTo: Ref<PieceWritten>): Promise<void> {
    try {
      await this.#files.write(bytes, piece * this.#options.info.pieceLength);
      replyTo.tell({ type: "piece-written", piece });
    } catch (error) {
      replyTo.tell({ type: "piece-written", piece, failure: errorText(error) });
    }
  }

  /** Beside what peers ask for, which does not wait for it. */
  async #scan(replyTo: Ref<PiecesFound>): Promise<void> {
    const { info, place } = this.#options;
    const pieces = new Bitfield(info.pieceCount);
    try {
      if (place.type === "fetched" && await this.#prepare(place.directory, place.partDirectory)) {
        return replyTo.tell({ type: "pieces-found", pieces });
      }
      for (let piece = 0; piece < info.pieceCount && !this.#self.signal.aborted; piece++) {
        const hasher = this.#self.world.hash.start("SHA-1");
        await this.#hash(hasher, piece * info.pieceLength, pieceBytes(info, piece));
        if (equalBytes(hasher.digest(), pieceHash(info, piece))) pieces.add(piece);
      }
      replyTo.tell({ type: "pieces-found", pieces });
    } catch (error) {
      replyTo.tell({ type: "pieces-found", pieces, failure: errorText(error) });
    }
  }

  /**
   * Makes the files to be written, after a look that they are where they should be, whatever links there are.
   * Says whether nothing was there before.
   */
  async #prepare(directory: string, partDirectory: string): Promise<boolean> {
    const { disk } = this.#self.world;
    const root = this.#partRoot(partDirectory);
    const outer = await disk.realPath(directory);
    for (const path of new Set([partDirectory, root])) {
      await disk.makeDirectory(path, { recursive: true });
      if (!(await disk.realPath(path)).startsWith(`${outer}/`)) {
        throw new WorldError("permission-denied", `Cannot write to ${path}: it leads out of ${directory}`);
      }
    }
    await this.#lock(partDirectory);
    return await this.#files.prepare();
  }

  /** Two processes that fetched the same into one folder would write over each other. */
  async #lock(partDirectory: string): Promise<void> {
    const lock = await this.#self.world.disk.open(lockOf(partDirectory), {
      write: true,
      create: true,
      followLink: false,
    });
    this.#partLock = lock;
    if (this.#self.signal.aborted) lock.close();
    if (await lock.tryLock()) return;
    throw new WorldError("in-use", `Cannot fetch ${this.#options.info.name}: another process is fetching it`);
  }

  async #unlock(partDirectory: string): Promise<void> {
    this.#partLock?.close();
    await this.#self.world.disk.remove(lockOf(partDirectory)).catch(() => {});
  }

  /** Hashes in steps that keep nobody waiting: a stretch takes about a quarter of a millisecond. */
  async #hash(hasher: Hasher, offset: number, length: number): Promise<void> {
    const buffer = new Uint8Array(Math.min(STRETCH_BYTES, length));
    for (let done = 0; done < length;) {
      const part = buffer.subarray(0, Math.min(buffer.length, length - done));
      await this.#files.read(part, offset + done);
      hasher.update(part);
      done += part.length;
    }
  }

  /** Beside what peers ask for, as {@linkcode Storage.#scan}. */
  async #finish(replyTo: Ref<Finished>): Promise<void> {
    try {
      await this.#appear();
      replyTo.tell({ type: "finished" });
    } catch (error) {
      replyTo.tell({ type: "finished", failure: errorText(error) });
    }
  }

  async #appear(): Promise<void> {
    const { info, place, sha256 } = this.#options;
    if (place.type !== "fetched") return;
    const { disk, hash } = this.#self.world;
    if (sha256 !== undefined) {
      const hasher = hash.start("SHA-256");
      await this.#hash(hasher, 0, info.length);
      if (!equalBytes(hasher.digest(), sha256)) {
        await this.#removeParts(place.partDirectory);
        throw new WorldError(
          "invalid-data",
          `Cannot take ${info.name}: its SHA-256 is not what it should be`,
        );
      }
    }
    const target = `${place.directory}/${info.name}`;
    // Looked at last: syncing may take long, and what appears meanwhile is not to be replaced.
    await this.#files.sync();
    if (await exists(disk, target)) {
      throw new WorldError("already-exists", `Cannot take ${info.name}: a file of that name is there`);
    }
    await disk.rename(`${place.partDirectory}/${info.name}`, target);
    const directory = this.#sharedDirectory(place.directory);
    const parts = this.#files;
    this.#files = new FileSet({ disk, directory, files: info.files, writable: false });
    parts.close();
    this.#isShared = true;
    await disk.syncDirectory(place.directory);
    await disk.remove(place.partDirectory).catch(() => {});
    await this.#unlock(place.partDirectory);
  }

  async #removeParts(partDirectory: string): Promise<void> {
    this.#files.close();
    await removeTree(this.#self.world.disk, partDirectory);
    await this.#unlock(partDirectory);
  }
}

/** The file that the one who fetches into a folder holds a lock on. */
function lockOf(partDirectory: string): string {
  return `${partDirectory}.lock`;
}

/** Removes a folder with all that is in it. */
async function removeTree(disk: Disk, path: string): Promise<void> {
  for (const entry of await disk.list(path)) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory) await removeTree(disk, inner);
    else await disk.remove(inner);
  }
  await disk.remove(path);
}
