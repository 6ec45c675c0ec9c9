/**
 * Who leads where old nodes are: the lowest that is known, without votes.
 *
 * @module
 */
import type { Peers } from "./_election_peers.ts";
import type { ElectionTimes } from "./election_times.ts";

/** What one node knows. */
export interface PlainView {
  /** This node. */
  readonly id: number;
  /** Who leads as yet; 0 for nobody. */
  readonly leader: number;
  /** For how long there has been no leader. */
  readonly lookedForMs: number;
  readonly nowMs: number;
  readonly peers: Peers;
  readonly times: ElectionTimes;
}

/** The leader from now on; undefined while it is too early to say. */
export function plainLeader(view: PlainView): number | undefined {
  const { id, leader, nowMs, peers, times } = view;
  const known = peers.known(nowMs);
  if (leader === 0) {
    // Without a leader all dial all: who is there shows within this time.
    const isComplete = known.length === peers.list.length;
    const lowest = Math.min(id, ...known.map((peer) => peer.id));
    // A lower old node that others have met is looked for longer: to prove one takes its time.
    const isMet = known.some(({ metOld }) => metOld.some((old) => old < lowest));
    const waitMs = times.electionTimeoutMs * (isMet ? 5 : 1);
    return isComplete || view.lookedForMs >= waitMs ? lowest : undefined;
  }
  if (id < leader) return id;
  const steady = known.filter((peer) =>
    peer.id < leader && (peer.steadySinceMs === Infinity || nowMs - peer.steadySinceMs >= times.dampingMs)
  );
  // A follower holds no links with the others: who leads stays, until it is lost or a lower ID has come to
  // stay.
  return Math.min(leader, ...steady.map((peer) => peer.id));
}
