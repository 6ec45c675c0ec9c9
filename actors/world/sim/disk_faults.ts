/**
 * What is to go wrong with a simulated disk.
 *
 * @module
 */
import type { WorldErrorKind } from "../world.ts";
import type { Tearing } from "./file_node.ts";
import type { SeededRandom } from "./random.ts";
import type { Tally } from "./tally.ts";

/** What a disk can be asked to do. */
export type DiskOperation =
  | "open"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "rename"
  | "remove"
  | "list"
  | "stat"
  | "makeDirectory"
  | "syncDirectory"
  | "lock"
  | "close";

/** Which files: all, one path, or those whose path matches. */
export type WhichFiles = string | RegExp | undefined;

/** A crash at an operation of the disk: the places where bugs of storage are. */
export interface CrashOrder {
  /** At which kind of operation. @default any that changes the disk or makes it durable */
  readonly operation?: DiskOperation;
  /** Of which files. @default all */
  readonly path?: string | RegExp;
  /**
   * Before it has done anything, with a part of it done, or when all is done and the process has not heard.
   */
  readonly when: "before" | "during" | "after";
  /** How many such operations are let through first. @default 0 */
  readonly skip?: number;
  /** A power cut or the death of the process. @default "crash" */
  readonly how?: "crash" | "kill";
  /** Called when it has happened: the host is down, and it is for the test to start it anew. */
  readonly ended?: () => void;
}

/** A failure that was planned. */
export interface DiskFailure {
  readonly kind: WorldErrorKind;
  /** Of a sync: what was not durable yet never will be, though a later sync succeeds. */
  readonly dropsPages: boolean;
}

interface PlannedFailure extends DiskFailure {
  readonly operation: DiskOperation;
  readonly path: WhichFiles;
  left: number;
}

interface PlannedCrash {
  readonly order: CrashOrder;
  left: number;
}

const CHANGING: ReadonlySet<DiskOperation> = new Set<DiskOperation>([
  ...["open", "write", "sync", "truncate", "rename", "remove", "makeDirectory", "syncDirectory"] as const,
]);

/** What is to go wrong with a disk, and what did. */
export class DiskFaults {
  /** What power cuts do to what was not synced. */
  tearing: Tearing = { sectorsOutOfOrder: 0, lengthBeforeData: 0, garbage: 0 };
  /** The share of changes in a watched directory that nobody is told of. */
  lostWatchEvents = 0;
  /** Set by the host: ends the life. */
  onCrash: (how: "crash" | "kill") => void = () => {};
  readonly #random: SeededRandom;
  readonly #tally: Tally;
  #failures: PlannedFailure[] = [];
  #crashes: PlannedCrash[] = [];
  /** Of operations that have begun: it comes while they go on, or at their end. */
  #crashUnderWay: CrashOrder | undefined;

  constructor(random: SeededRandom, tally: Tally) {
    this.#random = random;
    this.#tally = tally;
  }

  failNext(operation: DiskOperation, failure: DiskFailure, path: WhichFiles, count: number): void {
    this.#failures.push({ ...failure, operation, path, left: count });
  }

  /** The failure that was planned for this operation, used up by asking. */
  takeFailure(operation: DiskOperation, path: string): DiskFailure | undefined {
    const planned = this.#failures.find((failure) =>
      failure.operation === operation && isMeant(failure.path, path)
    );
    if (planned === undefined) return undefined;
    planned.left--;
    if (planned.left <= 0) this.#failures = this.#failures.filter((failure) => failure !== planned);
    this.#tally.count(`fault: ${operation} fails${planned.dropsPages ? ", pages dropped" : ""}`);
    return planned;
  }

  orderCrash(order: CrashOrder): void {
    this.#crashes.push({ order, left: order.skip ?? 0 });
  }

  /** The crash that was ordered for this operation, used up by asking. */
  takeCrash(operation: DiskOperation, path: string): CrashOrder | undefined {
    for (const crash of this.#crashes) {
      const { order } = crash;
      const isOperation = order.operation === undefined
        ? CHANGING.has(operation)
        : order.operation === operation;
      if (!isOperation || !isMeant(order.path, path)) continue;
      if (crash.left-- > 0) continue;
      this.#crashes = this.#crashes.filter((other) => other !== crash);
      this.#tally.count(`fault: ${order.how ?? "crash"} ${order.when} ${operation}`);
      this.#crashUnderWay ??= order;
      return order;
    }
    return undefined;
  }

  /** The crash happens now. */
  crash({ how = "crash", ended }: CrashOrder): void {
    this.onCrash(how);
    ended?.();
  }

  /** A crash for which its operation has begun happens now. */
  crashNow(): void {
    if (this.#crashUnderWay !== undefined) this.crash(this.#crashUnderWay);
  }

  /** The process is no more: what would have ended it later does not. */
  lifeEnded(): void {
    this.#crashUnderWay = undefined;
  }

  /** Takes back what is planned and has not happened yet. */
  forget(): void {
    this.#failures = [];
    this.#crashes = [];
  }

  /** Whether nobody is told of this change in a watched directory. */
  losesWatchEvent(): boolean {
    if (this.lostWatchEvents === 0 || !this.#random.chance(this.lostWatchEvents)) return false;
    this.#tally.count("fault: watch event lost");
    return true;
  }
}

function isMeant(meant: WhichFiles, path: string): boolean {
  return meant instanceof RegExp ? meant.test(path) : meant === undefined || meant === path;
}
