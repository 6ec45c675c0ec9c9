/**
 * The disk of a simulated machine, which outlives the machine's lives.
 *
 * @module
 */
import { failure } from "../failure.ts";
import type { Cancellable, WorldErrorKind } from "../world.ts";
import { DiskFaults, type DiskOperation } from "./disk_faults.ts";
import { FileNode } from "./file_node.ts";
import { type DirectoryNode, FileTree, type NamePart, type Node } from "./file_tree.ts";
import { type Place, walk } from "./paths.ts";
import { SeededRandom } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import type { Tally } from "./tally.ts";

/** How long each takes, in milliseconds: at least and at most. */
const LATENCY_MS: Readonly<Record<DiskOperation, readonly [number, number]>> = {
  open: [0.01, 0.05],
  read: [0.01, 0.05],
  write: [0.01, 0.1],
  sync: [0.1, 0.4],
  truncate: [0.01, 0.1],
  rename: [0.01, 0.1],
  remove: [0.01, 0.1],
  list: [0.01, 0.1],
  stat: [0.01, 0.03],
  makeDirectory: [0.01, 0.1],
  syncDirectory: [0.1, 0.4],
  lock: [0.01, 0.05],
  close: [0, 0],
};

/** Operations of which something comes that is to be closed. */
const OPENING: readonly DiskOperation[] = ["open", "lock"];

/** An operation that has begun and not ended. */
export interface OperationUnderWay {
  /** What it does. */
  readonly operation: DiskOperation;
  /** Of an open file the path that it was opened by. */
  readonly path: string;
}

interface Watcher {
  readonly directory: DirectoryNode;
  readonly changed: () => void;
}

/** Files, directories, room, planned failures, and who watches. */
export class DiskState {
  readonly tree: FileTree = new FileTree();
  readonly random: SeededRandom;
  readonly faults: DiskFaults;
  readonly tally: Tally;
  slowness = 1;
  capacityBytes = Infinity;
  readonly #nowMs: () => number;
  readonly #underWay = new Set<OperationUnderWay>();
  /** Files that a process has open, with the paths by which it has opened them. */
  readonly #open = new Map<object, string>();
  readonly #watchers = new Set<Watcher>();
  /**
   * Who holds a lock: of a file (an open file of it), of a name (the lock). A process that ends holds none.
   */
  readonly #locks = new Map<FileNode | string, object>();
  #lastFileId = 0;

  constructor(host: string, simulation: Simulation, nowMs: () => number) {
    this.random = new SeededRandom(`${simulation.seed} disk ${host}`);
    this.tally = simulation.tally;
    this.faults = new DiskFaults(this.random, simulation.tally);
    this.#nowMs = nowMs;
  }

  get nowMs(): number {
    return this.#nowMs();
  }

  walk(path: string, doing: string, followLast: boolean): Place {
    return walk(this.tree.root, path, doing, followLast);
  }

  /** A new file, without a name yet. */
  newFile(): FileNode {
    return new FileNode(this.nowMs, ++this.#lastFileId);
  }

  /** Whether `holder` has the lock now. */
  tryLock(what: FileNode | string, holder: object): boolean {
    const held = this.#locks.get(what);
    if (held === undefined) this.#locks.set(what, holder);
    return held === undefined || held === holder;
  }

  /** Takes the lock from `holder`, if it has it. */
  unlock(what: FileNode | string, holder: object): void {
    if (this.#locks.get(what) === holder) this.#locks.delete(what);
  }

  /** A process has opened a file. */
  opened(file: object, path: string): void {
    this.#open.set(file, path);
  }

  /** A process has closed a file, which unlocks it. */
  closed(file: object, node: FileNode): void {
    this.unlock(node, file);
    this.#open.delete(file);
  }

  /** What a process has of the disk until it gives it back or ends, in words. */
  get held(): string[] {
    const names = [...this.#locks.keys()].filter((what) => typeof what === "string");
    return [
      ...[...this.#open.values()].map((path) => `the file ${path}`),
      ...names.map((name) => `the lock on ${name}`),
      ...[...this.#underWay].filter(({ operation }) => OPENING.includes(operation))
        .map(({ operation, path }) => `the ${operation} of ${path} under way`),
      ...[...this.#watchers].map(() => "a watch on a folder"),
    ];
  }

  /** What the processes do with the disk at this moment. */
  get underWay(): readonly OperationUnderWay[] {
    return [...this.#underWay];
  }

  /** An operation that takes time begins; to be called when it has ended. */
  begins(operation: DiskOperation, path: string): () => void {
    const underWay = { operation, path };
    this.#underWay.add(underWay);
    return () => void this.#underWay.delete(underWay);
  }

  latencyMs(operation: DiskOperation): number {
    const [min, max] = LATENCY_MS[operation];
    return this.random.between(min, max) * this.slowness;
  }

  /** Writes as much as there is room for, or a part when it is to fail. */
  write(file: FileNode, bytes: Uint8Array, offset: number, doing: string, failing?: WorldErrorKind): void {
    const grows = offset + bytes.length - file.size;
    let kind = failing;
    let fits = kind === undefined ? bytes.length : this.random.integer(0, bytes.length);
    if (kind === undefined && grows > 0 && this.capacityBytes !== Infinity) {
      const lacking = this.tree.usedBytes() + grows - this.capacityBytes;
      if (lacking > 0) {
        kind = "no-space";
        fits = Math.max(0, bytes.length - lacking);
      }
    }
    if (fits > 0) {
      file.write(bytes.subarray(0, fits), offset, this.nowMs);
      this.touched(file);
    }
    if (kind !== undefined) throw failure(kind, doing);
  }

  truncate(file: FileNode, length: number): void {
    file.truncate(length, this.nowMs);
    this.touched(file);
  }

  /** Changes names, all at once. */
  rename(...parts: readonly NamePart[]): void {
    this.tree.rename(parts);
    for (const { directory } of parts) this.touched(directory);
  }

  watch(directory: DirectoryNode, changed: () => void): Cancellable {
    const watcher = { directory, changed };
    this.#watchers.add(watcher);
    return { cancel: () => void this.#watchers.delete(watcher) };
  }

  /** Something in the directory, or in the file, has changed. */
  touched(node: Node): void {
    if (this.#watchers.size === 0) return;
    for (const { directory, changed } of this.#watchers) {
      if (directory === node || [...directory.names.values()].includes(node)) this.#tell(changed);
    }
  }

  #tell(changed: () => void): void {
    if (!this.faults.losesWatchEvent()) changed();
  }

  processDied(): void {
    this.#underWay.clear();
    this.faults.lifeEnded();
    this.#watchers.clear();
    this.#locks.clear();
    this.#open.clear();
  }

  powerCut(): void {
    this.processDied();
    this.tree.powerCut(
      this.random,
      this.faults.tearing,
      (what) => this.tally.count(`fault: power cut leaves ${what}`),
    );
  }
}
