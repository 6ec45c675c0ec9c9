/**
 * The peers: leader election, file log and file sharing. A process is one node.
 *
 * @module
 */
import { parseNodes, peer as peerNode, type PeerNode } from "../../actors/election/mod.ts";
import type { SharingCommand } from "../../actors/sharing/mod.ts";
import { type Ref, type RegistryKey, registryKey } from "../../mod.ts";
import type { ElectionNotice, SubscribeElection } from "../../protocols/election_events.ts";
import {
  custom,
  guarding,
  integer,
  path,
  port,
  tcpLimits,
  tcpServerFlags,
  text,
  UsageError,
} from "../_cli.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { peersSection } from "../_demo/peers.ts";
import { startPeerCommand } from "../_peer_commands.ts";
import { readConsole } from "../_peer_console.ts";
import { sharingFlags, sharingNodes, withSharing } from "../_peer_sharing.ts";
import { defineService } from "../_service.ts";
import { refuseShared } from "../_shared_folder.ts";
import { loadPages } from "../_web_flags.ts";

/**
 * Those of a TCP server's flags that have a meaning here: frames and greetings are as old nodes have them,
 * in plain TCP.
 */
const { maxClients, maxPerAddress, idleTimeoutMs, vanishedMs, slowClientMs, maxOutboundBytes } =
  tcpServerFlags();

/** More than this is no secret, but some other file. */
const MAX_SECRET_BYTES = 65536;

/** The manifest. */
export const peer = defineService({
  name: "peer",
  summary: "One node of the peers: leader election, file log, BitTorrent file sharing",
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
    secretFile: guarding(path({
      help: "A file of 32 bytes or more that all new nodes share: who does not know it is no node",
      value: "FILE",
    })),
    oldNodes: custom({
      help: "The nodes that may be old ones, which know no secret and no terms",
      value: "ID,...",
      takes: "IDs of nodes, like 2,3",
      shown: "all without --secret-file, none with it",
      parse: readIds,
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
    ...sharingFlags(),
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
  },
  positionals: {
    usage: "ID [get WHAT | files | share FILE]",
    help: "Which of the nodes this one is; get takes a name, a .torrent file or a magnet link",
    max: 3,
    words: ["get", "files", "share"],
  },
  examples: ["1", "2 --dir files --trace trace.jsonl", "3 get 1_1.txt", "3 files", "3 share 3_1.txt"],
  rights: DATA_RIGHTS,
  async behavior(options, { args, world }) {
    const { nodes, memory, trace, quorum, host, drainMs, secretFile, oldNodes } = options;
    const { waitMs, heartbeatMs, electionTimeoutMs, dampingMs } = options;
    const own = ownNode(nodes, args);
    const directory = directoryOf(options, own);
    await makeDataDir(options, world);
    const { election, sharing } = keysOf(own);
    const secretPath = secretFile === undefined ? undefined : inDataDir(options, secretFile);
    if (secretPath !== undefined) await refuseShared(world.disk, directory, "--secret-file", secretPath);
    const secret = secretPath === undefined
      ? undefined
      : await world.disk.readFile(secretPath, { maxBytes: MAX_SECRET_BYTES });
    const stranger = oldNodes?.find((id) => !nodes.some((node) => node.id === id));
    if (stranger !== undefined) throw new UsageError(`--old-nodes names ${stranger}, which is no node`);
    try {
      const node = peerNode({
        id: own.id,
        nodes,
        listen: { hostname: host ?? own.address.hostname, port: options.port ?? own.address.port },
        directory,
        feedKey: election,
        logPath: inDataDir(options, options.log),
        ...(memory === undefined ? {} : { memoryPath: inDataDir(options, memory) }),
        ...(trace === undefined ? {} : { tracePath: inDataDir(options, trace) }),
        ...(quorum === undefined ? {} : { quorum }),
        ...(secret === undefined ? {} : { secret }),
        ...(oldNodes === undefined ? {} : { oldNodes }),
        times: { waitMs, heartbeatMs, electionTimeoutMs, dampingMs },
        limits: tcpLimits(options),
        drainMs,
      });
      const page = await loadPages(world, "swarm");
      return withSharing(node, { ...options, own, directory, election, page, key: sharing });
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(error.message) : error;
    }
  },
  command(options, { args, world }) {
    const [, ...words] = args;
    const own = ownNode(options.nodes, args);
    if (words.length === 0) return undefined;
    return startPeerCommand(words, {
      ...options,
      world,
      nodes: sharingNodes(options.nodes),
      directory: directoryOf(options, own),
      hostname: options.host ?? own.address.hostname,
      print: (line) => console.log(line),
    });
  },
  attach(system, { nodes }, { args, world }) {
    const { election, sharing } = keysOf(ownNode(nodes, args));
    const quit = () => void system.stop();
    const print = (message: string) => world.log.write({ level: "info", actor: "/", message, plain: true });
    readConsole(system, Deno.stdin.readable, {
      world,
      nodes: sharingNodes(nodes),
      election,
      sharing,
      print,
      quit,
    }).catch(() => {});
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

/** Where the election and the sharing of a node are found: keys of one name are the same key. */
function keysOf({ id }: PeerNode): Keys {
  return { election: registryKey(`node-${id}-election`), sharing: registryKey(`node-${id}-sharing`) };
}

interface Keys {
  readonly election: RegistryKey<SubscribeElection<Ref<ElectionNotice>>>;
  readonly sharing: RegistryKey<SharingCommand>;
}

function ownNode(nodes: readonly PeerNode[], args: readonly string[]): PeerNode {
  const own = nodes.find(({ id }) => String(id) === args[0]);
  if (own === undefined) throw new UsageError(`Invalid node_id. Must be ${either(nodes)}.`);
  return own;
}

/** The directory with the node's files. */
function directoryOf(
  options: { readonly dir: string | undefined; readonly dataDir: string },
  own: PeerNode,
): string {
  return inDataDir(options, options.dir ?? `Node${own.id}`);
}

function readNodes(value: string): PeerNode[] {
  try {
    return parseNodes(value);
  } catch (error) {
    throw error instanceof SyntaxError ? new UsageError(error.message) : error;
  }
}

function readIds(value: string): readonly number[] {
  return value.split(",").map((part) => {
    if (!/^\s*\d{1,10}\s*$/.test(part)) throw new UsageError(`"${part}" is not the ID of a node`);
    return Number(part);
  });
}

/** `1, 2, or 3`. */
function either(nodes: readonly PeerNode[]): string {
  const ids = nodes.map(({ id }) => String(id));
  const last = ids.pop() ?? "";
  if (ids.length === 0) return last;
  return `${ids.join(", ")}${ids.length > 1 ? "," : ""} or ${last}`;
}
