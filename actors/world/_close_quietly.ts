/**
 * Closing what nothing is lost of any more.
 *
 * @module
 */

/** What can be closed: a file, a socket. */
export interface Closable {
  close(): void;
}

/** Closes a file of which nothing is lost any more, whatever the disk says to it. */
export function closeQuietly(file: Closable): void {
  try {
    file.close();
  } catch {
    // What matters was synced, or has failed already.
  }
}

/** What `work` comes to. Where it fails, what it was to be done with is closed: nobody else could. */
export async function orClose<T>(opened: Closable, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    closeQuietly(opened);
    throw error;
  }
}
