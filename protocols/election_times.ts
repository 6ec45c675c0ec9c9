/**
 * The numbers of an election: its times, and how many nodes it takes.
 *
 * @module
 */

/** The times of an election, in milliseconds. All derive from three: see {@linkcode electionTimes}. */
export interface ElectionTimes {
  /** Between two beats. */
  readonly heartbeatMs: number;
  /** Silence after which a leader, or any peer, is held for lost. */
  readonly electionTimeoutMs: number;
  /** How long a leader leads without being acknowledged by a quorum. */
  readonly leaseMs: number;
  /** How long a node that starts waits for all the others. */
  readonly waitMs: number;
  /** How long a lower ID must be in contact before it takes over from a leader. */
  readonly dampingMs: number;
  /** Between two candidates of neighbouring IDs. */
  readonly staggerMs: number;
  /** How long a poll stays open. */
  readonly pollMs: number;
  /** How long a candidate counts votes. */
  readonly candidacyMs: number;
  /** How long a node that could lead refuses polls of higher IDs. */
  readonly precedenceMs: number;
  /**
   * How long a node that starts votes for nobody: what it promised in an earlier life has run out by then.
   */
  readonly abstainMs: number;
}

/** What {@linkcode electionTimes} starts from. */
export interface ElectionTimesOptions {
  /** Between two beats. @default 200 */
  readonly heartbeatMs?: number;
  /** Silence after which a leader is held for lost. @default 900 */
  readonly electionTimeoutMs?: number;
  /** How long a node that starts waits for all the others. @default 2000 */
  readonly waitMs?: number;
  /** How long a lower ID must be in contact before it takes over. @default 1000 */
  readonly dampingMs?: number;
}

/**
 * The times of an election.
 *
 * With the defaults a pause of 500 ms deposes nobody (200 between beats, 500 of pause, 200 to spare), and a
 * silent leader is held for lost after 900. Throws `RangeError` when the timeout is less than three
 * heartbeats.
 *
 * @example
 * ```ts
 * import { electionTimes } from "@troupe/actors/protocols/election-times";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const { heartbeatMs, electionTimeoutMs } = electionTimes({ heartbeatMs: 100 });
 * assertEquals([heartbeatMs, electionTimeoutMs], [100, 900]);
 * assertThrows(() => electionTimes({ electionTimeoutMs: 500 }), RangeError, "three heartbeats");
 * ```
 */
export function electionTimes(options: ElectionTimesOptions = {}): ElectionTimes {
  const { heartbeatMs = 200, electionTimeoutMs = 900, waitMs = 2000, dampingMs = 1000 } = options;
  if (electionTimeoutMs < 3 * heartbeatMs) {
    throw new RangeError(
      `Cannot hold an election with a timeout of ${electionTimeoutMs} ms and a heartbeat of ${heartbeatMs} ms: ` +
        "the timeout must be at least three heartbeats",
    );
  }
  return {
    heartbeatMs,
    electionTimeoutMs,
    // A little less than the timeout, for clocks that do not run quite alike.
    leaseMs: electionTimeoutMs * 0.99,
    waitMs,
    dampingMs,
    staggerMs: electionTimeoutMs / 6,
    pollMs: electionTimeoutMs / 3,
    candidacyMs: electionTimeoutMs / 2,
    precedenceMs: electionTimeoutMs * 2 / 3,
    abstainMs: electionTimeoutMs,
  };
}

/**
 * How many of so many nodes an election takes: a majority, or more when that is asked for.
 *
 * Throws `RangeError` on less than a majority, which two halves of a network could both have, and on more
 * than there are.
 *
 * @example
 * ```ts
 * import { electionQuorum } from "@troupe/actors/protocols/election-times";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1, 2, 3, 4, 5].map((nodes) => electionQuorum(nodes)), [1, 2, 2, 3, 3]);
 * ```
 */
export function electionQuorum(nodeCount: number, asked?: number): number {
  const majority = Math.floor(nodeCount / 2) + 1;
  const quorum = asked ?? majority;
  if (quorum >= majority && quorum <= nodeCount) return quorum;
  throw new RangeError(
    `Cannot elect with a quorum of ${quorum}: of ${nodeCount} nodes it takes ${majority} to ${nodeCount}`,
  );
}
