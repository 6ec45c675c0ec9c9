/**
 * Whom a node may vote for: what it promised, and how long it abstains.
 *
 * @module
 */
import type { Peer, Peers } from "./_election_peers.ts";
import type { ElectionTimes } from "./election_times.ts";

/** What one node is bound by. */
export class Voter {
  readonly #peers: Peers;
  readonly #times: ElectionTimes;
  #abstainUntilMs: number;

  constructor(peers: Peers, times: ElectionTimes, nowMs: number) {
    this.#peers = peers;
    this.#times = times;
    this.#abstainUntilMs = peers.list.length === 0 ? nowMs : nowMs + times.abstainMs;
  }

  /** What may have been promised is not known any more: no vote until it has run out. */
  abstain(nowMs: number): void {
    this.#abstainUntilMs = nowMs + this.#times.abstainMs;
  }

  /** Nothing can have been promised. */
  endAbstention(): void {
    this.#abstainUntilMs = -Infinity;
  }

  abstains(nowMs: number): boolean {
    return nowMs < this.#abstainUntilMs;
  }

  /** From when on it votes: now, or when its abstention ends. */
  freeFromMs(nowMs: number): number {
    return Math.max(nowMs, this.#abstainUntilMs);
  }

  /** No vote against this peer for as long as it may lead without hearing of this node again. */
  promise(peer: Peer, term: number, nowMs: number): void {
    peer.promisedUntilMs = nowMs + this.#times.electionTimeoutMs;
    peer.promisedTerm = term;
  }

  /** The peer has said that it neither leads nor stands, in this term. */
  release(peer: Peer, term: number): void {
    if (term >= peer.promisedTerm) peer.promisedUntilMs = -Infinity;
  }

  /** Whether nothing is promised to others than these. */
  isFree(nowMs: number, ...but: readonly number[]): boolean {
    return this.#peers.list.every((peer) => but.includes(peer.id) || nowMs >= peer.promisedUntilMs);
  }

  /**
   * Whether a vote for the candidate, which would replace that leader, is right while this node follows
   * `leader`.
   */
  wouldVoteFor(candidate: Peer, replaces: number, leader: number, nowMs: number): boolean {
    if (this.abstains(nowMs) || this.#peers.hasOldNodes(nowMs)) return false;
    const mayReplace = candidate.id < replaces && this.#peers.isSteady(candidate, nowMs);
    const released = mayReplace ? replaces : 0;
    if (leader !== 0 && leader !== candidate.id && leader !== released) return false;
    return this.isFree(nowMs, candidate.id, released);
  }
}
