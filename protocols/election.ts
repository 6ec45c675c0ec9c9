/**
 * Who leads: the lowest ID that a majority can reach.
 *
 * Pure: {@linkcode Election} is told of time, links and messages, and answers with what is to be done. It
 * holds no clock, no socket and no file, so that a thousand random networks run through it in seconds.
 *
 * `docs/protocols-election.md` has the rules, which comments here refer to by number, and the proofs.
 *
 * @module
 */
import { type Peer, Peers } from "./_election_peers.ts";
import { isReplacing } from "./_election_ballots.ts";
import { Start } from "./_election_start.ts";
import { ElectionState } from "./_election_state.ts";
import type { Beat, ElectionMessage } from "./election_messages.ts";
import { plainLeader } from "./_election_plain.ts";
import type {
  ElectionAction,
  ElectionEvent,
  ElectionOptions,
  ElectionPeerEvent,
  ElectionRole,
} from "./election_rules.ts";
import { View } from "./_election_view.ts";
import { Voter } from "./_election_voter.ts";
import { TermOwners } from "./election_terms.ts";
import { electionQuorum } from "./election_times.ts";
export type * from "./election_rules.ts";

/**
 * One node's part in the election.
 *
 * @example A network of one
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Election } from "@troupe/actors/protocols/election";
 * import { electionTimes } from "@troupe/actors/protocols/election-times";
 *
 * const clock = { times: electionTimes(), nowMs: 0, random: Math.random };
 * const election = new Election({ ...clock, id: 1, nodes: [1], memory: null });
 * election.handle({ type: "tick" }, 50);
 * assertEquals([election.role, election.leader, election.term], ["leader", 1, 1]);
 * ```
 */
export class Election {
  /** This node's ID. */
  readonly id: number;
  readonly #state: ElectionState;
  readonly #owners: TermOwners;
  readonly #voter: Voter;
  readonly #view: View;
  readonly #start: Start;

  /**
   * A node that starts.
   *
   * @throws `RangeError` on IDs or a quorum that make no network
   */
  constructor(options: ElectionOptions) {
    const { id, nodes, times, nowMs } = options;
    if (new Set(nodes).size !== nodes.length || !nodes.includes(id)) {
      throw new RangeError(
        `Cannot take part as node ${id} of ${nodes.join(", ")}: IDs must be unique and hold it`,
      );
    }
    const peers = new Peers(id, nodes, electionQuorum(nodes.length, options.quorum), times);
    this.id = id;
    this.#state = new ElectionState(options, peers);
    this.#owners = new TermOwners(nodes);
    this.#voter = new Voter(peers, times, nowMs);
    this.#view = new View();
    this.#start = new Start(nowMs);
  }

  /** What this node is just now. */
  get role(): ElectionRole {
    return this.#state.role;
  }

  /** The term that it is in. */
  get term(): number {
    return this.#state.term;
  }

  /** Who leads; 0 for nobody. */
  get leader(): number {
    return this.#state.leader;
  }

  /** Whether the leader was not elected by a quorum: in a network with old nodes. */
  get plain(): boolean {
    return this.#state.plain;
  }

  /** When a tick is due at the latest: when this leader's lease ends. Infinity for others. */
  get deadlineMs(): number {
    return this.#state.role === "leader" ? this.#state.peers.leaseEndMs() : Infinity;
  }

  /** Tells what happened at `nowMs` (monotonic), and gives what is to be done about it. */
  handle(event: ElectionEvent, nowMs: number): ElectionAction[] {
    this.#state.actions = [];
    this.#state.passTime(Math.max(nowMs, this.#state.nowMs));
    switch (event.type) {
      case "tick":
        break;
      case "term-seen":
        // Also when it is this leader's own term: somebody else has written in it.
        if (event.term >= this.#state.term && this.#state.peers.isPlausible(event.term, this.#state.term)) {
          this.#learnTerm(event.term, `term ${event.term} has been`);
        }
        break;
      default: {
        const peer = this.#state.peers.get(event.peer);
        if (peer !== undefined) this.#handlePeer(peer, event);
      }
    }
    this.#advance();
    return this.#state.actions;
  }

  #handlePeer(peer: Peer, event: ElectionPeerEvent): void {
    switch (event.type) {
      case "link-up":
        peer.linked = true;
        peer.old = false;
        peer.gone = false;
        if (this.#state.leader === 0 && peer.id < this.id) this.#state.turns.deferTo(peer, this.#state.nowMs);
        this.#state.send(peer, this.#state.beat());
        for (const message of this.#state.ballots.questions()) this.#state.send(peer, message);
        return;
      case "link-down":
        peer.linked = false;
        peer.steadySinceMs = Infinity;
        return;
      case "refused":
        if (!peer.linked) this.#state.lose(peer, `Node ${peer.id} is not there`);
        return;
      case "old-up":
        if (!peer.old) peer.steadySinceMs = this.#state.nowMs;
        peer.old = true;
        peer.linked = false;
        peer.gone = false;
        // It never votes, so that nothing more is to be heard of it.
        peer.everHeard = true;
        return;
      case "old-down":
        peer.old = false;
        this.#state.lose(peer, `Node ${peer.id} is gone`);
        return;
      case "message":
        peer.hear(this.#state.nowMs, this.#state.times.electionTimeoutMs);
        this.#receive(peer, event.message);
    }
  }

  #receive(peer: Peer, message: ElectionMessage): void {
    if (message.type === "bye") {
      this.#state.lose(peer, `Node ${peer.id} stopped`);
      return;
    }
    const { term } = message;
    if (message.type === "beat") peer.term = term;
    if (!this.#state.peers.isPlausible(term, this.#state.term)) {
      this.#state.warn(peer, `term ${term} cannot follow from term ${this.#state.term}`);
      return;
    }
    switch (message.type) {
      case "beat":
        this.#receiveBeat(peer, message);
        return;
      case "ack":
        if (this.#state.role === "leader" && term === this.#state.term) {
          peer.ackedMs = Math.max(peer.ackedMs, Math.min(message.sentMs, this.#state.nowMs));
        }
        return;
      case "poll":
        if (this.#mayStand(peer, term)) this.#receivePoll(peer, term, message.replaces);
        return;
      case "poll-granted":
        this.#state.ballots.grantPoll(peer.id, term);
        return;
      case "vote-request":
        return this.#receiveVoteRequest(peer, term, message.replaces);
      case "vote":
        if (message.granted) this.#state.ballots.grantVote(peer.id, term);
        if (term > this.#state.term) this.#learnTerm(term, `Node ${peer.id} is in term ${term}`, peer);
    }
  }

  /** Rule 1, for what others say. */
  #mayStand(peer: Peer, term: number): boolean {
    if (this.#owners.ownerOf(term) === peer.id) return true;
    this.#state.warn(peer, `term ${term} is not one that it may lead`);
    return false;
  }

  #receiveBeat(peer: Peer, beat: Beat): void {
    peer.started = beat.started;
    peer.metOld = beat.old;
    const { term, leader } = beat;
    const leads = leader === peer.id;
    if (!leads && !beat.standing) this.#voter.release(peer, term);
    if (leads && !beat.plain) {
      if (this.#mayStand(peer, term)) this.#receiveLeader(peer, beat);
      return;
    }
    if (this.#state.leader === peer.id) {
      // With old nodes about, who leads is a matter of who is there, not of what it says.
      if (this.#state.plain || leads) this.#state.leaderHeardMs = this.#state.nowMs;
      else if (term >= this.#state.term) this.#state.look(`Node ${peer.id} has lost leadership`);
    }
    this.#dropIfUseless(peer, beat);
    if (term > this.#state.term) this.#learnTerm(term, `Node ${peer.id} is in term ${term}`, peer);
  }

  /** Two followers of one leader that do not take over from it need no link. */
  #dropIfUseless(peer: Peer, { leader }: Beat): void {
    const isOurs = this.#state.follows && leader === this.#state.leader && leader !== peer.id;
    if (isOurs && leader < this.id && leader < peer.id) {
      this.#state.actions.push({ type: "drop", peers: [peer.id] });
    }
  }

  #receiveLeader(peer: Peer, { term, sentMs }: Beat): void {
    if (term < this.#state.term) {
      // It learns at once that its term is over.
      this.#state.send(peer, this.#state.beat());
      return;
    }
    // With old nodes about, votes do not count.
    if (this.#state.peers.hasOldNodes(this.#state.nowMs)) return;
    if (this.#state.role !== "follower" || this.#state.leader !== peer.id || term > this.#state.term) {
      this.#stepDown(`Node ${peer.id} leads`);
      if (term > this.#state.term) this.#state.remember(term, 0);
      this.#state.follow(peer.id, "follower", `Node ${peer.id} leads`);
    }
    this.#state.leaderHeardMs = this.#state.nowMs;
    this.#voter.promise(peer, term, this.#state.nowMs);
    this.#state.send(peer, { type: "ack", term, sentMs });
  }

  /**
   * Rule 8. There is a higher term, of nobody who leads: this node's messages would be stale to those who
   * know it.
   */
  #learnTerm(term: number, why: string, cause?: Peer): void {
    // A follower leaves this to its leader. Where old nodes are, terms do not count.
    if (this.#state.follows || this.#state.plain) return;
    if (this.#state.role === "leader" && cause !== undefined) {
      const doublings = cause.raises.doublings(this.#state.nowMs, 2);
      const waitMs = doublings === 0 ? 0 : this.#state.times.dampingMs * 2 ** doublings;
      if (this.#state.nowMs - cause.raises.latestMs < waitMs) return;
      cause.raises.add(this.#state.nowMs);
    }
    this.#stepDown(why);
    if (term > this.#state.term) this.#state.remember(term, 0);
  }

  /** A leader's end does not wait for the disk, which is to remember a term of others. */
  #stepDown(why: string): void {
    if (this.#state.role === "leader" || this.#state.role === "candidate") this.#state.look(why);
  }

  #receivePoll(peer: Peer, term: number, replaces: number): void {
    const { leader, nowMs, role, turns } = this.#state;
    if (term <= this.#state.term || !this.#voter.wouldVoteFor(peer, replaces, leader, nowMs)) return;
    // The votes would be split: it stands already, and who asks now could stand beside it.
    if (role === "candidate") return;
    if (peer.id > this.id && leader === 0 && turns.isFirst(nowMs) && this.#couldLead()) return;
    if (leader === 0 && turns.isAfterGranted(peer, nowMs)) return;
    turns.grant(peer, nowMs);
    this.#state.send(peer, { type: "poll-granted", term });
    if (role === "looking" && peer.id < this.id) turns.yieldTo(peer, nowMs);
  }

  #couldLead(): boolean {
    const { nowMs, peers } = this.#state;
    return !this.#voter.abstains(nowMs) && peers.hasContactQuorum(nowMs);
  }

  #receiveVoteRequest(peer: Peer, term: number, replaces: number): void {
    const granted = this.#mayStand(peer, term) && term >= this.#state.term &&
      this.#voter.wouldVoteFor(peer, replaces, this.#state.leader, this.#state.nowMs);
    if (granted) {
      // The request of one that leads by now may be overtaken by its beat.
      const isOurLeader = this.#state.leader === peer.id && term === this.#state.term;
      if (this.#state.role !== "looking" && !isOurLeader) this.#state.look(`votes for Node ${peer.id}`);
      if (term > this.#state.term || this.#state.votedFor !== peer.id) this.#state.remember(term, peer.id);
      this.#voter.promise(peer, term, this.#state.nowMs);
      this.#state.turns.hold(this.#state.nowMs);
    }
    this.#state.send(peer, { type: "vote", term: this.#state.term, granted });
  }

  #advance(): void {
    this.#giveUpImpossibleTerm();
    this.#start.advance(this.#state, this.#voter);
    if (this.#state.peers.hasOldNodes(this.#state.nowMs)) this.#advancePlain();
    else {
      if (this.#state.plain) this.#state.look("no old node is left");
      // A new candidacy is asked for when the caller, which had to remember it first, comes back.
      this.#advanceCandidacy();
      this.#advancePoll();
      if (this.#state.peers.list.length === 0) this.#advanceCandidacy();
    }
    this.#state.sendBeats();
    this.#state.actions.push(...this.#view.actions(this.#state));
  }

  /** Rule 9. What was promised in that term is waited out, as after a start. */
  #giveUpImpossibleTerm(): void {
    if (!this.#state.peers.isBeyondQuorum(this.#state.term, this.#state.nowMs)) return;
    const term = this.#state.term;
    this.#stepDown("its remembered term cannot be");
    this.#state.remember(0, 0);
    this.#voter.abstain(this.#state.nowMs);
    const text = `Gave up the remembered term ${term}: a quorum is too far below it`;
    this.#state.actions.push({ type: "warn", text });
    this.#state.look("its remembered term cannot be", "forgotten");
  }

  #advancePlain(): void {
    this.#state.ballots.end();
    if (this.#state.role === "candidate") this.#state.look("an old node is there");
    if (!this.#state.started) return;
    const { leader, nowMs, peers, times, turns } = this.#state;
    const lookedForMs = turns.lookedForMs(nowMs);
    const lowest = plainLeader({ id: this.id, leader, lookedForMs, nowMs, peers, times });
    if (lowest === undefined) return;
    const role = lowest === this.id ? "plain-leader" : "plain-follower";
    if (this.#state.role === role && this.#state.leader === lowest) return;
    this.#state.leaderHeardMs = this.#state.nowMs;
    this.#state.follow(lowest, role, "lowest known ID, with an old node there");
  }

  /** Whether this node may ask for votes, and from whom it would take over. */
  #stands(): { readonly replaces: number } | undefined {
    const { leader: replaces, nowMs } = this.#state;
    if (!this.#state.started || !this.#state.turns.mayAsk(nowMs) || !this.#couldLead()) return undefined;
    if (!this.#voter.isFree(nowMs, replaces)) return undefined;
    if (this.#state.role === "looking") return this.#state.turns.isOurs(nowMs) ? { replaces } : undefined;
    const claims = this.#state.role === "follower" && this.id < replaces &&
      this.#state.peers.hasContactQuorum(nowMs, this.#state.times.dampingMs);
    return claims ? { replaces } : undefined;
  }

  #advancePoll(): void {
    const standing = this.#stands();
    if (standing === undefined) {
      this.#state.ballots.endPoll();
      return;
    }
    const { replaces } = standing;
    const term = this.#owners.nextOf(this.id, this.#state.term);
    const poll = this.#state.ballots.poll(term, replaces, this.#state.nowMs, this.#state.times);
    if (this.#state.nowMs - poll.askedMs >= this.#state.times.heartbeatMs / 2) this.#state.ask(poll, "poll");
    if (!isReplacing(poll) || poll.granted.size < this.#state.peers.quorum) return;
    this.#state.remember(term, this.id);
    this.#state.become(
      "candidate",
      0,
      replaces === 0 ? "no leader, and a quorum would vote for it" : `takes over from Node ${replaces}`,
    );
    this.#state.ballots.stand(term, replaces);
  }

  #advanceCandidacy(): void {
    const candidacy = this.#state.ballots.candidacy;
    if (candidacy?.sinceMs === Infinity) {
      candidacy.sinceMs = this.#state.nowMs;
      this.#state.ask(candidacy, "vote-request");
    }
    if (candidacy === undefined || !isReplacing(candidacy)) return;
    if (candidacy.granted.size < this.#state.peers.quorum) return;
    // Who voted promised to follow when it was asked, or later: the lease counts from there.
    for (const peer of this.#state.peers.list) {
      peer.ackedMs = candidacy.granted.has(peer.id) ? candidacy.sinceMs : -Infinity;
    }
    const voters = [...candidacy.granted].sort((a, b) => a - b).join(", ");
    this.#state.become("leader", this.id, `elected by ${voters}`);
    this.#state.beatMs = -Infinity;
  }
}
