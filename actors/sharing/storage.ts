/**
 * The bytes of one torrent on the disk: read for peers, written as they come, whole at the end.
 *
 * @module
 */
import { pieceBytes, pieceHash, type TorrentInfo } from "../../protocols/metainfo.ts";
import type { BlockPlace } from "../../protocols/peer_wire.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { orClose } from "../world/_close_quietly.ts";
import { type DiskFile, errorText, type Hasher, WorldError } from "../world/world.ts";
import { type CacheRegion, STRETCH_BYTES } from "./block_cache.ts";
import { BlockLoader } from "./block_loader.ts";
import { Bitfield } from "./bitfield.ts";
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { copyPieces } from "./copy_pieces.ts";
import { FileSet } from "./file_set.ts";
import { isTaken } from "./is_taken.ts";
import { makeDirectories } from "./make_directories.ts";
import type { OpenFiles } from "./open_files.ts";
import { removeTree } from "./remove_tree.ts";
import { Slices } from "./slices.ts";
import type {
  BlockRead,
  Finished,
  PiecesFound,
  PieceWritten,
  StorageCommand,
  StoragePlace,
} from "./storage_commands.ts";
import { waitAtStop } from "./wait_at_stop.ts";

/** Options of {@linkcode storage}. */
export interface StorageOptions {
  /** The torrent. */
  readonly info: TorrentInfo;
  /** Where its bytes are. */
  readonly place: StoragePlace;
  /** Where blocks are found in memory. */
  readonly blocks: CacheRegion;
  /** The files that this node has open. */
  readonly openFiles: OpenFiles;
  /** The SHA-256 that the whole has to have; of a single file. */
  readonly sha256?: Uint8Array;
  /** Told once when shared files are no longer what they were. */
  readonly changed?: () => void;
}

type Private =
  | { readonly type: "look" }
  | { readonly type: "looked"; readonly isChanged: boolean }
  | { readonly type: "loaded"; readonly waiting: Waiting }
  | { readonly type: "not-loaded"; readonly waiting: Waiting };

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

/**
 * What was fetched is looked at this often: perhaps nobody asks for anything of it, and who owns the folder
 * knows it by its name alone, which another file may have by then.
 */
const LOOK_MS = 5000;

class Storage {
  readonly #self: Context<StorageCommand | Private>;
  readonly #options: StorageOptions;
  readonly #loader: BlockLoader;
  readonly #slices: Slices;
  #files: FileSet;
  /** What is there is complete, and never written to. */
  #isShared: boolean;
  #isChanged = false;
  #partLock: DiskFile | undefined;
  /** Resolves once what goes on beside the messages is done. */
  #working: Promise<unknown> = Promise.resolve();

  constructor(self: Context<StorageCommand | Private>, options: StorageOptions) {
    this.#self = self;
    this.#options = options;
    const { place, blocks, info: { files, length } } = options;
    this.#loader = new BlockLoader(blocks, length, (bytes, offset) => this.#readForPeers(bytes, offset));
    this.#slices = new Slices(self.world);
    this.#isShared = place.type === "shared";
    const directory = place.type === "shared"
      ? this.#sharedDirectory(place.directory)
      : this.#partRoot(place.partDirectory);
    this.#files = this.#fileSet(directory, place.type === "fetched");
    const [file] = files;
    if (place.type === "shared" && file !== undefined) this.#files.expect(file, place.expected);
    if (place.type === "fetched") self.every(LOOK_MS, { type: "look" });
    self.onStop(async () => {
      // Whoever comes next must find what it leaves.
      const ended = this.#working.then(() => this.#files.close()).finally(() => this.#partLock?.close());
      blocks.close();
      await waitAtStop(self.world, ended);
    });
  }

  #fileSet(directory: string, writable: boolean, files = this.#options.info.files): FileSet {
    const { openFiles } = this.#options;
    return new FileSet({ disk: this.#self.world.disk, open: openFiles, directory, files, writable });
  }

  /** Below which directory the paths of the files begin when all are there. */
  #sharedDirectory(directory: string): string {
    const { info } = this.#options;
    return info.isSingleFile ? directory : `${directory}/${info.name}`;
  }

  #partRoot(partDirectory: string): string {
    const { info } = this.#options;
    return info.isSingleFile ? partDirectory : `${partDirectory}/${info.name}`;
  }

  receive(message: StorageCommand | Private): void {
    switch (message.type) {
      case "look":
        return this.#look();
      case "looked":
        return message.isChanged ? this.#onUnreadable(changed()) : undefined;
      case "read":
        return this.#read(message);
      case "read-ahead":
        this.#loader.load(message.offset).catch(() => {});
        return;
      case "loaded":
        return message.waiting.replyTo.tell({ type: "block-ready" });
      case "not-loaded":
        return message.waiting.replyTo.tell({ type: "block-unreadable", place: message.waiting.place });
      case "write":
        this.#write(message.piece, message.bytes, message.replyTo);
        return;
      case "scan":
        this.#working = this.#scan(message.replyTo);
        return;
      case "finish":
        this.#working = this.#finish(message.replyTo);
        return;
      default:
        assertNever(message);
    }
  }

  #read(waiting: Waiting): void {
    const { piece, begin, length } = waiting.place;
    const first = piece * this.#options.info.pieceLength + begin;
    // A block may lie in two stretches.
    const last = first + length - 1;
    this.#self.pipe<unknown>(
      Promise.all([this.#loader.load(first), this.#loader.load(last)]),
      () => ({ type: "loaded", waiting }),
      () => ({ type: "not-loaded", waiting }),
    );
  }

  async #readForPeers(bytes: Uint8Array<ArrayBuffer>, offset: number): Promise<void> {
    const [files, isShared] = [this.#files, this.#isShared];
    try {
      if (this.#isChanged) throw changed();
      await files.read(bytes, offset);
      // Looked at after it was read: what was written before, or meanwhile, shows in the time of the last
      // write.
      if (isShared && !await files.isUnchanged(offset, bytes.length)) throw changed();
    } catch (error) {
      // It was whole meanwhile, and has moved to its place.
      if (files !== this.#files) return await this.#readForPeers(bytes, offset);
      this.#onUnreadable(error);
      throw error;
    }
  }

  #look(): void {
    if (!this.#isShared) return;
    const looked = (isChanged: boolean): Private => ({ type: "looked", isChanged });
    this.#self.pipe(this.#files.lookForChange(), looked, () => looked(false));
  }

  #onUnreadable(error: unknown): void {
    if (this.#isChanged || !this.#isShared || this.#self.signal.aborted) return;
    this.#isChanged = true;
    this.#options.blocks.close();
    this.#self.log.warn(`No longer sharing ${this.#options.info.name}: ${errorText(error)}`, {
      event: "file-not-shared",
    });
    this.#options.changed?.();
  }

  /** Beside what peers ask for, which does not wait for it. */
  async #write(piece: number, bytes: Uint8Array<ArrayBuffer>, replyTo: Ref<PieceWritten>): Promise<void> {
    const offset = piece * this.#options.info.pieceLength;
    try {
      await this.#files.write(bytes, offset);
      this.#loader.written(offset, bytes.length);
      replyTo.tell({ type: "piece-written", piece, bytes });
    } catch (error) {
      replyTo.tell({ type: "piece-written", piece, bytes, failure: errorText(error) });
    }
  }

  /** Beside what peers ask for, as {@linkcode Storage.#write}. */
  async #scan(replyTo: Ref<PiecesFound>): Promise<void> {
    const { info, place } = this.#options;
    const pieces = new Bitfield(info.pieceCount);
    try {
      const isFresh = place.type === "fetched" && await this.#prepare(place.directory, place.partDirectory);
      for (let piece = 0; !isFresh && piece < info.pieceCount && !this.#self.signal.aborted; piece++) {
        const hasher = this.#self.world.hash.start("SHA-1");
        await this.#hash(hasher, piece * info.pieceLength, pieceBytes(info, piece));
        if (equalBytes(hasher.digest(), pieceHash(info, piece))) pieces.add(piece);
      }
      if (place.type === "fetched") await this.#takeOver(place.directory, place.sameAs, pieces);
      replyTo.tell({ type: "pieces-found", pieces });
    } catch (error) {
      replyTo.tell({ type: "pieces-found", pieces, failure: errorText(error) });
    }
  }

  /** Copies what another file of this node has of it. One that cannot be read is no loss: it is fetched. */
  async #takeOver(directory: string, name: string | undefined, pieces: Bitfield): Promise<void> {
    const { info, info: { files: [file] } } = this.#options;
    if (name === undefined || file === undefined || pieces.isFull) return;
    this.#self.log.info(`Copying ${info.name} from ${name}`, { event: "download-copied" });
    const own = this.#fileSet(directory, false, [{ ...file, path: [name] }]);
    try {
      const { world, signal } = this.#self;
      await copyPieces(own, this.#files, { info, world, signal, right: pieces });
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
    } finally {
      own.close();
    }
  }

  /**
   * Makes the files to be written, after a look that they are where they should be, whatever links there are.
   * Says whether nothing was there before.
   */
  async #prepare(directory: string, partDirectory: string): Promise<boolean> {
    const { info: { name } } = this.#options;
    if (await isTaken(this.#self.world.disk, directory, name)) throw nameTaken(name);
    const root = this.#partRoot(partDirectory);
    const names = root.slice(directory.length + 1).split("/");
    await makeDirectories(this.#self.world.disk, directory, names);
    await this.#lock(partDirectory);
    return await this.#files.prepare();
  }

  /** Two processes that fetched the same into one directory would write over each other. */
  async #lock(partDirectory: string): Promise<void> {
    const lock = await this.#self.world.disk.open(lockOf(partDirectory), {
      write: true,
      create: true,
      followLink: false,
    });
    await orClose(lock, async () => {
      if (await lock.tryLock()) return;
      const { name } = this.#options.info;
      throw new WorldError("in-use", `Cannot fetch ${name}: another process is fetching it`);
    });
    this.#partLock = lock;
  }

  async #unlock(partDirectory: string): Promise<void> {
    this.#partLock?.close();
    await this.#self.world.disk.remove(lockOf(partDirectory)).catch(() => {});
  }

  /**
   * Hashes in steps that keep nobody waiting, a stretch in about a quarter of a millisecond, and reads the
   * next one meanwhile.
   */
  async #hash(hasher: Hasher, offset: number, length: number): Promise<void> {
    const buffers = [0, 1].map(() => new Uint8Array(Math.min(STRETCH_BYTES, length)));
    const read = async (at: number): Promise<Uint8Array> => {
      const buffer = buffers[(at / STRETCH_BYTES) % 2] ?? new Uint8Array(0);
      const part = buffer.subarray(0, Math.min(STRETCH_BYTES, length - at));
      await this.#files.read(part, offset + at);
      return part;
    };
    for (let at = 0, next = read(0); at < length;) {
      const part = await next;
      if (this.#self.signal.aborted) throw new WorldError("closed", "Cannot go on: it was stopped");
      at += part.length;
      next = read(at);
      // It may fail before it is waited for.
      next.catch(() => {});
      hasher.update(part);
      await this.#slices.yield();
    }
  }

  /** Beside what peers ask for, as {@linkcode Storage.#write}. */
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
    await this.#sync(place.partDirectory);
    const seen = await this.#files.look();
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
    // Looked at last: all this may take long, and what appears meanwhile is not to be replaced.
    if (await isTaken(disk, place.directory, info.name)) throw nameTaken(info.name);
    await disk.rename(`${place.partDirectory}/${info.name}`, target);
    const directory = this.#sharedDirectory(place.directory);
    const parts = this.#files;
    this.#files = this.#fileSet(directory, false);
    // Whoever writes to it from now on has changed what is given.
    for (const [file, info] of seen) this.#files.expect(file, info);
    parts.close();
    this.#isShared = true;
    await disk.syncDirectory(place.directory);
    await disk.remove(place.partDirectory).catch(() => {});
    await this.#unlock(place.partDirectory);
  }

  /** Nothing is trusted that was in a sync that failed: it is written anew, or else fetched anew. */
  async #sync(partDirectory: string): Promise<void> {
    try {
      return await this.#files.sync();
    } catch {
      // What it has lost is found out below.
    }
    const { info } = this.#options;
    const right = new Bitfield(info.pieceCount);
    try {
      const { world, signal } = this.#self;
      await copyPieces(this.#files, this.#files, { info, world, signal, right });
      await this.#files.sync();
    } catch (error) {
      await this.#removeParts(partDirectory).catch(() => {});
      throw error;
    }
    // What is there is safe now; the next attempt sees what is not.
    if (right.isFull) return;
    throw new WorldError("invalid-data", `Cannot take ${info.name}: the disk has lost a part of it`);
  }

  async #removeParts(partDirectory: string): Promise<void> {
    this.#files.close();
    await removeTree(this.#self.world.disk, partDirectory);
    await this.#unlock(partDirectory);
  }
}

function nameTaken(name: string): WorldError {
  return new WorldError("already-exists", `Cannot take ${name}: a file of that name is there`);
}

function changed(): WorldError {
  return new WorldError("invalid-data", "Cannot read for peers: the file was changed");
}

/** The file that the one who fetches into a directory holds a lock on. */
function lockOf(partDirectory: string): string {
  return `${partDirectory}.lock`;
}
