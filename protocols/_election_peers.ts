/**
 * The other nodes of an election, as one node sees them.
 *
 * @module
 */
import type { ElectionTimes } from "./election_times.ts";
import { isPlausibleTerm } from "./election_terms.ts";

/**
 * How long a leader's loss, or a deposition, counts against a peer, and how often its waiting time doubles at
 * most.
 */
const FLAP_MEMORY_MS = 60_000;
const MAX_DOUBLINGS = 5;

/** Another node, as this one sees it. */
export class Peer {
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
  /** The term of its latest beat; undefined before the first. */
  term: number | undefined;
  started = false;
  /**
   * It has been let go first when it turned up, when it asked, and when it was granted a poll: once each, so
   * that one that cannot win holds nobody up while there is no leader.
   */
  deferredTo = false;
  yieldedTo = false;
  wasGranted = false;
  /** The old nodes that it has met. */
  metOld: readonly number[] = [];
  /** When the latest beat that it acknowledged was sent. */
  ackedMs = -Infinity;
  /**
   * Until when this node votes for nobody against it: its leader, or the one that it voted for; and in which
   * term.
   */
  promisedUntilMs = -Infinity;
  promisedTerm = 0;
  /** When it was last the cause of a warning. */
  warnedMs = -Infinity;
  /** When it was lost as a leader, and when its higher term ended a leadership. */
  readonly losses = new Recent();
  readonly raises = new Recent();

  constructor(id: number) {
    this.id = id;
  }

  hear(nowMs: number, timeoutMs: number): void {
    const broken = nowMs - this.heardMs >= timeoutMs;
    if (broken || this.steadySinceMs === Infinity) this.steadySinceMs = nowMs;
    this.heardMs = nowMs;
    this.everHeard = true;
    this.gone = false;
  }

  /** It is known not to be there. What was promised to it is void: it leads nobody. */
  lose(): void {
    this.gone = true;
    this.heardMs = -Infinity;
    this.steadySinceMs = Infinity;
    this.promisedUntilMs = -Infinity;
  }
}

/** Moments of the last minute. */
class Recent {
  #timesMs: number[] = [];

  add(nowMs: number): void {
    this.#timesMs.push(nowMs);
  }

  /** How often a waiting time is to be doubled, when the first `free` of them are. */
  doublings(nowMs: number, free: number): number {
    this.#timesMs = this.#timesMs.filter((timeMs) => nowMs - timeMs < FLAP_MEMORY_MS);
    return Math.min(Math.max(this.#timesMs.length - free, 0), MAX_DOUBLINGS);
  }

  get latestMs(): number {
    return this.#timesMs.at(-1) ?? -Infinity;
  }
}

/** All the other nodes. */
export class Peers {
  /** In the order of the list of nodes. */
  readonly list: readonly Peer[];
  readonly quorum: number;
  readonly #ownId: number;
  readonly #times: ElectionTimes;
  readonly #byId: ReadonlyMap<number, Peer>;

  constructor(ownId: number, ids: readonly number[], quorum: number, times: ElectionTimes) {
    this.list = ids.filter((id) => id !== ownId).map((id) => new Peer(id));
    this.quorum = quorum;
    this.#ownId = ownId;
    this.#times = times;
    this.#byId = new Map(this.list.map((peer) => [peer.id, peer]));
  }

  get(id: number): Peer | undefined {
    return this.#byId.get(id);
  }

  inContact(peer: Peer, nowMs: number): boolean {
    return peer.linked && nowMs - peer.heardMs < this.#times.electionTimeoutMs;
  }

  /** Who is there, as far as this node knows by itself. */
  known(nowMs: number): Peer[] {
    return this.list.filter((peer) => peer.old || this.inContact(peer, nowMs));
  }

  /** Whether this node is in contact with a quorum, itself included, that has been so for `steadyMs`. */
  hasContactQuorum(nowMs: number, steadyMs = 0): boolean {
    return this.holdsQuorum((peer) =>
      this.inContact(peer, nowMs) && (steadyMs === 0 || nowMs - peer.steadySinceMs >= steadyMs)
    );
  }

  holdsQuorum(counts: (peer: Peer) => boolean): boolean {
    let count = 1;
    for (const peer of this.list) if (counts(peer)) count++;
    return count >= this.quorum;
  }

  /** How many lower IDs may be there, and so go first. */
  lowerCount(): number {
    let count = 0;
    for (const peer of this.list) if (peer.id < this.#ownId && !peer.gone) count++;
    return count;
  }

  /** Since when the latest of the lower IDs that are there has been there. */
  lowerSinceMs(): number {
    const since = this.list.filter((peer) => peer.id < this.#ownId && peer.steadySinceMs < Infinity);
    return Math.max(-Infinity, ...since.map((peer) => peer.steadySinceMs));
  }

  /**
   * Whether an old node is there: met by this node, or by a peer in contact while this one has no link with
   * it.
   */
  hasOldNodes(nowMs: number): boolean {
    return this.list.some((peer) => peer.old) ||
      this.list.some((peer) =>
        this.inContact(peer, nowMs) && peer.metOld.some((id) => this.get(id)?.linked === false)
      );
  }

  /** How long a peer must be in contact until it may take over. */
  dampingMs(peer: Peer, nowMs: number): number {
    return this.#times.dampingMs * 2 ** peer.losses.doublings(nowMs, 1);
  }

  isSteady(peer: Peer, nowMs: number): boolean {
    return nowMs - peer.steadySinceMs >= this.dampingMs(peer, nowMs);
  }

  /**
   * When a leader's lease ends: when the last acknowledgement that makes up its quorum is as old as a lease.
   */
  leaseEndMs(): number {
    const needed = this.quorum - 1;
    if (needed === 0) return Infinity;
    const acked = this.list.map((peer) => peer.ackedMs).sort((a, b) => b - a);
    return (acked[needed - 1] ?? -Infinity) + this.#times.leaseMs;
  }

  /**
   * Whether a term can be one of this network: near to this node's, or to what more nodes say than a quorum
   * can do without.
   */
  isPlausible(term: number, own: number): boolean {
    if (isPlausibleTerm(term, own)) return true;
    const vouching = this.list.filter((peer) => peer.term !== undefined && isPlausibleTerm(term, peer.term));
    return vouching.length > this.list.length + 1 - this.quorum;
  }

  /** Whether this node's own term is so far above those of a quorum that it cannot be one of this network. */
  isBeyondQuorum(own: number, nowMs: number): boolean {
    let far = 0;
    let near = 1;
    for (const peer of this.list) {
      if (peer.term === undefined || !this.inContact(peer, nowMs)) continue;
      if (isPlausibleTerm(own, peer.term)) near++;
      else far++;
    }
    return near < this.quorum && far >= this.quorum - 1 && far > 0;
  }
}
