/**
 * The peers: leader election and file log. A process is one node.
 *
 * @module
 */
import { parseNodes, peer as peerNode, type PeerNode } from "../../actors/election/mod.ts";
import { custom, integer, path, port, tcpLimits, tcpServerFlags, text, UsageError } from "../_cli.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { peersSection } from "../_demo/peers.ts";
import { defineService } from "../_service.ts";

/** Those of a TCP server's flags that have a meaning here: frames and greetings are as old nodes have them, in plain TCP. */
const { maxClients, maxPerAddress, idleTimeoutMs, vanishedMs, slowClientMs, maxOutboundBytes } =
  tcpServerFlags();

/** The manifest. */
export const peer = defineService({
  name: "peer",
  summary: "One node of the peers: leader election and file log",
  task: "peer",
  ports: "8080, 8081, 8082",
  flags: {
    nodes: custom({
      help: "All nodes, this one too, with the addresses where they find each other; the same for all",
      value: "ID=HOST:PORT,...",
      takes: "a list like 1=127.0.0.1:8080,2=127.0.0.1:8081",
      default: parseNodes("1=127.0.0.1:8080,2=127.0.0.1:8081,3=127.0.0.1:8082"),
      shown: "1=127.0.0.1:8080,2=127.0.0.1:8081,3=127.0.0.1:8082",
      parse: readNodes,
    }),
    ...dataFlags(),
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
    maxPerAddress,
    idleTimeoutMs,
    vanishedMs,
    slowClientMs,
    maxOutboundBytes,
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
  },
  positionals: { usage: "ID", help: "Which of the nodes this one is", max: 1 },
  examples: ["1", "2 --dir files --trace trace.jsonl"],
  rights: DATA_RIGHTS,
  async behavior(options, { args, world }) {
    const { nodes, memory, trace, quorum, host, drainMs } = options;
    const { waitMs, heartbeatMs, electionTimeoutMs, dampingMs } = options;
    const own = nodes.find(({ id }) => String(id) === args[0]);
    if (own === undefined) throw new UsageError(`Invalid node_id. Must be ${either(nodes)}.`);
    const dir = options.dir ?? (options.dataDir === "." ? undefined : `Node${own.id}`);
    await makeDataDir(options, world);
    try {
      return peerNode({
        id: own.id,
        nodes,
        listen: { hostname: host ?? own.address.hostname, port: options.port ?? own.address.port },
        ...(dir === undefined ? {} : { folder: inDataDir(options, dir) }),
        logPath: inDataDir(options, options.log),
        ...(memory === undefined ? {} : { memoryPath: inDataDir(options, memory) }),
        ...(trace === undefined ? {} : { tracePath: inDataDir(options, trace) }),
        ...(quorum === undefined ? {} : { quorum }),
        times: { waitMs, heartbeatMs, electionTimeoutMs, dampingMs },
        limits: tcpLimits(options),
        drainMs,
      });
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(error.message) : error;
    }
  },
  together: {
    key: "nodes",
    flag: text({
      help: "The network of peers, all nodes of which are started",
      value: "ID=HOST:PORT,...",
      default: "1=127.0.0.1:8181,2=127.0.0.1:8182,3=127.0.0.1:8183",
      env: ["PEER_NODES"],
    }),
    instances: (nodes) =>
      readNodes(nodes).map(({ id }) => ({ name: `peer-${id}`, args: [String(id), `--nodes=${nodes}`] })),
  },
  demo: peersSection,
});

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
