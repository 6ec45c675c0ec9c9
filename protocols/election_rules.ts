/**
 * What an election is told, and what it answers: the vocabulary of {@linkcode Election} in `election.ts`.
 *
 * @module
 */
import type { ElectionMessage } from "./election_messages.ts";
import type { ElectionTimes } from "./election_times.ts";

/** What an election is about. */
export interface ElectionOptions {
  /** This node's ID. */
  readonly id: number;
  /** The IDs of all nodes, this one too. */
  readonly nodes: readonly number[];
  /** How many nodes, the leader included, an election takes: a majority at least. @default a majority */
  readonly quorum?: number;
  /** As `electionTimes` makes them. */
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
  /** Whom it voted for in `term`; 0 for nobody. */
  readonly votedFor: number;
}

/**
 * What a node is just now. `looking` has no leader; the `plain-` ones are those of a network with old nodes
 * in it.
 */
export type ElectionRole =
  | "looking"
  | "follower"
  | "candidate"
  | "leader"
  | "plain-follower"
  | "plain-leader";

/** What an election is told of one peer. */
export type ElectionPeerEvent =
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
  | { readonly type: "message"; readonly peer: number; readonly message: ElectionMessage };

/** What an election is told. */
export type ElectionEvent =
  /** Time passed. To be told every 50 ms or so, and at {@linkcode Election.deadlineMs}. */
  | { readonly type: "tick" }
  | ElectionPeerEvent
  /** Another leader has written the shared log, in this term. */
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
  /** The role until now; `forgotten` when the remembered term was given up. */
  readonly from: ElectionRole | "forgotten";
  /** The role from now on. */
  readonly to: ElectionRole;
  /** The term from now on. */
  readonly term: number;
  /** Who leads; 0 for nobody. */
  readonly leader: number;
  /** In words, for people. */
  readonly why: string;
}

/**
 * The nodes that are there, this one too, changed. Complete only at a leader: the others do not hold links
 * with all.
 */
export interface MembersAction {
  /** Tag of the action. */
  readonly type: "members";
  /** Their IDs, sorted. */
  readonly members: readonly number[];
}

/** Something came that the rules cannot have led to, and was refused. At most one a minute for each peer. */
export interface WarnAction {
  /** Tag of the action. */
  readonly type: "warn";
  /** In words, for people. */
  readonly text: string;
}

/** What is to be done, in this order. */
export type ElectionAction =
  | RememberAction
  | SendAction
  | WantAction
  | DropAction
  | ChangeAction
  | MembersAction
  | WarnAction;
