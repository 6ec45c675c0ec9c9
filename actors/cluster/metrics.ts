/**
 * What a host of a cluster counts.
 *
 * @module
 */

/** Counters of one host since it was started. */
export class ClusterMetrics {
  /** Entities that came to life here. */
  activations = 0;
  /** Entities that were put to sleep, or handed over. */
  passivations = 0;
  /** Journals that were replayed, after unknown outcomes too. */
  replays = 0;
  /** Milliseconds that all replays took. */
  replayMs = 0;
  /** Milliseconds that the longest replay took. */
  longestReplayMs = 0;
  /** The highest fencing token that this host was given. */
  highestEpoch = 0;
  /** Writes to journals that are durable. */
  commits = 0;
  /** Commands in them. */
  committedCommands = 0;
  /** Milliseconds that all these writes took. */
  commitMs = 0;
  /** Snapshots written. */
  snapshots = 0;
  /** Writes that were refused since another host owns the entity. */
  fencedWrites = 0;
  /** Writes of which no answer came. */
  unknownOutcomes = 0;
  /** Commands that came again, and were answered as before. */
  repeatedOperations = 0;
  /** Messages that were sent to other hosts. */
  sentMessages = 0;
  /** Messages that came from other hosts. */
  receivedMessages = 0;
  /** Messages that went to a host which no longer had the entity, and were sent anew. */
  reroutedMessages = 0;
  /** Messages that were given up: no host took them in time. */
  undeliveredMessages = 0;
  /** Leases that were lost. */
  lostLeases = 0;
}
