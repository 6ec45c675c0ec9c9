/**
 * What is the same for every connection to a peer.
 *
 * @module
 */

/** Options of connections that are dialled and of those that are accepted. */
export const PEER_CONNECTION = {
  /** What may be queued: blocks that are being read and what is being written. */
  limits: { maxOutboundBytes: 4 * 1024 * 1024, slowClientMs: 60_000 },
  /**
   * Two that send each other blocks would else wait for each other until one is closed. What a peer says
   * makes no more wait for it than its requests, which are bounded, and a few short answers, whose rate is.
   */
  readsWhileCongested: true,
  /** How long the end of a connection waits for what is queued. */
  drainMs: 500,
} as const;
