/**
 * The simulated disk as one life of a host uses it.
 *
 * @module
 */
import { failure } from "../failure.ts";
import { dirname } from "../path.ts";
import {
  type Cancellable,
  type DirectoryEntry,
  type Disk,
  type DiskFile,
  type DiskLock,
  type FileInfo,
  type OpenOptions,
  type PathOptions,
  type ReadFileOptions,
  type Replacement,
  WorldError,
} from "../world.ts";
import type { DiskFailure } from "./disk_faults.ts";
import type { DiskOperation } from "./disk_faults.ts";
import type { DiskState } from "./disk_state.ts";
import { FileNode } from "./file_node.ts";
import { DirectoryNode, LinkNode } from "./file_tree.ts";
import { type Life, never } from "./life.ts";
import { LifeFile } from "./life_file.ts";
import { nameParts, type Place } from "./paths.ts";

/** What a write that a crash catches is: one of which a part was done. */
const CAUGHT: DiskFailure = { kind: "other", dropsPages: false };

/** The disk as one life of the host uses it. */
export class LifeDisk implements Disk {
  /** Optional in a world, so absent in some lives. */
  readonly statNow?: (path: string) => FileInfo;
  readonly renameNow?: (from: string, to: string) => void;
  readonly readFileNow?: (path: string, options?: ReadFileOptions) => Uint8Array<ArrayBuffer>;
  readonly #disk: DiskState;
  readonly #life: Life;
  readonly #doesNow: boolean;

  constructor(disk: DiskState, life: Life) {
    this.#disk = disk;
    this.#life = life;
    this.#doesNow = disk.random.chance(0.5);
    if (!this.#doesNow) return;
    this.statNow = (path) => this.#statNow(path);
    this.renameNow = (from, to) => this.#renameNow(from, to);
    this.readFileNow = (path, options = {}) => this.#readFileNow(path, options);
  }

  open(path: string, options: OpenOptions = {}): Promise<DiskFile> {
    const doing = `open ${path}`;
    return this.#do("open", path, doing, () => {
      const { directory, name, node } = this.#place(path, doing, options);
      if (node instanceof DirectoryNode) throw failure("is-a-directory", doing);
      if (node instanceof FileNode) {
        if (options.create && options.exclusive) throw failure("already-exists", doing);
        if (options.truncate && node.size > 0) this.#disk.truncate(node, 0);
        return new LifeFile(this, this.#disk, path, node);
      }
      if (!options.create) throw failure("not-found", doing);
      const file = this.#disk.newFile();
      this.#disk.rename({ directory, name, node: file });
      return new LifeFile(this, this.#disk, path, file);
    });
  }

  readFile(path: string, options: ReadFileOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const doing = `read ${path}`;
    return this.#do("read", path, doing, () => this.#contentOf(path, doing, options));
  }

  #readFileNow(path: string, options: ReadFileOptions): Uint8Array<ArrayBuffer> {
    const doing = `read ${path}`;
    const failing = this.#disk.faults.takeFailure("read", path);
    if (failing !== undefined) throw failure(failing.kind, doing);
    return this.#contentOf(path, doing, options);
  }

  #contentOf(path: string, doing: string, options: ReadFileOptions): Uint8Array<ArrayBuffer> {
    const { node } = this.#place(path, doing, options);
    if (node instanceof DirectoryNode) throw failure("is-a-directory", doing);
    if (!(node instanceof FileNode)) throw failure("not-found", doing);
    if (node.size > (options.maxBytes ?? Infinity)) throw failure("too-large", doing);
    return node.content.slice();
  }

  createReplacement(path: string, options: PathOptions = {}): Promise<Replacement> {
    const doing = `replace ${path}`;
    return this.#do("open", path, doing, () => {
      const { directory, name, node, realPath } = this.#place(path, doing, options);
      const isLink = this.#disk.walk(path, doing, false).node instanceof LinkNode;
      const target = isLink ? realPath : path;
      if (node instanceof DirectoryNode) throw failure("is-a-directory", doing);
      const temporary = `.${name}.${this.#disk.random.uint32().toString(16)}.tmp`;
      const file = this.#disk.newFile();
      if (node instanceof FileNode) file.mode = node.mode;
      this.#disk.rename({ directory, name: temporary, node: file });
      const beside = `${dirname(target)}/${temporary}`;
      return { path: beside, target, file: new LifeFile(this, this.#disk, beside, file) };
    });
  }

  stat(path: string): Promise<FileInfo> {
    return this.#do("stat", path, `look at ${path}`, () => this.#info(path));
  }

  #statNow(path: string): FileInfo {
    const failing = this.#disk.faults.takeFailure("stat", path);
    if (failing !== undefined) throw failure(failing.kind, `look at ${path}`);
    return this.#info(path);
  }

  #info(path: string): FileInfo {
    const doing = `look at ${path}`;
    const { node } = this.#disk.walk(path, doing, true);
    if (node === undefined) throw failure("not-found", doing);
    return {
      isFile: node instanceof FileNode,
      isDirectory: node instanceof DirectoryNode,
      isLink: false,
      size: node instanceof FileNode ? node.size : 0,
      modifiedAtMs: node instanceof FileNode ? node.modifiedAtMs : null,
      ...(node instanceof FileNode ? { id: node.id } : {}),
    };
  }

  list(directory: string): Promise<DirectoryEntry[]> {
    const doing = `list ${directory}`;
    return this.#do("list", directory, doing, () => {
      const entries = [...this.#directory(directory, doing).names].map(([name, node]) => ({
        name,
        isFile: node instanceof FileNode,
        isDirectory: node instanceof DirectoryNode,
        isLink: node instanceof LinkNode,
      }));
      return this.#disk.random.shuffle(entries);
    });
  }

  makeDirectory(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    const doing = `make the folder ${path}`;
    return this.#do("makeDirectory", path, doing, () => {
      const names = nameParts(path);
      const first = options.recursive ? 1 : names.length;
      for (let count = first; count <= names.length; count++) {
        const { directory, name, node } = this.#disk.walk(names.slice(0, count).join("/"), doing, true);
        if (node === undefined) this.#disk.rename({ directory, name, node: new DirectoryNode() });
        else if (!options.recursive) throw failure("already-exists", doing);
        else if (!(node instanceof DirectoryNode)) throw failure("not-a-directory", doing);
      }
    });
  }

  rename(from: string, to: string): Promise<void> {
    const doing = `rename ${from} to ${to}`;
    return this.#do("rename", from, doing, () => this.#rename(from, to, doing));
  }

  #renameNow(from: string, to: string): void {
    if (!this.#life.alive) return;
    const doing = `rename ${from} to ${to}`;
    this.trace(`rename ${from} now`);
    this.performNow("rename", from, (failing) => {
      if (failing !== undefined) throw failure(failing.kind, doing);
      this.#rename(from, to, doing);
    });
  }

  #rename(from: string, to: string, doing: string): void {
    const source = this.#disk.walk(from, doing, false);
    const target = this.#disk.walk(to, doing, false);
    if (source.node === undefined) throw failure("not-found", doing);
    if (target.node instanceof DirectoryNode) throw failure("already-exists", doing);
    if (source.node === target.node) return;
    this.#disk.rename(
      { directory: source.directory, name: source.name, node: undefined },
      { directory: target.directory, name: target.name, node: source.node },
    );
  }

  remove(path: string): Promise<void> {
    const doing = `remove ${path}`;
    return this.#do("remove", path, doing, () => {
      const { directory, name, node } = this.#disk.walk(path, doing, false);
      if (node === undefined) throw failure("not-found", doing);
      if (node instanceof DirectoryNode && node.names.size > 0) throw failure("already-exists", doing);
      this.#disk.rename({ directory, name, node: undefined });
    });
  }

  syncDirectory(path: string): Promise<void> {
    const doing = `sync the folder ${path}`;
    return this.#do(
      "syncDirectory",
      path,
      doing,
      () => this.#disk.tree.syncDirectory(this.#directory(path, doing)),
    );
  }

  realPath(path: string): Promise<string> {
    const doing = `find the real path of ${path}`;
    return this.#do("stat", path, doing, () => {
      const { node, realPath } = this.#disk.walk(path, doing, true);
      if (node === undefined) throw failure("not-found", doing);
      return realPath;
    });
  }

  lock(path: string): Promise<DiskLock | undefined> {
    const doing = `lock ${path}`;
    return this.#do("lock", path, doing, () => {
      const isDirectory = this.#disk.walk(path, doing, true).node instanceof DirectoryNode;
      const { realPath } = this.#place(path, doing, { followLink: isDirectory });
      const lock = { release: () => this.#disk.unlock(realPath, lock) };
      return this.#disk.tryLock(realPath, lock) ? lock : undefined;
    });
  }

  watch(directory: string, changed: () => void, failed: (error: WorldError) => void): Cancellable {
    const doing = `watch ${directory}`;
    const { node } = this.#disk.walk(directory, doing, true);
    if (!(node instanceof DirectoryNode)) {
      return this.#life.schedule(
        0,
        () => failed(failure(node === undefined ? "not-found" : "not-a-directory", doing)),
      );
    }
    let isTold = true;
    let isOver = false;
    const watching = this.#disk.watch(node, () => {
      if (!isTold) return;
      isTold = false;
      this.#life.schedule(this.#disk.random.between(0.1, 5), () => {
        isTold = true;
        if (!isOver) changed();
      });
    });
    return {
      cancel: () => {
        isOver = true;
        watching.cancel();
      },
    };
  }

  /** Does `work` at once or at the end of the time it takes, so that a crash meanwhile finds either. */
  perform<T>(
    operation: DiskOperation,
    path: string,
    work: (failing: DiskFailure | undefined) => T,
    contents?: Uint8Array,
  ): Promise<T> {
    const { faults, random } = this.#disk;
    const failing = faults.takeFailure(operation, path);
    const crash = failing === undefined ? faults.takeCrash(operation, path) : undefined;
    if (crash?.when === "before") {
      faults.crash(crash);
      return never();
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const ended = this.#disk.begins(operation, path);
    const happen = () => {
      try {
        const value = work(crash?.when === "during" && operation === "write" ? CAUGHT : failing);
        return { settle: () => resolve(value) };
      } catch (error) {
        return { settle: () => reject(error) };
      }
    };
    const latencyMs = this.#disk.latencyMs(operation);
    let outcome: { readonly settle: () => void } | undefined;
    if (random.chance(0.5)) outcome = happen();
    if (crash?.when === "during") {
      this.#life.schedule(latencyMs * random.next(), () => faults.crash(crash));
      return promise;
    }
    this.#life.schedule(latencyMs, () => {
      const what = failing === undefined ? "" : ` fails: ${failing.kind}`;
      this.#life.trace("disk", `${operation} ${path}${what}`, contents);
      const { settle } = outcome ?? happen();
      ended();
      if (crash === undefined) settle();
      else faults.crash(crash);
    });
    return promise;
  }

  /** The same for what is done when it returns. */
  performNow(operation: DiskOperation, path: string, work: (failing: DiskFailure | undefined) => void): void {
    const { faults } = this.#disk;
    const failing = faults.takeFailure(operation, path);
    const crash = failing === undefined ? faults.takeCrash(operation, path) : undefined;
    if (crash?.when === "before") return faults.crash(crash);
    if (crash === undefined) return work(failing);
    try {
      work(crash.when === "during" ? CAUGHT : undefined);
    } catch {
      // Nobody hears of it.
    }
    faults.crash(crash);
  }

  /** Whether this life has the operations that are done when they return. */
  get doesNow(): boolean {
    return this.#doesNow;
  }

  trace(event: string, contents?: Uint8Array): void {
    this.#life.trace("disk", event, contents);
  }

  get isAlive(): boolean {
    return this.#life.alive;
  }

  #do<T>(operation: DiskOperation, path: string, doing: string, work: () => T): Promise<T> {
    if (!this.#life.alive) return never();
    return this.perform(operation, path, (failing) => {
      if (failing !== undefined) throw failure(failing.kind, doing);
      return work();
    });
  }

  /** Where a path leads, if it may lead there. */
  #place(path: string, doing: string, { followLink = true, within }: PathOptions): Place {
    if (!followLink && this.#disk.walk(path, doing, false).node instanceof LinkNode) {
      throw new WorldError("not-a-file", `Cannot ${doing}: it is a link`);
    }
    const place = this.#disk.walk(path, doing, true);
    if (within === undefined) return place;
    const { node, realPath } = this.#disk.walk(within, doing, true);
    if (node === undefined) throw failure("not-found", doing);
    if (!place.realPath.startsWith(realPath === "/" ? "/" : `${realPath}/`)) {
      throw new WorldError("not-a-file", `Cannot ${doing}: it is a link out of its folder`);
    }
    return place;
  }

  #directory(path: string, doing: string): DirectoryNode {
    const { node } = this.#disk.walk(path, doing, true);
    if (node === undefined) throw failure("not-found", doing);
    if (!(node instanceof DirectoryNode)) throw failure("not-a-directory", doing);
    return node;
  }
}
