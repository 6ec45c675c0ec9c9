/**
 * Finding one's way in a file tree.
 *
 * @module
 */
import { failure } from "../failure.ts";
import type { WorldErrorKind } from "../world.ts";
import { DirectoryNode, LinkNode, type Node } from "./file_tree.ts";

/** Where a path leads. */
export interface Place {
  /** The directory that the last name is, or would be, in. */
  readonly directory: DirectoryNode;
  /** The last name; "" for the root itself. */
  readonly name: string;
  /** What is there. */
  readonly node: Node | undefined;
  /** The path with links resolved. */
  readonly realPath: string;
}

/** Links in a chain beyond this many are taken for a circle. */
const MAX_LINKS = 40;

/** The names of a path; relative ones begin at the root. */
export function nameParts(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Finds what a path leads to. Throws `not-found` or `not-a-directory` for a part before the last. */
export function walk(root: DirectoryNode, path: string, doing: string, followLast: boolean): Place {
  const fail = (kind: WorldErrorKind): never => {
    throw failure(kind, doing);
  };
  const names = nameParts(path);
  const above: { readonly directory: DirectoryNode; readonly name: string }[] = [];
  let directory = root;
  let links = 0;
  const realPath = (last: string) =>
    "/" + [...above.map((step) => step.name), ...(last === "" ? [] : [last])].join("/");
  while (true) {
    const name = names.shift();
    if (name === undefined) {
      // The path ended in a directory: at the root, or after "..".
      const last = above.pop();
      if (last === undefined) return { directory: root, name: "", node: root, realPath: "/" };
      return { directory: last.directory, name: last.name, node: directory, realPath: realPath(last.name) };
    }
    if (name === "..") {
      directory = above.pop()?.directory ?? root;
      continue;
    }
    const node = directory.names.get(name);
    const isLast = names.length === 0;
    if (node instanceof LinkNode && (!isLast || followLast)) {
      if (++links > MAX_LINKS) return fail("not-found");
      if (node.target.startsWith("/")) {
        above.length = 0;
        directory = root;
      }
      names.unshift(...nameParts(node.target));
      continue;
    }
    if (isLast) return { directory, name, node, realPath: realPath(name) };
    if (node === undefined) return fail("not-found");
    if (!(node instanceof DirectoryNode)) return fail("not-a-directory");
    above.push({ directory, name });
    directory = node;
  }
}
