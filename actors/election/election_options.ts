/**
 * What the election's actor is made from, and what it can be told.
 *
 * @module
 */
import type { ElectionTimes } from "../../protocols/election_times.ts";
import type { Ref, RegistryKey } from "../runtime/mod.ts";
import type { ElectionFeedCommand } from "./feed.ts";
import type { CollectorStarted, TermSeen } from "./file_collector.ts";
import type { DirectoryContent } from "./directory_watcher.ts";
import type { PeerNode } from "./nodes.ts";
import type { PeerAccepted } from "./peer_listener.ts";
import type { Transition } from "./trace_file.ts";

/** What an `electionActor` can be told. */
export type ElectionCommand =
  | PeerAccepted
  /** This node's own files, which the others are told the number of. */
  | DirectoryContent
  | TermSeen
  | CollectorStarted
  | ElectionFeedCommand;

/** Options of `electionActor`. */
export interface ElectionActorOptions {
  /** This node. */
  readonly id: number;
  /** All nodes, this one too. */
  readonly nodes: readonly PeerNode[];
  /** How many nodes an election takes. */
  readonly quorum: number;
  /** Its times. */
  readonly times: ElectionTimes;
  /** Where term and vote are kept. */
  readonly memoryPath: string;
  /** Shared by all new nodes, if anything is. */
  readonly secret: Uint8Array | undefined;
  /** The nodes that are taken for old ones when they are proved to be. */
  readonly oldNodes: readonly number[];
  /** Told every transition. */
  readonly trace?: Ref<Transition>;
  /** Where other services find this election, to subscribe to it. */
  readonly feedKey?: RegistryKey<ElectionFeedCommand>;
}
