/**
 * What is to go wrong, and how often.
 *
 * @module
 */
import type { CrashOrder } from "./disk_faults.ts";
import type { DiskOperation } from "./disk_faults.ts";
import type { Tearing } from "./file_node.ts";
import type { Range } from "./random.ts";

/** What goes wrong, and how often; what is not named does not happen. */
export interface ChaosPlan {
  /** The hosts that it may befall. @default all that there are */
  readonly hosts?: readonly string[];
  /** The most of these hosts that may be down at once. @default all of them */
  readonly maxDown?: number;
  /** Power cuts a minute, over all hosts. */
  readonly crashesPerMinute?: number;
  /** Deaths of a process a minute, over all hosts. */
  readonly killsPerMinute?: number;
  /** Crashes a minute that come at an operation of the disk, over all hosts: see {@linkcode CrashOrder}. */
  readonly aimedCrashesPerMinute?: number;
  /** Where these are aimed. @default any operation that changes the disk, any time of it */
  readonly aim?: Partial<CrashOrder>;
  /** Times a minute that a program is asked to stop, and started anew when it has. */
  readonly gracefulRestartsPerMinute?: number;
  /** How long a host stays down, in milliseconds. @default [50, 2000] */
  readonly downMs?: Range;
  /**
   * Times a minute that a process is stopped for a while (SIGSTOP, a long collection of garbage, a suspended
   * laptop).
   */
  readonly pausesPerMinute?: number;
  /** How long each pause lasts, in milliseconds. @default [100, 30000] */
  readonly pauseMs?: Range;
  /** Times a minute that a wall clock is put forward or back. */
  readonly clockJumpsPerMinute?: number;
  /** How far a wall clock is off after a jump, in milliseconds. @default [-3600000, 3600000] */
  readonly clockSkewMs?: Range;
  /** How fast the hosts' clocks run while the plan lasts, each drawn once. @default all alike */
  readonly clockRates?: Range;
  /** CPU time that events cost while the plan lasts, in milliseconds, drawn for each event. @default none */
  readonly cpuMs?: Range;
  /** Splits of the network a minute. */
  readonly partitionsPerMinute?: number;
  /** How long each lasts, in milliseconds. @default [100, 3000] */
  readonly partitionMs?: Range;
  /** The share of the splits that cut one way only. @default 0.3 */
  readonly oneWay?: number;
  /** Resets of a single connection a minute. */
  readonly resetsPerMinute?: number;
  /**
   * Times a minute that what the network is like is drawn anew, as at the beginning of the plan.
   * @default never
   */
  readonly conditionsPerMinute?: number;
  /** Times a minute that names are not found for a while. */
  readonly lookupFailuresPerMinute?: number;
  /** Times a minute that the name of a host leads to another one of them for a while. */
  readonly nameChangesPerMinute?: number;
  /**
   * Times a minute that a process has no descriptors left for a while, so that it accepts nothing (EMFILE).
   */
  readonly descriptorsGonePerMinute?: number;
  /** How long look-ups fail or mislead, or descriptors are gone, in milliseconds. @default [50, 1500] */
  readonly shortageMs?: Range;
  /** Times a minute that a disk takes long. */
  readonly slowDisksPerMinute?: number;
  /** How many times as long a slow disk takes. @default [10, 200] */
  readonly slowDiskFactor?: Range;
  /** How long it is slow, in milliseconds. @default [100, 1000] */
  readonly slowDiskMs?: Range;
  /** Operations of disks a minute that fail. */
  readonly diskErrorsPerMinute?: number;
  /** Which operations may fail. @default ["write", "sync"] */
  readonly diskErrorOperations?: readonly DiskOperation[];
  /** The share of failed syncs that lose what was not durable, though later syncs succeed. @default 0 */
  readonly droppedPages?: number;
  /** What power cuts do to what was not synced, while the plan lasts. */
  readonly tearing?: Partial<Tearing>;
  /** Times a minute that a bit of a file turns over. */
  readonly bitRotPerMinute?: number;
  /** Which files may rot. @default all */
  readonly rottingFiles?: RegExp;
  /** The share of changes in watched directories that nobody is told of, while the plan lasts. */
  readonly lostWatchEvents?: number;
}

/** A plan under way. */
export interface Chaos {
  /**
   * Ends it, and puts everything right: cuts are mended, hosts that are down restarted, those that are paused
   * go on, disks are quick and whole again. Wall clocks stay where they were put.
   */
  stop(): void;
}
