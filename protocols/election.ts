/**
 * Who leads: the lowest ID that a majority can reach.
 *
 * Pure: {@linkcode Election} is told of time, links and messages, and answers with what is to be done. It holds no
 * clock, no socket and no file, so that a thousand random networks run through it in seconds.
 *
 * ## Messages
 *
 * As in `election_messages.ts`. `beat`, from everyone to everyone it is linked with, once a heartbeat: "I am here, in this term, and
 * follow this leader". `ack`, from a follower to its leader, for each of its beats. `poll` and `poll-granted`: would you vote for me? `vote-request` and
 * `vote`: do. `bye`: I am stopping.
 *
 * ## Rules
 *
 * 1. **Terms.** Time is cut into terms, numbered upwards. A node votes at most once in a term, and what it voted is on
 *    disk before it is said: {@linkcode RememberAction} comes before the {@linkcode SendAction} that depends on it. Who
 *    has the votes of a quorum, a majority at least, leads that term. A node never goes back to a lower term, and
 *    believes no second leader in one.
 * 2. **Leases.** A leader steps down when fewer than a quorum have acknowledged beats that it sent within the last
 *    {@linkcode ElectionTimes.leaseMs}. A follower that heard its leader within `electionTimeoutMs`, which is never less than
 *    the lease, votes for nobody else, but by rule 5. So a leader that is cut off or frozen has stepped down
 *    before another is elected, as far as clocks run alike; and where they do not, its term is the lower one (see the file log).
 * 3. **Polls first.** Nobody opens a term before a quorum has said that it would vote for it: a node that cannot win,
 *    cut off, flapping or frozen, disturbs nobody with a higher term.
 * 4. **The lowest first.** With no leader, a node waits one step for each lower ID that may be there, and a node that
 *    could lead itself refuses the polls of higher IDs for a while. This only orders who tries first: a lower ID that cannot win holds
 *    the others up for a bounded time.
 * 5. **The lowest in the end.** A lower ID than the leader's takes over: it polls, and is voted for, as always. A voter,
 *    the leader too, grants it that once it was in unbroken contact with it for a damping window, which doubles each time that
 *    the node led and was lost within the last minute: one that comes and goes does not depose a healthy leader each time. This
 *    is the planned handover of a leader to a node that comes back.
 * 6. **Starting.** A node that starts asks for votes once it is in contact with all the others, or with a quorum after
 *    `waitMs`; or with one that has begun to, or that leads.
 * 7. **Forgetting.** A node without its memory, new or with its file lost, must not vote a second time in a term in which it
 *    voted before. It neither votes nor stands until it knows that it will not: see `#recollect`.
 * 8. **A higher term without a leader** (of a candidate that failed, or read from the log's file) makes a leader open a
 *    term above it: its followers, who know it, vote for it at once.
 *
 * ## Why there are no two leaders in a term
 *
 * A leader of term T holds the votes of a quorum for T. Two quorums are majorities of one list of nodes: they share a
 * node, which would have voted twice in T. By rule 1 it does not while it remembers; the order of actions sees to that also when it is killed between any two of them.
 * One that forgot votes again only in terms that its former vote cannot help to decide (rule 7), as long as fewer than a
 * majority forget at once: more is beyond what votes can mend, as in every such protocol. Clocks enter into it for
 * rule 7 alone, where a candidate gives up after `candidacyMs` of its own monotonic clock.
 *
 * ## Old nodes
 *
 * An old node knows no terms, votes or beats. It counts as a member that is there; it neither votes nor acknowledges.
 * While one is there the network does as old networks do (the `plain-` roles of {@linkcode ElectionRole}): the lowest
 * known ID leads as soon as all are known, or a quorum after `waitMs`, with no votes and no term of its own. A network of
 * that kind that is cut has two leaders, as old networks always had; one whose nodes are all new is safe. Nobody is
 * taken for old because it is silent, or because somebody says so: `peer_link.ts` has the proof that is asked for.
 *
 * @module
 */
import type { Beat, ElectionMessage } from "./election_messages.ts";
import { MAX_TERM } from "./election_messages.ts";
import { electionQuorum, type ElectionTimes } from "./election_times.ts";

/** What an {@linkcode Election} is about. */
export interface ElectionOptions {
  /** This node's ID. */
  readonly id: number;
  /** The IDs of all nodes, this one too. */
  readonly nodes: readonly number[];
  /** How many nodes, the leader included, an election takes: a majority at least. @default a majority */
  readonly quorum?: number;
  /** As {@linkcode electionTimes} makes them. */
  readonly times: ElectionTimes;
  /** What was remembered last, or null when nothing is known. */
  readonly memory: ElectionMemory | null;
  /** The monotonic time. */
  readonly nowMs: number;
  /** A number from 0 (included) to 1 (excluded), another at each call. */
  readonly random: () => number;
}

/** What a node must not forget. */
export interface ElectionMemory {
  /** The highest term that it took part in, or heard of. */
  readonly term: number;
  /** Whom it voted for in `term`; 0 for nobody. Its own ID also when it must not vote in `term`. */
  readonly votedFor: number;
}

/** What a node is just now. `looking` has no leader; the `plain-` ones are those of a network with old nodes in it. */
export type ElectionRole =
  | "looking"
  | "follower"
  | "candidate"
  | "leader"
  | "plain-follower"
  | "plain-leader";

/** What an {@linkcode Election} is told. */
export type ElectionEvent =
  /** Time passed. To be told every 50 ms or so. */
  | { readonly type: "tick" }
  /** There is a link with a new node. */
  | { readonly type: "link-up"; readonly peer: number }
  /** There is none any more. */
  | { readonly type: "link-down"; readonly peer: number }
  /** Nobody listens where the peer should be. */
  | { readonly type: "refused"; readonly peer: number }
  /** The peer is proved to be an old node, and is there. */
  | { readonly type: "old-up"; readonly peer: number }
  /** The old node is gone, or is none any more. */
  | { readonly type: "old-down"; readonly peer: number }
  | { readonly type: "message"; readonly peer: number; readonly message: ElectionMessage }
  /** Something else than a peer, a file that leaders write, is of this term. */
  | { readonly type: "term-seen"; readonly term: number };

/** To be made durable before any later action is carried out. */
export interface RememberAction {
  /** Tag of the action. */
  readonly type: "remember";
  /** What is to be kept; it replaces what was. */
  readonly memory: ElectionMemory;
}

/** To be sent on a link with the peer; lost when there is none. */
export interface SendAction {
  /** Tag of the action. */
  readonly type: "send";
  /** The peer. */
  readonly to: number;
  /** What is said. */
  readonly message: ElectionMessage;
}

/** The links that this node needs: with these peers, and no others, it is to open one where none is. */
export interface WantAction {
  /** Tag of the action. */
  readonly type: "want";
  /** Their IDs. */
  readonly peers: readonly number[];
}

/** The links that nobody needs any more. */
export interface DropAction {
  /** Tag of the action. */
  readonly type: "drop";
  /** The peers to part from. */
  readonly peers: readonly number[];
}

/** Role, term or leader changed. */
export interface ChangeAction {
  /** Tag of the action. */
  readonly type: "change";
  /** The role until now. */
  readonly from: ElectionRole;
  /** The role from now on. */
  readonly to: ElectionRole;
  /** The term from now on. */
  readonly term: number;
  /** Who leads; 0 for nobody. */
  readonly leader: number;
  /** In words, for people. */
  readonly why: string;
}

/** The nodes that are there, this one too, changed. Complete only at a leader: the others do not hold links with all. */
export interface MembersAction {
  /** Tag of the action. */
  readonly type: "members";
  /** Their IDs, sorted. */
  readonly members: readonly number[];
}

/** What is to be done, in this order. */
export type ElectionAction =
  | RememberAction
  | SendAction
  | WantAction
  | DropAction
  | ChangeAction
  | MembersAction;

/**
 * How far a node that forgot its votes jumps, at least and at most, when nobody can tell it more. It cannot be that so many terms passed unheard; and
 * the jump is random, so that two networks that lost each other do not jump to the same terms.
 */
const FORGOTTEN_TERMS = { min: 1_000_000, max: 2 ** 36 };

/** How long a leader's loss counts against it in the damping window, and how often the window doubles at most. */
const FLAP_MEMORY_MS = 60_000;
const MAX_DOUBLINGS = 5;

/** Another node, as this one sees it. */
class Peer {
  readonly id: number;
  linked = false;
  /** Proved to be an old node, by this node itself. */
  old = false;
  /** When it was last heard. */
  heardMs = -Infinity;
  /** Since when contact was never broken. */
  steadySinceMs = Infinity;
  /** Known not to be there: its port refuses, or it fell silent. */
  gone = false;
  everHeard = false;
  term = 0;
  remembers = false;
  started = false;
  /** It has been let go first when it turned up, and when it asked: once each while there is no leader, so that one that cannot win holds nobody up. */
  deferredTo = false;
  yieldedTo = false;
  /** The old nodes that it has met. */
  metOld: readonly number[] = [];
  /** When the latest beat that it acknowledged was sent. */
  ackedMs = -Infinity;
  /** When it was lost as a leader, within {@linkcode FLAP_MEMORY_MS}. */
  lossesMs: number[] = [];

  constructor(id: number) {
    this.id = id;
  }
}

/** The questions that are under way: a poll, or a candidacy. */
interface Ballot {
  readonly term: number;
  readonly sinceMs: number;
  readonly granted: Set<number>;
  askedMs: number;
}

/**
 * One node's part in the election.
 *
 * @example A network of one
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Election } from "@troupe/actors/protocols/election";
 * import { electionTimes } from "@troupe/actors/protocols/election_times";
 *
 * const election = new Election({ id: 1, nodes: [1], times: electionTimes(), memory: null, nowMs: 0, random: Math.random });
 * election.handle({ type: "tick" }, 50);
 * assertEquals([election.role, election.leader, election.term], ["leader", 1, 1]);
 * ```
 */
export class Election {
  /** This node's ID. */
  readonly id: number;
  readonly #peers: ReadonlyMap<number, Peer>;
  /** The same, in the order of {@linkcode ElectionOptions.nodes}. */
  readonly #list: readonly Peer[];
  readonly #nodeCount: number;
  readonly #quorum: number;
  readonly #times: ElectionTimes;
  readonly #startMs: number;
  readonly #random: () => number;

  #nowMs: number;
  #role: ElectionRole = "looking";
  #term: number;
  #votedFor: number;
  #remembers: boolean;
  /** Waited as rule 6 has it, or was part of a network since. */
  #started = false;
  #leader = 0;
  /** When the leader was last heard. */
  #leaderHeardMs = -Infinity;
  /** Since when there is no leader. */
  #lookingSinceMs: number;
  /** No poll of our own before this. */
  #pollAfterMs: number;
  /** Until when polls of higher IDs are refused. */
  #precedenceUntilMs: number;
  #poll: Ballot | undefined;
  #candidacy: Ballot | undefined;
  #beatMs = -Infinity;
  #wanted = "";
  #members = "";
  #actions: ElectionAction[] = [];

  /** Throws `RangeError` on IDs or a quorum that make no network. */
  constructor(options: ElectionOptions) {
    const { id, nodes, times, memory, nowMs } = options;
    if (new Set(nodes).size !== nodes.length || !nodes.includes(id)) {
      throw new RangeError(
        `Cannot take part as node ${id} of ${nodes.join(", ")}: IDs must be unique and hold it`,
      );
    }
    this.id = id;
    this.#list = nodes.filter((node) => node !== id).map((node) => new Peer(node));
    this.#peers = new Map(this.#list.map((peer) => [peer.id, peer]));
    this.#nodeCount = nodes.length;
    this.#quorum = electionQuorum(nodes.length, options.quorum);
    this.#times = times;
    this.#random = options.random;
    this.#startMs = this.#nowMs = nowMs;
    this.#term = memory?.term ?? 0;
    this.#votedFor = memory?.votedFor ?? 0;
    this.#remembers = memory !== null;
    this.#lookingSinceMs = nowMs;
    this.#pollAfterMs = nowMs;
    this.#precedenceUntilMs = nowMs + times.waitMs + times.precedenceMs;
  }

  /** What this node is just now. */
  get role(): ElectionRole {
    return this.#role;
  }

  /** The term that it is in. */
  get term(): number {
    return this.#term;
  }

  /** Who leads; 0 for nobody. */
  get leader(): number {
    return this.#leader;
  }

  /** Whether the leader was elected by a quorum: false in a network with old nodes. */
  get plain(): boolean {
    return this.#role === "plain-leader" || this.#role === "plain-follower";
  }

  /** Tells what happened at `nowMs` (monotonic), and gives what is to be done about it. */
  handle(event: ElectionEvent, nowMs: number): ElectionAction[] {
    this.#actions = [];
    this.#passTime(Math.max(nowMs, this.#nowMs));
    switch (event.type) {
      case "tick":
        break;
      case "term-seen":
        if (event.term > this.#term) this.#learnTerm(event.term, `term ${event.term} has been`);
        break;
      default: {
        const peer = this.#peers.get(event.peer);
        if (peer !== undefined) this.#handlePeer(peer, event);
      }
    }
    this.#advance();
    return this.#actions;
  }

  // ---- time

  /** Everything that ends by itself ends before anything else is looked at: a leader that was frozen wakes up as none. */
  #passTime(nowMs: number): void {
    const { heartbeatMs, electionTimeoutMs, leaseMs, candidacyMs } = this.#times;
    const asleepMs = nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    if (asleepMs > 2 * heartbeatMs) {
      // This node was frozen: what its peers said meanwhile is still to be read, so that their silence is its own.
      this.#leaderHeardMs += asleepMs;
      for (const peer of this.#list) peer.heardMs += asleepMs;
    }
    if (this.#role === "leader" && !this.#holdsQuorum((peer) => nowMs - peer.ackedMs < leaseMs)) {
      this.#look(
        `lost its majority: fewer than ${this.#quorum} nodes answered within ${Math.round(leaseMs)} ms`,
      );
    }
    if (this.#candidacy !== undefined && nowMs - this.#candidacy.sinceMs >= candidacyMs) {
      this.#look("not enough votes");
    }
    for (const peer of this.#list) {
      if (peer.linked && !peer.gone && peer.everHeard && nowMs - peer.heardMs >= electionTimeoutMs) {
        peer.gone = true;
        peer.steadySinceMs = Infinity;
      }
    }
    if (
      this.#follows() && !this.#peers.get(this.#leader)?.old &&
      nowMs - this.#leaderHeardMs >= electionTimeoutMs
    ) {
      this.#loseLeader(`Node ${this.#leader} was silent for ${electionTimeoutMs} ms`);
    }
  }

  // ---- what comes from peers

  #handlePeer(peer: Peer, event: Exclude<ElectionEvent, { type: "tick" | "term-seen" }>): void {
    switch (event.type) {
      case "link-up":
        peer.linked = true;
        peer.old = false;
        peer.gone = false;
        this.#deferTo(peer);
        this.#send(peer, this.#beat());
        if (this.#poll !== undefined) this.#send(peer, { type: "poll", term: this.#poll.term });
        if (this.#candidacy !== undefined) {
          this.#send(peer, { type: "vote-request", term: this.#candidacy.term });
        }
        return;
      case "link-down":
        peer.linked = false;
        peer.steadySinceMs = Infinity;
        return;
      case "refused":
        if (!peer.linked) this.#lose(peer, `Node ${peer.id} is not there`);
        return;
      case "old-up":
        if (!peer.old) peer.steadySinceMs = this.#nowMs;
        peer.old = true;
        peer.linked = false;
        peer.gone = false;
        // It never votes, so that nothing more is to be heard of it.
        peer.everHeard = true;
        return;
      case "old-down":
        peer.old = false;
        this.#lose(peer, `Node ${peer.id} is gone`);
        return;
      case "message":
        this.#hear(peer);
        this.#receive(peer, event.message);
    }
  }

  /** A lower ID that turns up while there is no leader has time to ask for votes first. */
  #deferTo(peer: Peer): void {
    if (this.#leader !== 0 || peer.id > this.id || peer.deferredTo) return;
    peer.deferredTo = true;
    this.#pollAfterMs = Math.max(this.#pollAfterMs, this.#nowMs + this.#lowerCount() * this.#times.staggerMs);
  }

  /** A lower ID that asks for votes is not hindered by a poll of this node's own. */
  #yieldTo(peer: Peer): void {
    if (this.#role !== "looking" || peer.id > this.id || peer.yieldedTo) return;
    peer.yieldedTo = true;
    this.#pollAfterMs = Math.max(this.#pollAfterMs, this.#nowMs + this.#times.candidacyMs);
  }

  #hear(peer: Peer): void {
    const broken = this.#nowMs - peer.heardMs >= this.#times.electionTimeoutMs;
    if (broken || peer.steadySinceMs === Infinity) peer.steadySinceMs = this.#nowMs;
    peer.heardMs = this.#nowMs;
    peer.everHeard = true;
    peer.gone = false;
  }

  #receive(peer: Peer, message: ElectionMessage): void {
    switch (message.type) {
      case "beat":
        this.#receiveBeat(peer, message);
        return;
      case "ack":
        if (this.#role === "leader" && message.term === this.#term) {
          peer.ackedMs = Math.max(peer.ackedMs, Math.min(message.sentMs, this.#nowMs));
        }
        return;
      case "poll":
        if (message.term > this.#term && this.#wouldVoteFor(peer) && !this.#takesPrecedence(peer)) {
          this.#send(peer, { type: "poll-granted", term: message.term });
          this.#yieldTo(peer);
        }
        return;
      case "poll-granted":
        if (message.term === this.#poll?.term) this.#poll.granted.add(peer.id);
        return;
      case "vote-request":
        this.#receiveVoteRequest(peer, message.term);
        return;
      case "vote":
        if (message.granted && message.term === this.#candidacy?.term) this.#candidacy.granted.add(peer.id);
        if (message.term > this.#term) {
          this.#learnTerm(message.term, `Node ${peer.id} is in term ${message.term}`);
        }
        return;
      case "bye":
        this.#lose(peer, `Node ${peer.id} stopped`);
    }
  }

  #receiveBeat(peer: Peer, beat: Beat): void {
    peer.term = Math.max(peer.term, beat.term);
    peer.remembers = beat.remembers;
    peer.started = beat.started;
    peer.metOld = beat.old;
    const { term } = beat;
    if (beat.leader === peer.id && !beat.plain) {
      if (term < this.#term) {
        // It learns at once that its term is over.
        this.#send(peer, this.#beat());
        return;
      }
      // With old nodes about, votes do not count; and a second leader in a term cannot be: who says so is not believed.
      if (this.#hasOldNodes() || (term === this.#term && this.#leader !== 0 && this.#leader !== peer.id)) {
        return;
      }
      if (this.#role !== "follower" || this.#leader !== peer.id || term > this.#term) {
        this.#setTerm(term);
        this.#follow(peer.id, "follower", `Node ${peer.id} leads`);
      }
      this.#leaderHeardMs = this.#nowMs;
      this.#send(peer, { type: "ack", term, sentMs: beat.sentMs });
      return;
    }
    if (this.#leader === peer.id) {
      // With old nodes about, who leads is a matter of who is there, not of what it says.
      if (this.plain || beat.leader === peer.id) this.#leaderHeardMs = this.#nowMs;
      else if (term >= this.#term) this.#loseLeader(`Node ${peer.id} leads no more`);
    }
    if (term > this.#term) this.#learnTerm(term, `Node ${peer.id} is in term ${term}`);
  }

  /** There is a higher term, of nobody who leads: this node's messages would be stale to those who know it. */
  #learnTerm(term: number, why: string): void {
    // A follower leaves this to its leader. A leader opens a term above both, with the votes of its followers, who know it.
    if (this.#role !== "leader" && this.#role !== "looking" && this.#role !== "candidate") return;
    this.#setTerm(term);
    if (this.#role !== "looking") this.#look(why);
  }

  #receiveVoteRequest(peer: Peer, term: number): void {
    let granted = false;
    if (term === this.#term && term > 0) {
      granted = this.#votedFor === peer.id || (this.#votedFor === 0 && this.#wouldVoteFor(peer));
    } else if (term > this.#term) {
      granted = this.#wouldVoteFor(peer);
    }
    if (granted) {
      if (term > this.#term || this.#votedFor !== peer.id) this.#remember(term, peer.id);
      if (this.#role !== "looking") this.#look(`votes for Node ${peer.id}`);
      // The one voted for has the time of a candidacy before anybody else tries.
      this.#pollAfterMs = this.#nowMs + this.#times.candidacyMs;
    }
    this.#send(peer, { type: "vote", term: this.#term, granted });
  }

  /** Rules 2, 5 and 7: whether a vote for this node would be right just now. */
  #wouldVoteFor(candidate: Peer): boolean {
    if (!this.#remembers || this.#hasOldNodes()) return false;
    const leader = this.#leader;
    if (leader === 0 || leader === candidate.id) return true;
    return candidate.id < leader && this.#nowMs - candidate.steadySinceMs >= this.#dampingMs(candidate);
  }

  /** Rule 4: this node could lead, and comes before the candidate. */
  #takesPrecedence(candidate: Peer): boolean {
    return this.id < candidate.id && this.#leader === 0 && this.#remembers &&
      this.#nowMs < this.#precedenceUntilMs && this.#holdsQuorum((peer) => this.#inContact(peer));
  }

  #dampingMs(peer: Peer): number {
    peer.lossesMs = peer.lossesMs.filter((lostMs) => this.#nowMs - lostMs < FLAP_MEMORY_MS);
    const doublings = Math.min(Math.max(peer.lossesMs.length - 1, 0), MAX_DOUBLINGS);
    return this.#times.dampingMs * 2 ** doublings;
  }

  // ---- what this node does by itself

  #advance(): void {
    this.#recollect();
    this.#start();
    if (this.#hasOldNodes()) this.#advancePlain();
    else {
      if (this.plain) this.#look("no old node is left");
      this.#advancePoll();
      this.#advanceCandidacy();
    }
    this.#sendBeats();
    this.#tellWanted();
    this.#tellMembers();
  }

  /**
   * Rule 7. A node that forgot may have voted, before, for a candidate X in a term T. It votes again when one of these holds:
   *
   * - It has heard all the others. X, or if X forgot too one of its other voters, is among them and is in T or later.
   * - For the time of two candidacies it has not voted, so that X either leads in T, and then all its other voters remember
   *   T, or never will; and then it heard so many nodes that remember that at least one of X's voters is among them.
   * - It has heard a quorum, and all of these are in term 0: nobody ever voted. This is a network's first start.
   * - There has been no leader for long and a quorum is there: it jumps, at random, over more terms than can have passed without a word of them reaching it.
   *
   * In the terms that it heard of it abstains.
   */
  #recollect(): void {
    if (this.#remembers) return;
    const { quarantineMs, waitMs } = this.#times;
    const peers = this.#list;
    const quarantinedMs = this.#startMs + quarantineMs;
    const heard = peers.filter((peer) => peer.everHeard && !peer.gone);
    const witnesses = peers.filter((peer) => peer.remembers && peer.heardMs >= quarantinedMs);
    const quorumHeard = heard.length + 1 >= this.#quorum;
    let term = Math.max(this.#term, ...peers.map((peer) => peer.term));
    const waited = this.#nowMs >= this.#startMs + waitMs;
    // With a leader there is less of a hurry to make the network elect anew in a far term.
    const patienceMs = (quarantineMs + waitMs) * (this.#leader === 0 ? 1 : 3);
    const forsaken = quorumHeard && this.#nowMs >= Math.max(this.#startMs, this.#lookingSinceMs) + patienceMs;
    const enough = peers.every((peer) => peer.everHeard) ||
      (this.#nowMs >= quarantinedMs && witnesses.length >= this.#nodeCount - this.#quorum + 1) ||
      (waited && quorumHeard && term === 0);
    if (!enough && !forsaken) return;
    if (!enough) {
      const { min, max } = FORGOTTEN_TERMS;
      term = Math.min(term + min + Math.floor(this.#random() * (max - min)), MAX_TERM);
    }
    this.#remembers = true;
    this.#remember(term, term === 0 ? 0 : this.id);
    // Lower IDs, which could do nothing without this node's vote, go first as ever.
    if (this.#role === "looking") this.#lookingSinceMs = this.#nowMs;
  }

  /** Rule 6. */
  #start(): void {
    if (this.#started) return;
    const there = this.#known().length + 1;
    const waited = this.#nowMs >= this.#startMs + this.#times.waitMs;
    const begun = this.#list.some((peer) => peer.started && this.#inContact(peer));
    if (there < this.#nodeCount && !(waited && there >= this.#quorum) && !begun) return;
    this.#started = true;
    this.#lookingSinceMs = this.#nowMs;
    this.#precedenceUntilMs = this.#nowMs + this.#times.precedenceMs;
  }

  /** The lowest known leads, as in an old network. */
  #advancePlain(): void {
    this.#poll = undefined;
    const { dampingMs, electionTimeoutMs } = this.#times;
    if (this.#role === "candidate") this.#look("an old node is there");
    if (!this.#started) return;
    const known = this.#known();
    let lowest = Math.min(this.id, ...known.map((peer) => peer.id));
    if (this.#leader === 0) {
      const complete = known.length + 1 === this.#nodeCount;
      // Without a leader all dial all: who is there shows within this time.
      if (!complete && this.#nowMs - this.#lookingSinceMs < electionTimeoutMs) return;
    } else if (lowest < this.#leader) {
      const steady = known.filter((peer) =>
        peer.id < this.#leader &&
        (peer.steadySinceMs === Infinity || this.#nowMs - peer.steadySinceMs >= dampingMs)
      );
      lowest = Math.min(this.#leader, ...steady.map((peer) => peer.id));
    } else {
      // A follower holds no links with the others: who leads stays, until it is lost.
      lowest = this.#leader;
    }
    const role = lowest === this.id ? "plain-leader" : "plain-follower";
    if (this.#role === role && this.#leader === lowest) return;
    this.#leaderHeardMs = this.#nowMs;
    this.#follow(lowest, role, "lowest known ID, with an old node there");
  }

  #advancePoll(): void {
    const { pollMs, heartbeatMs, staggerMs, dampingMs } = this.#times;
    if (this.#poll !== undefined && this.#nowMs - this.#poll.sinceMs >= pollMs) this.#poll = undefined;
    const looking = this.#role === "looking" &&
      this.#nowMs >= this.#lookingSinceMs + this.#lowerCount() * staggerMs;
    const claiming = this.#role === "follower" && this.id < this.#leader &&
      this.#holdsQuorum((peer) => this.#inContact(peer) && this.#nowMs - peer.steadySinceMs >= dampingMs);
    const stands = this.#started && this.#remembers && (looking || claiming) &&
      this.#nowMs >= this.#pollAfterMs &&
      this.#term < MAX_TERM && this.#holdsQuorum((peer) => this.#inContact(peer));
    if (!stands) {
      this.#poll = undefined;
      return;
    }
    if (this.#poll?.term !== this.#term + 1) this.#poll = this.#ballot(this.#term + 1);
    const poll = this.#poll;
    if (this.#nowMs - poll.askedMs >= heartbeatMs / 2) {
      poll.askedMs = this.#nowMs;
      this.#ask(poll, "poll");
    }
    if (poll.granted.size < this.#quorum) return;
    this.#poll = undefined;
    this.#remember(poll.term, this.id);
    const candidacy = this.#ballot(poll.term);
    candidacy.askedMs = this.#nowMs;
    this.#become(
      "candidate",
      0,
      claiming ? `takes over from Node ${this.#leader}` : "no leader, and a quorum would vote for it",
    );
    this.#candidacy = candidacy;
    this.#ask(candidacy, "vote-request");
  }

  #advanceCandidacy(): void {
    const candidacy = this.#candidacy;
    if (candidacy === undefined || candidacy.granted.size < this.#quorum) return;
    // Who voted was there when it did: it has the time of a lease for its first acknowledgement.
    for (const id of candidacy.granted) {
      const peer = this.#peers.get(id);
      if (peer !== undefined) peer.ackedMs = this.#nowMs;
    }
    this.#become("leader", this.id, `elected by ${[...candidacy.granted].sort((a, b) => a - b).join(", ")}`);
    this.#beatMs = -Infinity;
  }

  #sendBeats(): void {
    if (this.#nowMs - this.#beatMs < this.#times.heartbeatMs) return;
    this.#beatMs = this.#nowMs;
    const beat = this.#beat();
    for (const peer of this.#list) if (peer.linked) this.#send(peer, beat);
  }

  #tellWanted(): void {
    const wanted = this.#needsLeaderOnly() ? [this.#leader] : this.#list.map((peer) => peer.id);
    const key = wanted.join();
    if (key === this.#wanted) return;
    this.#wanted = key;
    this.#actions.push({ type: "want", peers: wanted });
    // Lower IDs than the leader's are about to take over, and need their links.
    const useless = this.#list.map((peer) => peer.id).filter((id) =>
      !wanted.includes(id) && id > this.#leader
    );
    if (useless.length > 0) this.#actions.push({ type: "drop", peers: useless });
  }

  #tellMembers(): void {
    const members = [this.id, ...this.#known().map((peer) => peer.id)].sort((a, b) => a - b);
    const key = members.join();
    if (key === this.#members) return;
    this.#members = key;
    this.#actions.push({ type: "members", members });
  }

  // ---- changes of state

  /** A peer is known not to be there. */
  #lose(peer: Peer, why: string): void {
    peer.gone = true;
    peer.heardMs = -Infinity;
    peer.steadySinceMs = Infinity;
    if (this.#leader === peer.id) this.#loseLeader(why);
  }

  #loseLeader(why: string): void {
    const leader = this.#peers.get(this.#leader);
    if (leader !== undefined) {
      leader.gone = true;
      leader.steadySinceMs = Infinity;
      leader.lossesMs.push(this.#nowMs);
    }
    this.#look(why);
  }

  #look(why: string): void {
    for (const peer of this.#list) peer.deferredTo = peer.yieldedTo = false;
    this.#lookingSinceMs = this.#nowMs;
    this.#precedenceUntilMs = this.#nowMs + this.#times.precedenceMs;
    // Candidates that hindered each other, and do not see which of them is the lower, try again at different times.
    const spreadMs = this.#role === "candidate" ? this.#random() * this.#times.staggerMs / 2 : 0;
    this.#pollAfterMs = this.#nowMs + spreadMs;
    this.#become("looking", 0, why);
  }

  #follow(leader: number, role: ElectionRole, why: string): void {
    this.#become(role, leader, why);
    this.#started = true;
  }

  #become(role: ElectionRole, leader: number, why: string): void {
    this.#poll = undefined;
    this.#candidacy = undefined;
    const from = this.#role;
    this.#role = role;
    this.#leader = leader;
    this.#actions.push({ type: "change", from, to: role, term: this.#term, leader, why });
  }

  /** Goes to a higher term without a vote in it. */
  #setTerm(term: number): void {
    if (term > this.#term) this.#remember(term, 0);
  }

  #remember(term: number, votedFor: number): void {
    this.#term = term;
    this.#votedFor = votedFor;
    // A node that forgot has nothing worth keeping: it must find out again after the next start.
    if (this.#remembers) this.#actions.push({ type: "remember", memory: { term, votedFor } });
  }

  // ---- small questions

  #beat(): Beat {
    return {
      type: "beat",
      term: this.#term,
      leader: this.#leader,
      remembers: this.#remembers,
      started: this.#started,
      plain: this.plain,
      old: this.#list.filter((peer) => peer.old).map((peer) => peer.id),
      sentMs: this.#nowMs,
    };
  }

  #send(peer: Peer, message: ElectionMessage): void {
    this.#actions.push({ type: "send", to: peer.id, message });
  }

  #ask(ballot: Ballot, type: "poll" | "vote-request"): void {
    for (const peer of this.#list) {
      if (peer.linked && !ballot.granted.has(peer.id)) this.#send(peer, { type, term: ballot.term });
    }
  }

  #ballot(term: number): Ballot {
    return { term, sinceMs: this.#nowMs, granted: new Set([this.id]), askedMs: -Infinity };
  }

  #follows(): boolean {
    return this.#role === "follower" || this.#role === "plain-follower";
  }

  /** Whether links with others than the leader are of no use: one that is about to take over needs them, and so does one that asks around for what it forgot. */
  #needsLeaderOnly(): boolean {
    return this.#follows() && this.#leader < this.id && this.#remembers;
  }

  #inContact(peer: Peer): boolean {
    return peer.linked && this.#nowMs - peer.heardMs < this.#times.electionTimeoutMs;
  }

  #holdsQuorum(counts: (peer: Peer) => boolean): boolean {
    let count = 1;
    for (const peer of this.#list) if (counts(peer)) count++;
    return count >= this.#quorum;
  }

  /** How many lower IDs may be there, and so go first. */
  #lowerCount(): number {
    let count = 0;
    for (const peer of this.#list) if (peer.id < this.id && !peer.gone) count++;
    return count;
  }

  /** Who is there, as far as this node knows by itself. */
  #known(): Peer[] {
    return this.#list.filter((peer) => peer.old || this.#inContact(peer));
  }

  /** Whether an old node is there: met by this node, or by a peer in contact while this one has no link with it. */
  #hasOldNodes(): boolean {
    return this.#list.some((peer) => peer.old) ||
      this.#list.some((peer) =>
        this.#inContact(peer) && peer.metOld.some((id) => this.#peers.get(id)?.linked === false)
      );
  }
}
