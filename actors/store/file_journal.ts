/**
 * A journal in a file.
 *
 * @module
 */
import { type World, WorldError } from "../world/world.ts";
import type { Signature } from "./_framed_form.ts";
import type { Journal, JournalOptions } from "./journal.ts";
import { LogFile } from "./log_file.ts";
import type { Batch } from "./log_file_options.ts";

export type { Signature };

/** Options of {@linkcode openFileJournal}. */
export interface FileJournalOptions<E> extends JournalOptions<E> {
  /** How the file begins, so that no other file is taken for it. */
  readonly signature: Signature;
  /**
   * Whether a journal with records of no known kind is not opened: what follows them may depend on them. Else
   * they are passed over. @default false
   */
  readonly refusesUnknown?: boolean;
  /**
   * Told at a commit that somebody else has replaced or cut the file: what was in it is gone, and only what
   * was committed just now is there. @default nobody is told
   */
  readonly replaced?: () => void;
}

/**
 * Opens a journal in a {@linkcode LogFile} of the framed form, and replays it. A record that cannot be read
 * costs that one, and is kept beside the file.
 *
 * Rejects with a `LogFileError`, also when the file is something else or another process has it, and with a
 * `WorldError` where it has records of no known kind and is not to be opened so.
 *
 * @example
 * ```ts
 * import { openFileJournal } from "@troupe/actors/store";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = {
 *   encode: (count: number) => Uint8Array.of(count),
 *   decode: (bytes: Uint8Array) => bytes[0],
 * };
 * const signature = { text: "counts 1", of: "a journal of counts" };
 * const found: number[] = [];
 * const open = (world: Parameters<typeof openFileJournal>[0]) =>
 *   openFileJournal(world, "counts", {
 *     codec,
 *     signature,
 *     replay: (count) => found.push(count),
 *     warn: () => {},
 *   });
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("a");
 * const journal = await sim.settle(open(host.world));
 * journal.append([1, 2, 3]);
 * await sim.settle(journal.commit());
 * // A power cut loses nothing that was committed.
 * host.crash();
 * host.restart(() => {});
 * const again = await sim.settle(open(host.world));
 * assertEquals(found, [1, 2, 3]);
 * await sim.settle(again.close());
 * ```
 */
export async function openFileJournal<E>(
  world: Pick<World, "disk" | "clock">,
  path: string,
  options: FileJournalOptions<E>,
): Promise<Journal<E>> {
  const { codec, replay, signature, warn, refusesUnknown = false } = options;
  let unknown = 0;
  const log = await LogFile.open(world.disk, path, {
    form: "framed",
    signature,
    clock: world.clock,
    replay(record) {
      const event = codec.decode(record);
      if (event === undefined) unknown++;
      else replay(event);
    },
  });
  if (log.cutBytes > 0) warn(`Removed ${log.cutBytes} bytes at the end of ${path}, cut off by a crash`);
  if (log.setAsideAs !== undefined) warn(`What could not be read of ${path} is kept in ${log.setAsideAs}`);
  if (unknown > 0 && refusesUnknown) {
    await log.close();
    const why = `${unknown} of its records are of no known kind, as a later version may have written them`;
    throw new WorldError("invalid-data", `Cannot open ${path}: ${why}`);
  }
  if (unknown > 0) warn(`${unknown} records of ${path} are of no known kind`);
  return new FileJournal(log, options);
}

class FileJournal<E> implements Journal<E> {
  readonly #log: LogFile;
  readonly #options: FileJournalOptions<E>;

  constructor(log: LogFile, options: FileJournalOptions<E>) {
    this.#log = log;
    this.#options = options;
  }

  get bytes(): number {
    return this.#log.length;
  }

  append(events: Iterable<E>): void {
    for (const event of events) this.#log.append(this.#options.codec.encode(event));
  }

  async commit(): Promise<void> {
    this.#report(await this.#log.sync());
  }

  async snapshot(state: () => Iterable<E>): Promise<void> {
    const { codec } = this.#options;
    await this.#log.rewrite(function* () {
      for (const event of state()) yield codec.encode(event);
    });
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  #report({ replaced, setAsideAs }: Batch): void {
    const { path } = this.#log;
    if (replaced) {
      this.#options.warn(`${path} was changed by somebody else: going on behind what it holds now`);
      this.#options.replaced?.();
    }
    if (setAsideAs !== undefined) {
      this.#options.warn(`What somebody else had put into ${path} is kept in ${setAsideAs}`);
    }
  }
}
