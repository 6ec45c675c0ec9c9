/**
 * Records that were used last: what they hold, as long as their files are as they were.
 *
 * @module
 */
import type { RecordsResponse } from "../../protocols/records.ts";
import { isSameFile } from "../store/same_file.ts";
import type { FileInfo, World } from "../world/world.ts";
import { fileNameOf } from "./client_files.ts";
import { textAnswer } from "./record.ts";

/** So many of the files that were used last are taken to be in the system's memory. */
const MAX_RECENT = 4096;
/** Those of up to so many bytes. */
const MAX_BYTES_AT_ONCE = 65536;
/** So many bytes of answers are kept in all. */
const MAX_KEPT_BYTES = 16 << 20;
/**
 * A file that was changed less than so long ago may be changed again with the same time of change: file
 * systems count it in steps of up to 2 s.
 */
const SETTLED_MS = 2000;

/** An answer, and the file that it was read from. */
interface Kept {
  readonly info: FileInfo;
  readonly response: RecordsResponse;
  readonly bytes: number;
}

/**
 * Answers reads of the files that were used last at once: without an actor, a trip to another thread and,
 * where a file is still the one that was read, without reading it again.
 *
 * Nothing is answered that does not stand on the disk, also when others than the store change a file.
 */
export class RecentRecords {
  readonly #world: Pick<World, "disk" | "clock">;
  readonly #directory: string;
  /** Clients whose file was used last, the latest last, with what is kept of it. */
  readonly #recent = new Map<string, Kept | undefined>();
  #keptBytes = 0;

  constructor(world: Pick<World, "disk" | "clock">, directory: string) {
    this.#world = world;
    this.#directory = directory;
  }

  /** A client's file was used, and may have changed. */
  used(id: string): void {
    this.#forget(id);
    this.#recent.set(id, undefined);
    if (this.#recent.size > MAX_RECENT) this.#forgetOldest();
  }

  /** The answer to a read; undefined where it takes an actor to find it. */
  read(id: string): RecordsResponse | undefined {
    const { disk } = this.#world;
    if (disk.readFileNow === undefined || !this.#recent.has(id)) return undefined;
    const path = `${this.#directory}/${fileNameOf(id)}`;
    try {
      // Before it is read: a change that comes between the two is seen the next time.
      const info = disk.statNow?.(path);
      const kept = this.#recent.get(id);
      if (kept !== undefined && info !== undefined && isSameFile(kept.info, info)) return kept.response;
      const bytes = disk.readFileNow(path, { within: this.#directory, maxBytes: MAX_BYTES_AT_ONCE });
      const response = textAnswer(id, bytes);
      if (info !== undefined) this.#keep(id, { info, response, bytes: bytes.length });
      return response;
    } catch {
      // The actor finds out what is the matter.
      this.#forget(id);
      return undefined;
    }
  }

  #keep(id: string, kept: Kept): void {
    const { modifiedAtMs } = kept.info;
    if (modifiedAtMs === null || modifiedAtMs > this.#world.clock.now() - SETTLED_MS) return;
    this.#forget(id);
    this.#recent.set(id, kept);
    this.#keptBytes += kept.bytes;
    while (this.#keptBytes > MAX_KEPT_BYTES) this.#forgetOldest();
  }

  #forget(id: string): void {
    this.#keptBytes -= this.#recent.get(id)?.bytes ?? 0;
    this.#recent.delete(id);
  }

  #forgetOldest(): void {
    for (const oldest of this.#recent.keys()) return this.#forget(oldest);
  }
}
