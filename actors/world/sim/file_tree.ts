/**
 * Files and directories, each as the running machine sees it and as a power cut would leave it.
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
export type Node = FileNode | DirectoryNode | LinkNode;

/** What a name of a directory is to stand for; undefined: nothing any more. */
export interface NamePart {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: Node | undefined;
}

/** One change of names: all of it has happened or none. */
interface NameChange {
  readonly parts: readonly NamePart[];
}

/** A directory. */
export class DirectoryNode {
  readonly type = "directory";
  readonly names: Map<string, Node> = new Map();
  readonly durableNames: Map<string, Node> = new Map();
}

function setName(names: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

/** All the files and directories of a machine. */
export class FileTree {
  readonly root = new DirectoryNode();
  #unsynced: NameChange[] = [];

  /** Gives names to nodes, or takes them away, all at once. */
  rename(parts: readonly NamePart[]): void {
    for (const { directory, name, node } of parts) setName(directory.names, name, node);
    this.#unsynced.push({ parts });
  }

  /** Makes the names in a directory durable. */
  syncDirectory(directory: DirectoryNode): void {
    this.#unsynced = this.#unsynced.filter((change) => {
      if (!change.parts.some((part) => part.directory === directory)) return true;
      makeDurable(change);
      return false;
    });
  }

  /**
   * The power goes: in each directory the first few of the unsynced changes have happened. Tells of what is
   * rare.
   */
  powerCut(random: SeededRandom, tearing: Tearing, happened: (what: string) => void): void {
    const luck = random.pick([0, 0.5, 0.9, 1]);
    const behind = new Set<DirectoryNode>();
    for (const change of this.#unsynced) {
      const directories = change.parts.map((part) => part.directory);
      if (directories.some((directory) => behind.has(directory)) || !random.chance(luck)) {
        for (const directory of directories) behind.add(directory);
      } else {
        makeDurable(change);
      }
    }
    this.#unsynced = [];
    for (const directory of this.#directories(this.root)) {
      directory.names.clear();
      for (const [name, node] of directory.durableNames) directory.names.set(name, node);
    }
    for (const file of this.#files(this.root, (directory) => directory.durableNames)) {
      for (const what of file.powerCut(random, tearing)) happened(what);
    }
  }

  /** All files that have a name now, with their paths. */
  files(): { readonly path: string; readonly file: FileNode }[] {
    const found: { readonly path: string; readonly file: FileNode }[] = [];
    const walk = (directory: DirectoryNode, above: string) => {
      for (const [name, node] of directory.names) {
        if (node instanceof FileNode) found.push({ path: `${above}/${name}`, file: node });
        else if (node instanceof DirectoryNode) walk(node, `${above}/${name}`);
      }
    };
    walk(this.root, "");
    return found;
  }

  /** The file that these names, one in the other, stand for on the disk for sure. */
  durableFile(names: readonly string[]): FileNode | undefined {
    let node: Node | undefined = this.root;
    for (const name of names) node = node instanceof DirectoryNode ? node.durableNames.get(name) : undefined;
    return node instanceof FileNode ? node : undefined;
  }

  /** Bytes in all files. */
  usedBytes(): number {
    let used = 0;
    for (const file of this.#files(this.root, (directory) => directory.names)) used += file.size;
    return used;
  }

  #directories(directory: DirectoryNode): DirectoryNode[] {
    const below = [...directory.durableNames.values()].filter((node) => node instanceof DirectoryNode);
    return [directory, ...below.flatMap((inner) => this.#directories(inner))];
  }

  #files(directory: DirectoryNode, namesOf: (directory: DirectoryNode) => Map<string, Node>): FileNode[] {
    return [...namesOf(directory).values()].flatMap((node) => {
      if (node instanceof FileNode) return [node];
      return node instanceof DirectoryNode ? this.#files(node, namesOf) : [];
    });
  }
}

function makeDurable(change: NameChange): void {
  for (const { directory, name, node } of change.parts) setName(directory.durableNames, name, node);
}
