/**
 * How a node begins: whom it waits for before it asks for votes (rule 7).
 *
 * @module
 */
import type { ElectionState } from "./_election_state.ts";
import type { Voter } from "./_election_voter.ts";

/** One node's start. */
export class Start {
  readonly #startMs: number;
  /** All the others have been there at once. */
  #wasComplete = false;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
  }

  /** To be called whenever anything may have changed. */
  advance(state: ElectionState, voter: Voter): void {
    // All the others say, and this node knows, that they are in term 0: nobody has promised anything.
    const isFirstStart = state.term === 0 && state.peers.list.every(({ term }) => term === 0);
    if (isFirstStart) voter.endAbstention();
    const { nowMs, peers, times, turns } = state;
    const there = peers.known(nowMs).length;
    const isComplete = there === peers.list.length;
    const waited = nowMs >= this.#startMs + times.waitMs;
    if (isComplete && !waited && !this.#wasComplete && state.leader === 0) {
      this.#wasComplete = true;
      if (peers.list.every(({ id }) => state.id < id)) turns.endStartHold();
      // A lower ID may be linked with all a little later, and abstain for longer.
      else turns.holdAtStart(isFirstStart ? nowMs : Math.max(voter.freeFromMs(nowMs), lowerFreeMs(state)));
    }
    if (state.started) return;
    const begun = peers.list.some((peer) => peer.started && peers.inContact(peer, nowMs));
    if (!isComplete && !(waited && there + 1 >= peers.quorum) && !begun) return;
    // One that has begun knows all: they turn up here, too.
    if (!isComplete && !waited) turns.holdAtStart(nowMs);
    state.started = true;
    turns.begin(nowMs);
  }
}

/** When the lower IDs that are there abstain no more. */
function lowerFreeMs({ peers, times }: ElectionState): number {
  return peers.lowerSinceMs() + times.abstainMs;
}
