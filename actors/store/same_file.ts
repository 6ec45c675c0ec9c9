import type { FileInfo } from "../world/world.ts";

/**
 * Whether two looks at a path saw the same content: nothing was written between them, and no other file put
 * there.
 */
export function isSameFile(before: FileInfo, now: FileInfo): boolean {
  return now.isFile && now.size === before.size && now.modifiedAtMs === before.modifiedAtMs &&
    now.id === before.id;
}
