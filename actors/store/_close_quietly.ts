import type { DiskFile } from "../world/world.ts";

/** Closes a file of which nothing is lost any more, whatever the disk says to it. */
export function closeQuietly(file: DiskFile): void {
  try {
    file.close();
  } catch {
    // What matters was synced, or has failed already.
  }
}
