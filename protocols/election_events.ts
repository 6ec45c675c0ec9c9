/**
 * What an election tells other services of its node: who leads, and who is there.
 *
 * These types stand here, and not with the actors of the election, so that a service which follows the leader
 * needs to import nothing of another service. The election registers itself under a registry key that both
 * are given; whoever finds it there sends {@linkcode SubscribeElection}, is told the present state at once,
 * and every change from then on.
 *
 * @module
 */

/** Where a node listens for the others. */
export interface ElectionNodeAddress {
  /** Its host name or IP address. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
}

/** A leader is known, another one or the same in another term. */
export interface LeaderKnown {
  /** What happened. */
  readonly type: "leader-known";
  /** The leader's node ID. */
  readonly leader: number;
  /** Where the leader listens for peers, as the list of nodes has it. */
  readonly address: ElectionNodeAddress;
  /** The term that it leads; 0 in a network with old nodes, whose leaders have no terms. */
  readonly term: number;
  /** Whether this node is the leader itself. */
  readonly isSelf: boolean;
}

/** No leader is known any more. */
export interface LeaderLost {
  /** What happened. */
  readonly type: "leader-lost";
}

/**
 * The nodes that are there changed. Complete at the leader alone: a follower knows of itself and its leader.
 */
export interface MembersChanged {
  /** What happened. */
  readonly type: "members-changed";
  /** The IDs, sorted, this node's too. */
  readonly members: readonly number[];
}

/** Everything that an election tells its subscribers. */
export type ElectionNotice = LeaderKnown | LeaderLost | MembersChanged;

/**
 * Subscribes to the notices of an election, until the subscriber stops. A second subscription of the same
 * subscriber has the present state told again.
 *
 * @typeParam S the subscriber's address: a `Ref<ElectionNotice>`, which this module does not know
 */
export interface SubscribeElection<S> {
  /** What is asked. */
  readonly type: "subscribe";
  /** Told the present state at once, then every change. */
  readonly subscriber: S;
}
