/**
 * What a node is in the election, and the changes of it.
 *
 * @module
 */
import { type Ballot, Ballots } from "./_election_ballots.ts";
import type { Peer, Peers } from "./_election_peers.ts";
import { Turns } from "./_election_turns.ts";
import type { Beat, ElectionMessage } from "./election_messages.ts";
import type { ElectionAction, ElectionOptions, ElectionRole } from "./election_rules.ts";
import type { ElectionTimes } from "./election_times.ts";

/** The same peer is warned of once in so long. */
const WARN_INTERVAL_MS = 60_000;

/**
 * The state of one node, the questions and turns that hang on it, and what is to be done about its changes.
 */
export class ElectionState {
  readonly id: number;
  readonly peers: Peers;
  readonly times: ElectionTimes;
  readonly random: () => number;
  readonly ballots: Ballots;
  readonly turns: Turns;
  nowMs: number;
  role: ElectionRole = "looking";
  term: number;
  votedFor: number;
  /** Waited as rule 7 has it, or was part of a network since. */
  started = false;
  leader = 0;
  /** When the leader was last heard. */
  leaderHeardMs = -Infinity;
  beatMs = -Infinity;
  actions: ElectionAction[] = [];

  constructor(options: ElectionOptions, peers: Peers) {
    const { id, times, memory, nowMs } = options;
    this.id = id;
    this.peers = peers;
    this.times = times;
    this.random = options.random;
    this.ballots = new Ballots(id);
    this.turns = new Turns(peers, times, nowMs);
    this.nowMs = nowMs;
    this.term = memory?.term ?? 0;
    this.votedFor = memory?.votedFor ?? 0;
  }

  get plain(): boolean {
    return this.role === "plain-leader" || this.role === "plain-follower";
  }

  warn(peer: Peer, why: string): void {
    if (this.nowMs - peer.warnedMs < WARN_INTERVAL_MS) return;
    peer.warnedMs = this.nowMs;
    this.actions.push({ type: "warn", text: `Refused what Node ${peer.id} says: ${why}` });
  }

  sendBeats(): void {
    if (this.nowMs - this.beatMs < this.times.heartbeatMs) return;
    this.beatMs = this.nowMs;
    const beat = this.beat();
    for (const peer of this.peers.list) if (peer.linked) this.send(peer, beat);
  }

  /**
   * Everything that ends by itself ends before anything else is looked at: a leader that was frozen wakes up
   * as none.
   */
  passTime(nowMs: number): void {
    const { heartbeatMs, electionTimeoutMs, leaseMs } = this.times;
    const asleepMs = nowMs - this.nowMs;
    this.nowMs = nowMs;
    if (asleepMs > 2 * heartbeatMs) {
      // This node was frozen: what its peers said meanwhile is still to be read, so that their silence is its
      // own.
      this.leaderHeardMs += asleepMs;
      for (const peer of this.peers.list) peer.heardMs += asleepMs;
    }
    if (this.role === "leader" && nowMs >= this.peers.leaseEndMs()) {
      const { quorum } = this.peers;
      this.look(
        `lost its majority: fewer than ${quorum} nodes answered within ${Math.round(leaseMs)} ms`,
      );
    }
    if (this.ballots.isCandidacyOver(nowMs, this.times)) this.look("not enough votes");
    for (const peer of this.peers.list) {
      if (peer.linked && !peer.gone && peer.everHeard && nowMs - peer.heardMs >= electionTimeoutMs) {
        peer.gone = true;
        peer.steadySinceMs = Infinity;
      }
    }
    const leader = this.peers.get(this.leader);
    if (
      this.follows && leader?.old !== true && nowMs - this.leaderHeardMs >= electionTimeoutMs
    ) {
      this.loseLeader(`Node ${this.leader} was silent for ${electionTimeoutMs} ms`);
    }
  }

  // ---- changes of state

  /** A peer is known not to be there. */
  lose(peer: Peer, why: string): void {
    peer.lose();
    if (this.leader === peer.id) this.loseLeader(why);
  }

  loseLeader(why: string): void {
    const leader = this.peers.get(this.leader);
    if (leader !== undefined) {
      leader.gone = true;
      leader.steadySinceMs = Infinity;
      leader.losses.add(this.nowMs);
    }
    this.look(why);
  }

  look(why: string, from: ElectionRole | "forgotten" = this.role): void {
    // Candidates that hindered each other, and do not see which of them is the lower, try again at different
    // times.
    const spreadMs = this.role === "candidate" ? this.random() * this.times.staggerMs / 2 : 0;
    this.turns.look(this.nowMs, spreadMs);
    // Who voted for it, or follows it, is released by its next beat.
    if (this.role === "candidate" || this.role === "leader") this.beatMs = -Infinity;
    this.become("looking", 0, why, from);
  }

  follow(leader: number, role: ElectionRole, why: string): void {
    this.become(role, leader, why);
    this.started = true;
    this.turns.endStartHold();
  }

  become(
    role: ElectionRole,
    leader: number,
    why: string,
    from: ElectionRole | "forgotten" = this.role,
  ): void {
    this.ballots.end();
    this.role = role;
    this.leader = leader;
    this.actions.push({ type: "change", from, to: role, term: this.term, leader, why });
  }

  remember(term: number, votedFor: number): void {
    this.term = term;
    this.votedFor = votedFor;
    this.actions.push({ type: "remember", memory: { term, votedFor } });
  }

  // ---- what is said

  beat(): Beat {
    return {
      type: "beat",
      term: this.term,
      leader: this.leader,
      standing: this.ballots.candidacy !== undefined,
      started: this.started,
      plain: this.plain,
      old: this.peers.list.filter((peer) => peer.old).map((peer) => peer.id),
      sentMs: this.nowMs,
    };
  }

  send(peer: Peer, message: ElectionMessage): void {
    this.actions.push({ type: "send", to: peer.id, message });
  }

  ask(ballot: Ballot, type: "poll" | "vote-request"): void {
    ballot.askedMs = this.nowMs;
    const { term, replaces } = ballot;
    for (const peer of this.peers.list) {
      if (peer.linked && !ballot.granted.has(peer.id)) this.send(peer, { type, term, replaces });
    }
  }

  get follows(): boolean {
    return this.role === "follower" || this.role === "plain-follower";
  }
}
