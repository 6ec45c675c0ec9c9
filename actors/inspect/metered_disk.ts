/**
 * A disk whose durable commits are measured: for all services, at the one place that they go through.
 *
 * @module
 */
import type { Counter, Histogram, Meter } from "../runtime/mod.ts";
import type { Clock, Disk, DiskFile } from "../world/world.ts";

/** Upper bounds in seconds: a fast disk syncs in a tenth of a millisecond, a bad one in seconds. */
const SYNC_BOUNDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3] as const;

/**
 * The same disk; how long its syncs take and how much is written is measured.
 *
 * @example
 * ```ts
 * import { MeterRegistry, meteredDisk } from "@troupe/actors/inspect";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const { clock, disk } = sim.host("a").world;
 * const meter = new MeterRegistry();
 * const metered = meteredDisk(disk, clock, meter);
 * const file = await sim.settle(metered.open("notes.txt", { write: true, create: true }));
 * await sim.settle(file.write(new TextEncoder().encode("hello"), 0));
 * assertEquals(meter.sum("troupe.disk.io"), 5);
 * ```
 */
export function meteredDisk(disk: Disk, clock: Clock, meter: Meter): Disk {
  const meters: DiskMeters = {
    clock,
    syncs: meter.histogram("troupe.disk.sync.duration", {
      unit: "s",
      description: "Time until what was written was durable.",
      bounds: SYNC_BOUNDS,
    }),
    written: meter.counter("troupe.disk.io", {
      unit: "By",
      description: "Bytes written to files.",
      attributes: { "disk.io.direction": "write" },
    }),
  };
  const { readFileNow, statNow } = disk;
  return {
    open: async (path, options) => new MeteredFile(await disk.open(path, options), meters),
    createReplacement: async (path, options) => {
      const made = await disk.createReplacement(path, options);
      return { ...made, file: new MeteredFile(made.file, meters) };
    },
    readFile: (path, options) => disk.readFile(path, options),
    ...(readFileNow === undefined
      ? {}
      : { readFileNow: (path, options) => readFileNow.call(disk, path, options) }),
    stat: (path) => disk.stat(path),
    ...(statNow === undefined ? {} : { statNow: (path) => statNow.call(disk, path) }),
    list: (directory) => disk.list(directory),
    makeDirectory: (path, options) => disk.makeDirectory(path, options),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    realPath: (path) => disk.realPath(path),
    lock: (path) => disk.lock(path),
    watch: (directory, changed, failed) => disk.watch(directory, changed, failed),
  };
}

interface DiskMeters {
  readonly clock: Clock;
  readonly syncs: Histogram;
  readonly written: Counter;
}

/** A file whose syncs are timed. */
class MeteredFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #meters: DiskMeters;
  /** What a file cannot do at once stays missing: its absence has a meaning. */
  readonly writeNow?: (bytes: Uint8Array, offset: number) => void;
  readonly sizeNow?: () => number;

  constructor(file: DiskFile, meters: DiskMeters) {
    this.#file = file;
    this.#meters = meters;
    const { writeNow, sizeNow } = file;
    if (sizeNow !== undefined) this.sizeNow = () => sizeNow.call(file);
    if (writeNow === undefined) return;
    this.writeNow = (bytes, offset) => {
      writeNow.call(file, bytes, offset);
      meters.written.add(bytes.length);
    };
  }

  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    return this.#file.read(buffer, offset);
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#file.write(bytes, offset);
    this.#meters.written.add(bytes.length);
  }

  async sync(): Promise<void> {
    const { clock, syncs } = this.#meters;
    const begunAt = clock.monotonic();
    await this.#file.sync();
    syncs.record((clock.monotonic() - begunAt) / 1000);
  }

  truncate(length: number): Promise<void> {
    return this.#file.truncate(length);
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  tryLock(): Promise<boolean> {
    return this.#file.tryLock();
  }

  close(): void {
    this.#file.close();
  }
}
