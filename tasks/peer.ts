/**
 * One node of the peers: leader election and file log.
 *
 * @module
 */
import { parseNodes, peer, type PeerNode } from "../actors/election/mod.ts";
import { ActorSystem, type Behavior, escalate } from "../mod.ts";
import {
  custom,
  defineTask,
  integer,
  path,
  port,
  runServer,
  type TaskOptions,
  tcpLimits,
  tcpServerFlags,
  text,
  UsageError,
} from "./_cli.ts";

/** Those of a TCP server's flags that have a meaning here: frames and greetings are as old nodes have them, in plain TCP. */
const { maxClients, idleTimeoutMs, slowClientMs, maxOutboundBytes } = tcpServerFlags();

/** The command line. */
export const task = defineTask({
  name: "peer",
  summary: "One node of the peers: leader election and file log",
  env: "PEER",
  flags: {
    nodes: custom({
      help: "All nodes, this one too, with the addresses where they find each other; the same for all",
      value: "ID=HOST:PORT,...",
      takes: "a list like 1=127.0.0.1:8080,2=127.0.0.1:8081",
      default: parseNodes("1=127.0.0.1:8080,2=127.0.0.1:8081,3=127.0.0.1:8082"),
      shown: "1=127.0.0.1:8080,2=127.0.0.1:8081,3=127.0.0.1:8082",
      parse: readNodes,
    }),
    dir: path({
      help: "The folder with this node's files; made when it is not there",
      value: "DIR",
      shown: "NodeID",
    }),
    log: path({
      help: "The file in which the leader logs everybody's files",
      value: "FILE",
      default: "Peer_files.log",
    }),
    memory: path({
      help: "The file in which this node remembers its votes; not to be removed while others run",
      value: "FILE",
      shown: "NodeID.election beside DIR",
    }),
    trace: path({
      help: "Append every transition of the election to this file, as JSON lines",
      value: "FILE",
    }),
    quorum: integer({
      help: "Nodes that an election takes, a majority at least",
      min: 1,
      shown: "a majority",
    }),
    waitMs: integer({
      help: "How long a node that starts waits for all the others; then a quorum is enough",
      value: "MS",
      default: 2000,
    }),
    heartbeatMs: integer({ help: "Time between two heartbeats", value: "MS", min: 10, default: 200 }),
    electionTimeoutMs: integer({
      help: "Silence after which a leader is held for lost: three heartbeats at least",
      value: "MS",
      min: 30,
      default: 900,
    }),
    dampingMs: integer({
      help: "How long a lower ID must be back before it takes over; more when it comes and goes",
      value: "MS",
      default: 1000,
    }),
    host: text({ help: "Address to listen on, if not the one in --nodes", value: "HOST" }),
    port: port({ help: "Port to listen on, if not the one in --nodes" }),
    maxClients,
    idleTimeoutMs,
    slowClientMs,
    maxOutboundBytes,
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
  },
  positionals: { usage: "ID", help: "Which of the nodes this one is", max: 1 },
  examples: ["1", "2 --dir files --trace trace.jsonl"],
});

/** The root behaviour of the node that `args` name. */
export function root(options: TaskOptions<typeof task.flags>, args: readonly string[]): Behavior<never> {
  const { nodes, dir, log, memory, trace, quorum, host, drainMs } = options;
  const { waitMs, heartbeatMs, electionTimeoutMs, dampingMs } = options;
  const own = nodes.find(({ id }) => String(id) === args[0]);
  if (own === undefined) throw new UsageError(`Invalid node_id. Must be ${either(nodes)}.`);
  try {
    return peer({
      id: own.id,
      nodes,
      listen: { hostname: host ?? own.address.hostname, port: options.port ?? own.address.port },
      ...(dir === undefined ? {} : { folder: dir }),
      logPath: log,
      ...(memory === undefined ? {} : { memoryPath: memory }),
      ...(trace === undefined ? {} : { tracePath: trace }),
      ...(quorum === undefined ? {} : { quorum }),
      times: { waitMs, heartbeatMs, electionTimeoutMs, dampingMs },
      limits: tcpLimits(options),
      drainMs,
    });
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function readNodes(value: string): PeerNode[] {
  try {
    return parseNodes(value);
  } catch (error) {
    throw error instanceof SyntaxError ? new UsageError(error.message) : error;
  }
}

/** `1, 2, or 3`. */
function either(nodes: readonly PeerNode[]): string {
  const ids = nodes.map(({ id }) => String(id));
  const last = ids.pop() ?? "";
  if (ids.length === 0) return last;
  return `${ids.join(", ")}${ids.length > 1 ? "," : ""} or ${last}`;
}

if (import.meta.main) {
  await runServer(task, (options, { world, args }) => {
    const behavior = root(options, args);
    const system = new ActorSystem("peer", { world });
    system.spawn("node", behavior, { onFailure: escalate(), shutdownMs: options.drainMs });
    return Promise.resolve(system);
  });
}
