/**
 * Files and folders, each as the running machine sees it and as a power cut would leave it.
 *
 * @module
 */
import { GrowingBytes } from "../../../protocols/_growing_bytes.ts";
import type { SeededRandom } from "./random.ts";

/** One change of a file's content. */
type ContentChange =
  | { readonly type: "write"; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly type: "truncate"; readonly length: number };

function apply(change: ContentChange, to: GrowingBytes): void {
  if (change.type === "write") to.write(change.bytes, change.offset);
  else to.truncate(change.length);
}

/** A file. */
export class FileNode {
  readonly type = "file";
  /** Tells it from every other file of the machine. */
  readonly id: number;
  modifiedAtMs: number;
  /** Permission bits. */
  mode = 0o644;
  #content = new GrowingBytes();
  #durable = new GrowingBytes();
  #unsynced: ContentChange[] = [];

  constructor(modifiedAtMs: number, id: number) {
    this.modifiedAtMs = modifiedAtMs;
    this.id = id;
  }

  get size(): number {
    return this.#content.length;
  }

  /** What is in it, to be looked at only. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#content.view;
  }

  write(bytes: Uint8Array, offset: number, nowMs: number): void {
    this.#change({ type: "write", bytes: bytes.slice(), offset }, nowMs);
  }

  truncate(length: number, nowMs: number): void {
    this.#change({ type: "truncate", length }, nowMs);
  }

  /** Makes the content durable. */
  sync(): void {
    for (const change of this.#unsynced) apply(change, this.#durable);
    this.#unsynced = [];
  }

  /**
   * The power goes. Of the changes that made the file longer or shorter, the first few have reached the disk, the
   * next one perhaps in part; of those within its old length each has or has not.
   */
  powerCut(random: SeededRandom): void {
    const ordered = this.#unsynced.filter((change) => !this.#isWithin(change));
    const kept = pickPrefix(ordered.length, random);
    let place = 0;
    for (const change of this.#unsynced) {
      const isKept = this.#isWithin(change) ? random.chance(0.5) : place < kept;
      const isTorn = this.#isWithin(change) ? random.chance(0.1) : place === kept && random.chance(0.5);
      if (!this.#isWithin(change)) place++;
      if (isTorn && change.type === "write") {
        const length = random.integer(0, change.bytes.length);
        if (length > 0) this.#durable.write(change.bytes.subarray(0, length), change.offset);
      } else if (isKept) {
        apply(change, this.#durable);
      }
    }
    this.#unsynced = [];
    this.#content = new GrowingBytes();
    this.#content.append(this.#durable.view);
  }

  #change(change: ContentChange, nowMs: number): void {
    apply(change, this.#content);
    this.#unsynced.push(change);
    this.modifiedAtMs = nowMs;
  }

  #isWithin(change: ContentChange): boolean {
    return change.type === "write" && change.offset + change.bytes.length <= this.#durable.length;
  }
}

/** How many of `count` things that happen one after the other have happened: often none, often all. */
function pickPrefix(count: number, random: SeededRandom): number {
  const luck = random.next();
  if (luck < 0.3) return 0;
  if (luck < 0.5) return count;
  return random.integer(0, count);
}

/** A symbolic link. */
export class LinkNode {
  readonly type = "link";
  readonly target: string;

  constructor(target: string) {
    this.target = target;
  }
}

/** What a name may stand for. */
export type Node = FileNode | FolderNode | LinkNode;

/** What a name of a folder is to stand for; undefined: nothing any more. */
export interface NamePart {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: Node | undefined;
}

/** One change of names: all of it has happened or none. */
interface NameChange {
  readonly parts: readonly NamePart[];
}

/** A folder. */
export class FolderNode {
  readonly type = "folder";
  readonly names: Map<string, Node> = new Map();
  readonly durableNames: Map<string, Node> = new Map();
}

function setName(names: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

/** All the files and folders of a machine. */
export class FileTree {
  readonly root = new FolderNode();
  #unsynced: NameChange[] = [];

  /** Gives names to nodes, or takes them away, all at once. */
  rename(parts: readonly NamePart[]): void {
    for (const { folder, name, node } of parts) setName(folder.names, name, node);
    this.#unsynced.push({ parts });
  }

  /** Makes the names in a folder durable. */
  syncFolder(folder: FolderNode): void {
    this.#unsynced = this.#unsynced.filter((change) => {
      if (!change.parts.some((part) => part.folder === folder)) return true;
      makeDurable(change);
      return false;
    });
  }

  /** Makes everything durable, names and contents. */
  syncAll(): void {
    for (const change of this.#unsynced) makeDurable(change);
    this.#unsynced = [];
    for (const file of this.#files(this.root, (folder) => folder.names)) file.sync();
  }

  /** The power goes: in each folder the first few of the unsynced changes have happened. */
  powerCut(random: SeededRandom): void {
    const luck = random.pick([0, 0.5, 0.9, 1]);
    const behind = new Set<FolderNode>();
    for (const change of this.#unsynced) {
      const folders = change.parts.map((part) => part.folder);
      if (folders.some((folder) => behind.has(folder)) || !random.chance(luck)) {
        for (const folder of folders) behind.add(folder);
      } else {
        makeDurable(change);
      }
    }
    this.#unsynced = [];
    for (const folder of this.#folders(this.root)) {
      folder.names.clear();
      for (const [name, node] of folder.durableNames) folder.names.set(name, node);
    }
    for (const file of this.#files(this.root, (folder) => folder.durableNames)) file.powerCut(random);
  }

  /** Bytes in all files. */
  usedBytes(): number {
    let used = 0;
    for (const file of this.#files(this.root, (folder) => folder.names)) used += file.size;
    return used;
  }

  #folders(folder: FolderNode): FolderNode[] {
    const below = [...folder.durableNames.values()].filter((node) => node instanceof FolderNode);
    return [folder, ...below.flatMap((inner) => this.#folders(inner))];
  }

  #files(folder: FolderNode, namesOf: (folder: FolderNode) => Map<string, Node>): FileNode[] {
    return [...namesOf(folder).values()].flatMap((node) => {
      if (node instanceof FileNode) return [node];
      return node instanceof FolderNode ? this.#files(node, namesOf) : [];
    });
  }
}

function makeDurable(change: NameChange): void {
  for (const { folder, name, node } of change.parts) setName(folder.durableNames, name, node);
}
