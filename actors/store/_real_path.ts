import { type Disk, isNotFound } from "../world/world.ts";

/** Where a path leads; the path itself when nothing is there. */
export async function realPathOf(disk: Disk, path: string): Promise<string> {
  try {
    return await disk.realPath(path);
  } catch (error) {
    if (isNotFound(error)) return path;
    throw error;
  }
}
