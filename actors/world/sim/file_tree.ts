/**
 * Files and folders, each as the running machine sees it and as a power cut would leave it.
 *
 * @module
 */
import { FileNode, type Tearing } from "./file_node.ts";
import type { SeededRandom } from "./random.ts";

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

  /**
   * The power goes: in each folder the first few of the unsynced changes have happened. Tells of what is
   * rare.
   */
  powerCut(random: SeededRandom, tearing: Tearing, happened: (what: string) => void): void {
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
    for (const file of this.#files(this.root, (folder) => folder.durableNames)) {
      for (const what of file.powerCut(random, tearing)) happened(what);
    }
  }

  /** All files that have a name now, with their paths. */
  files(): { readonly path: string; readonly file: FileNode }[] {
    const found: { readonly path: string; readonly file: FileNode }[] = [];
    const walk = (folder: FolderNode, above: string) => {
      for (const [name, node] of folder.names) {
        if (node instanceof FileNode) found.push({ path: `${above}/${name}`, file: node });
        else if (node instanceof FolderNode) walk(node, `${above}/${name}`);
      }
    };
    walk(this.root, "");
    return found;
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
