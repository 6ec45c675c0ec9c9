/**
 * Which records a crash may have caught in the middle of a change.
 *
 * @module
 */
import { writeAtomic } from "../store/atomic_file.ts";
import { setFileAside } from "../store/set_aside.ts";
import { type Clock, dirname, type Disk, type DiskFile, isNotFound, WorldError } from "../world/world.ts";

/** What a former life has left. */
export interface LeftOver {
  /** The records that it was changing. */
  readonly ids: ReadonlySet<string>;
  /** Where what could not be read is kept: then any record may be one that was being changed. */
  readonly keptAs?: string;
}

const UTF8 = new TextEncoder();

/**
 * A small journal beside the record file: one id a line, there before the client's file is touched, gone when
 * the record file is durable. While it is empty, it does not exist.
 *
 * Only ids stand in it, because the client's file is itself the truth about what happened. So a line that a
 * crash cut off needs no checksum: at worst it names a record that is looked at for nothing.
 *
 * One call at a time.
 */
export class Intents {
  readonly #disk: Disk;
  readonly path: string;
  readonly #ids = new Set<string>();
  #file: DiskFile | undefined;
  #length = 0;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.path = path;
  }

  /** How many ids are in it. */
  get size(): number {
    return this.#ids.size;
  }

  /** Whether an id is in it, durably. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** What a former life has left in it. What stands in its place and cannot be read is kept beside it. */
  async leftOver(clock: Clock): Promise<LeftOver> {
    try {
      const text = new TextDecoder().decode(await this.#disk.readFile(this.path, { followLink: false }));
      return { ids: new Set(text.match(/^[0-9]{1,20}$/gm)) };
    } catch (error) {
      if (isNotFound(error)) return { ids: new Set() };
      const isUseless = error instanceof WorldError &&
        (error.kind === "not-a-file" || error.kind === "permission-denied");
      if (!isUseless) throw error;
      return { ids: new Set(), keptAs: await setFileAside(this.#disk, this.path, clock) };
    }
  }

  /** Removes what a former life has left in it. */
  async forgetLeftOver(): Promise<void> {
    await this.#remove();
  }

  /**
   * Adds ids: durable once it has resolved. One sync, however many. Rejects with a `WorldError`; then none
   * counts.
   */
  async add(ids: readonly string[]): Promise<void> {
    const file = this.#file ??= await this.#disk.open(this.path, {
      read: false,
      write: true,
      create: true,
      truncate: this.#length === 0,
      followLink: false,
    });
    const lines = linesOf(ids);
    // After a failure the next one writes over what this one has left.
    await file.write(lines, this.#length);
    await file.sync();
    if (this.#length === 0) await this.#disk.syncDirectory(dirname(this.path));
    this.#length += lines.length;
    for (const id of ids) this.#ids.add(id);
  }

  /** Leaves only these ids in it. Rejects with a `WorldError`; then it is as it was. */
  async keep(ids: readonly string[]): Promise<void> {
    const lines = linesOf(ids);
    if (ids.length > 0) await writeAtomic(this.#disk, this.path, lines, { followLink: false });
    else await this.#remove();
    this.close();
    this.#length = lines.length;
    this.#ids.clear();
    for (const id of ids) this.#ids.add(id);
  }

  async #remove(): Promise<void> {
    try {
      await this.#disk.remove(this.path);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Begins anew: another directory stands where the journal's was. */
  forget(): void {
    this.close();
    this.#length = 0;
    this.#ids.clear();
  }

  /** Lets go of the file; what is in it stays. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function linesOf(ids: readonly string[]): Uint8Array {
  return UTF8.encode(ids.map((id) => `${id}\n`).join(""));
}
