/**
 * One node of a network of peers: it elects with the others, and when it leads it logs what files all have.
 *
 * @module
 */
import { electionQuorum, electionTimes, type ElectionTimesOptions } from "../../protocols/election_times.ts";
import { nodeList } from "../../protocols/peer_link.ts";
import { type Behavior, escalate, type Ref, type RegistryKey, restart } from "../runtime/mod.ts";
import type { TcpLimits } from "../net/mod.ts";
import { sibling, type SocketAddress } from "../world/world.ts";
import { electionActor } from "./election.ts";
import type { ElectionFeedCommand } from "./feed.ts";
import { fileCollector } from "./file_collector.ts";
import { fileLog } from "./file_log.ts";
import { directoryWatcher } from "./directory_watcher.ts";
import { lockNodeFiles } from "./node_files.ts";
import type { PeerNode } from "./nodes.ts";
import { peerListener } from "./peer_listener.ts";
import { traceFile, type Transition } from "./trace_file.ts";

/** Options of {@linkcode peer}. */
export interface PeerOptions {
  /** This node. */
  readonly id: number;
  /** All nodes, this one too. */
  readonly nodes: readonly PeerNode[];
  /** Where this node listens, if not where the others find it. @default its address in `nodes` */
  readonly listen?: SocketAddress;
  /** The directory whose files it has. Made when it is not there. @default `Node` and its ID */
  readonly directory?: string;
  /** The log that it writes when it leads. @default "Peer_files.log" */
  readonly logPath?: string;
  /** Where it keeps its term and vote. @default `Node`, its ID and `.election`, beside the directory */
  readonly memoryPath?: string;
  /** Where it appends every transition, one JSON object a line. @default nowhere */
  readonly tracePath?: string;
  /** How many nodes an election takes, a majority at least. @default a majority */
  readonly quorum?: number;
  /** Heartbeat and timeouts. */
  readonly times?: ElectionTimesOptions;
  /** Limits on who connects. */
  readonly limits?: Partial<TcpLimits>;
  /** Milliseconds in which a stop lets connections send what is queued. @default 5000 */
  readonly drainMs?: number;
  /**
   * At least 32 bytes that all new nodes share: links are authenticated with it, and who does not know it is
   * no node.
   * @default none: whoever can reach the ports of the nodes can take part
   */
  readonly secret?: Uint8Array;
  /** The nodes that may be old ones. @default all without a secret, none with one */
  readonly oldNodes?: readonly number[];
  /**
   * Where other services find this node's election, to subscribe to its leader and members
   * (`protocols/election_events.ts`). @default nowhere
   */
  readonly feedKey?: RegistryKey<ElectionFeedCommand>;
}

/** As spec and operators have it: shorter ones can be guessed. */
const MIN_SECRET_BYTES = 32;
/** White space and controls of ASCII are up to here. */
const SPACE = 0x20;

/**
 * One node. Its start fails when its files cannot be used, or its address cannot be bound.
 *
 * @throws `RangeError` on times, a quorum or IDs that make no network, and on a secret under 32 bytes,
 * or a blank one
 *
 * @example
 * ```ts no-assert
 * import { parseNodes, peer } from "@troupe/actors/election";
 *
 * const behavior = peer({ id: 1, nodes: parseNodes("1=127.0.0.1:8080,2=127.0.0.1:8081,3=127.0.0.1:8082") });
 * ```
 */
export function peer(options: PeerOptions): Behavior<never> {
  const { id, nodes, limits, drainMs, tracePath, feedKey, secret } = options;
  const quorum = electionQuorum(nodes.length, options.quorum);
  const { directory = `Node${id}`, logPath = "Peer_files.log" } = options;
  const { memoryPath = sibling(directory, `Node${id}.election`) } = options;
  const own = nodes.find((node) => node.id === id);
  if (own === undefined) {
    throw new RangeError(`Cannot run node ${id}: it is none of ${nodes.map((node) => node.id).join(", ")}`);
  }
  if (secret !== undefined && secret.length < MIN_SECRET_BYTES) {
    throw new RangeError(
      `Cannot use a secret of ${secret.length} bytes: it must have ${MIN_SECRET_BYTES} at least`,
    );
  }
  if (secret?.every((byte) => byte <= SPACE) === true) {
    throw new RangeError("Cannot use a secret that is blank");
  }
  const { oldNodes = secret === undefined ? nodes.map((node) => node.id) : [] } = options;
  const times = electionTimes(options.times);
  return async (self) => {
    await lockNodeFiles(self, memoryPath, directory);
    if (self.signal.aborted) return () => {};
    // What fails is started afresh together with what was told things by it. A node that cannot keep its
    // votes, its directory, its trace or its address is better gone: it ends, and says why.
    self.supervise("rest-for-one");
    if (secret === undefined) {
      self.log.info(
        `Node ${id} runs without --secret-file: whoever listens in the place of a node that is down can take part in its name`,
        { event: "no-secret" },
      );
    }
    const onFailure = restart({ limit: 3, withinMs: 10_000, backoff: { minMs: 200, maxMs: 2000 } });
    let trace: Ref<Transition> | undefined;
    if (tracePath !== undefined) trace = self.spawn("trace", traceFile(tracePath), { onFailure: escalate() });
    const log = self.spawn("log", fileLog(logPath, id), { onFailure });
    const election = self.spawn(
      "election",
      electionActor({
        id,
        nodes,
        times,
        memoryPath,
        quorum,
        secret,
        oldNodes,
        ...(trace === undefined ? {} : { trace }),
        ...(feedKey === undefined ? {} : { feedKey }),
      }),
      { onFailure: escalate() },
    );
    const collector = self.spawn(
      "collector",
      fileCollector({ ownId: id, nodes, logPath, log, owner: election }),
      { onFailure },
    );
    const watcher = self.spawn(
      "folder",
      directoryWatcher({ path: directory, observers: [election, collector] }),
      {
        onFailure: escalate(),
      },
    );
    self.spawn(
      "listener",
      peerListener({
        ownId: id,
        nodes: nodeList(nodes.map((node) => node.id)),
        address: options.listen ?? own.address,
        secret,
        owner: election,
        directory: watcher,
        ...(limits === undefined ? {} : { limits }),
        ...(drainMs === undefined ? {} : { drainMs }),
      }),
      { onFailure: escalate() },
    );
    return () => {};
  };
}
