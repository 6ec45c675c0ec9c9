/**
 * The disk of a simulated host, in the hands of a test.
 *
 * @module
 */
import type { WorldErrorKind } from "../world.ts";
import type { DiskOperation } from "./disk_faults.ts";
import type { DiskState, OperationUnderWay } from "./disk_state.ts";
import type { Tearing } from "./file_node.ts";
import { FileNode } from "./file_node.ts";
import { DirectoryNode, LinkNode } from "./file_tree.ts";
import { nameParts, type Place } from "./paths.ts";

const encoder = new TextEncoder();

/** The disk of a host, in the hands of a test. What a test does to it is durable at once. */
export class SimDisk {
  readonly #disk: DiskState;

  /** Made by {@linkcode SimWorld.host}. */
  constructor(disk: DiskState) {
    this.#disk = disk;
  }

  /** Everything takes so many times as long. @default 1 */
  get slowness(): number {
    return this.#disk.slowness;
  }

  set slowness(factor: number) {
    this.#disk.slowness = factor;
  }

  /** Bytes that the files may have in all. @default Infinity */
  get capacityBytes(): number {
    return this.#disk.capacityBytes;
  }

  set capacityBytes(bytes: number) {
    this.#disk.capacityBytes = bytes;
  }

  /** Bytes that the files have in all. */
  get usedBytes(): number {
    return this.#disk.tree.usedBytes();
  }

  /** Makes a file with this content, and the directories above it. */
  write(path: string, content: string | Uint8Array): void {
    const { directory, name, node } = this.#makeRoom(path, true);
    const file = node instanceof FileNode ? node : this.#disk.newFile();
    file.truncate(0, this.#disk.nowMs);
    file.write(typeof content === "string" ? encoder.encode(content) : content, 0, this.#disk.nowMs);
    if (file !== node) this.#disk.rename({ directory, name, node: file });
    // Not what others have written meanwhile, of which a power cut may leave less.
    file.sync();
    this.#disk.tree.syncDirectory(directory);
    this.#disk.touched(directory);
  }

  /** Makes a directory, and those above it. */
  makeDirectory(path: string): void {
    this.#makeRoom(`${path}/.x`, false);
  }

  /** Makes a symbolic link. */
  link(path: string, target: string): void {
    const { directory, name } = this.#makeRoom(path, false);
    this.#disk.rename({ directory, name, node: new LinkNode(target) });
    this.#disk.tree.syncDirectory(directory);
    this.#disk.touched(directory);
  }

  /** Gives a file another name, in place of what has that; nothing happens where that is the file, too. */
  rename(from: string, to: string): void {
    const source = this.#fileAt(from);
    if (this.#makeRoom(to, false).node === source.node) return;
    this.addName(from, to);
    this.remove(from);
  }

  /** Gives a file a second name (a hard link), in place of what has that. */
  addName(path: string, another: string): void {
    const { node } = this.#fileAt(path);
    const { directory, name } = this.#makeRoom(another, false);
    this.#disk.rename({ directory, name, node });
    this.#disk.tree.syncDirectory(directory);
    this.#disk.touched(directory);
  }

  #fileAt(path: string): Place {
    const place = this.#disk.walk(path, `look at ${path}`, false);
    if (place.node instanceof FileNode) return place;
    throw new TypeError(`Cannot give ${path} another name: it is no file`);
  }

  /** Removes a file, or a directory with all that is in it. */
  remove(path: string): void {
    const { directory, name } = this.#disk.walk(path, `remove ${path}`, false);
    this.#disk.rename({ directory, name, node: undefined });
    this.#disk.tree.syncDirectory(directory);
    this.#disk.touched(directory);
  }

  /** What is in a file; undefined where there is none. */
  read(path: string): Uint8Array | undefined {
    return this.#file(path)?.content.slice();
  }

  /** What is in a file, as text; undefined where there is none. */
  readText(path: string): string | undefined {
    return this.#file(path)?.text;
  }

  /**
   * What is durable of a file, as text: its bytes that were synced, under a name whose directory was synced.
   * Undefined where there is none. Symbolic links are not followed.
   */
  readDurableText(path: string): string | undefined {
    return this.#disk.tree.durableFile(nameParts(path))?.durableText;
  }

  /** What the host's processes do with it at this moment, so that a test can keep out of a race. */
  get underWay(): readonly OperationUnderWay[] {
    return this.#disk.underWay;
  }

  /** The permission bits of a file; undefined where there is none. */
  mode(path: string): number | undefined {
    const { node } = this.#disk.walk(path, `look at ${path}`, true);
    return node instanceof FileNode ? node.mode : undefined;
  }

  /** Gives a file other permission bits, which a file that replaces it has to keep. They keep nobody out. */
  setMode(path: string, mode: number): void {
    const { node } = this.#disk.walk(path, `look at ${path}`, true);
    if (node instanceof FileNode) node.mode = mode;
  }

  /** The names in a directory, sorted. */
  names(path: string): string[] {
    const { node } = this.#disk.walk(path, `list ${path}`, true);
    return node instanceof DirectoryNode ? [...node.names.keys()].sort() : [];
  }

  /**
   * Has the next such operation (of the path, where one is given) fail, or the next `count`. A failed write
   * may have written a part. A failed sync with `dropsPages` loses what was not durable, though later syncs
   * succeed.
   */
  failNext(
    operation: DiskOperation,
    kind: WorldErrorKind,
    options: { readonly path?: string | RegExp; readonly count?: number; readonly dropsPages?: boolean } = {},
  ): void {
    const { path, count = 1, dropsPages = false } = options;
    this.#disk.faults.failNext(operation, { kind, dropsPages }, path, count);
  }

  /** Takes back failures and crashes that are planned and have not happened yet. */
  forgetFailures(): void {
    this.#disk.faults.forget();
  }

  /** What power cuts do to what was not synced. What is not named stays as it is. */
  get tearing(): Tearing {
    return this.#disk.faults.tearing;
  }

  set tearing(tearing: Partial<Tearing>) {
    this.#disk.faults.tearing = { ...this.#disk.faults.tearing, ...tearing };
  }

  /** The share of changes in watched directories that nobody is told of. @default 0 */
  get lostWatchEvents(): number {
    return this.#disk.faults.lostWatchEvents;
  }

  set lostWatchEvents(share: number) {
    this.#disk.faults.lostWatchEvents = share;
  }

  /**
   * Turns over bits of files at rest: of the path, of those that match, or of any one. Gives the path of the
   * file.
   */
  rot(which?: string | RegExp, bits = 1): string | undefined {
    const { tree, random, tally } = this.#disk;
    const files = tree.files().filter(({ path, file }) =>
      file.size > 0 && (which instanceof RegExp ? which.test(path) : which === undefined || which === path)
    );
    if (files.length === 0) return undefined;
    const { path, file } = random.pick(files);
    if (file.rot(bits, random) > 0) tally.count("fault: bit rot");
    return path;
  }

  #file(path: string): FileNode | undefined {
    const { node } = this.#disk.walk(path, `read ${path}`, true);
    return node instanceof FileNode ? node : undefined;
  }

  #makeRoom(path: string, followLast: boolean): Place {
    const names = nameParts(path);
    for (let count = 1; count < names.length; count++) {
      const above = names.slice(0, count).join("/");
      const { directory, name, node } = this.#disk.walk(above, `make ${above}`, true);
      if (node !== undefined) continue;
      this.#disk.rename({ directory, name, node: new DirectoryNode() });
      this.#disk.tree.syncDirectory(directory);
    }
    return this.#disk.walk(path, `make ${path}`, followLast);
  }
}
