/**
 * The names of a directory, read so that sockets need not wait for a long one.
 *
 * @module
 */
import type { EventLoop } from "../loop.ts";
import type { NamedEntry } from "./files.ts";

/** Sockets wait for what is done in one go for so long. */
const SLICE_MS = 0.5;

/** What lets sockets have their turn. */
export type SocketTurn = Pick<EventLoop, "afterPoll">;

/** Calls `each` for each entry, in slices; stops early where it gives false. */
export async function forEachEntry(
  entries: AsyncIterable<NamedEntry>,
  loop: SocketTurn,
  each: (entry: NamedEntry) => boolean | void,
): Promise<void> {
  let since = performance.now();
  for await (const entry of entries) {
    if (each(entry) === false) return;
    if (performance.now() - since < SLICE_MS) continue;
    // A timer would wait for longer than the slice takes.
    await new Promise<void>((resolve) => loop.afterPoll(resolve));
    since = performance.now();
  }
}
