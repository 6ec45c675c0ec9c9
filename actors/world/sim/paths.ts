/**
 * Finding one's way in a file tree.
 *
 * @module
 */
import { failure } from "../failure.ts";
import { DirectoryNode, LinkNode, type Node } from "./file_tree.ts";

/** Where a path leads. */
export class Place {
  /** The directory that the last name is, or would be, in. */
  readonly directory: DirectoryNode;
  /** The last name; "" for the root itself. */
  readonly name: string;
  /** What is there. */
  readonly node: Node | undefined;
  readonly #above: readonly Step[];

  constructor(above: readonly Step[], directory: DirectoryNode, name: string, node: Node | undefined) {
    this.#above = above;
    this.directory = directory;
    this.name = name;
    this.node = node;
  }

  /** The path with links resolved. Made when it is asked for: few do. */
  get realPath(): string {
    return `/${[...this.#above.map(({ name }) => name), this.name].join("/")}`;
  }
}

/** A directory on the way, and the name in it that the way goes on by. */
interface Step {
  readonly directory: DirectoryNode;
  readonly name: string;
}

/** Links in a chain beyond this many are taken for a circle. */
const MAX_LINKS = 40;

/** The names of a path; relative ones begin at the root. */
export function nameParts(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Finds what a path leads to. Throws `not-found` or `not-a-directory` for a part before the last. */
export function walk(root: DirectoryNode, path: string, doing: string, followLast: boolean): Place {
  let names = nameParts(path);
  let at = 0;
  const above: Step[] = [];
  let directory = root;
  let links = 0;
  while (true) {
    const name = names[at++];
    if (name === undefined) {
      // The path ended in a directory: at the root, or after "..".
      const last = above.pop();
      if (last === undefined) return new Place([], root, "", root);
      return new Place(above, last.directory, last.name, directory);
    }
    if (name === "..") {
      directory = above.pop()?.directory ?? root;
      continue;
    }
    const node = directory.names.get(name);
    const isLast = at === names.length;
    if (node instanceof LinkNode && (!isLast || followLast)) {
      if (++links > MAX_LINKS) throw failure("not-found", doing);
      if (node.target.startsWith("/")) {
        above.length = 0;
        directory = root;
      }
      names = [...nameParts(node.target), ...names.slice(at)];
      at = 0;
      continue;
    }
    if (isLast) return new Place(above, directory, name, node);
    if (node === undefined) throw failure("not-found", doing);
    if (!(node instanceof DirectoryNode)) throw failure("not-a-directory", doing);
    above.push({ directory, name });
    directory = node;
  }
}
