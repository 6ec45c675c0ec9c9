/**
 * A walk through a tree of actors that may be as long as it likes.
 *
 * @module
 */
import type { Child } from "./children.ts";
import type { ActorSnapshot } from "./snapshot.ts";

/** Children of one actor, and which of them comes next. */
interface Level {
  readonly path: string;
  readonly children: readonly Child[];
  next: number;
}

/**
 * Each actor below one, and itself, parents before their children, as it is when the walk comes to it.
 * Between two of them actors may come and go: those that are gone are left out. Not by recursion: a tree may
 * be deeper than the stack.
 */
export function* walk(root: Child, path: string): Generator<ActorSnapshot, void> {
  yield root.snapshotShallow(path);
  const levels: Level[] = [{ path, children: root.children?.all() ?? [], next: 0 }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const child = level.children[level.next++];
    if (child === undefined) {
      levels.pop();
      continue;
    }
    if (child.isGone) continue;
    const childPath = `${level.path}/${child.name}`;
    yield child.snapshotShallow(childPath);
    const children = child.children;
    if (children !== undefined && children.size > 0) {
      levels.push({ path: childPath, children: children.all(), next: 0 });
    }
  }
}
