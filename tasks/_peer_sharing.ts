/**
 * File sharing on the command line of a peer: its flags, and what a node that shares is made of.
 *
 * @module
 */
import {
  HTTP_PORT_OFFSET,
  sharing,
  type SharingCommand,
  type SharingNode,
  SWARM_PORT_OFFSET,
} from "../actors/sharing/mod.ts";
import type { StaticFiles } from "../actors/net/mod.ts";
import type { PeerNode } from "../actors/election/mod.ts";
import type { ElectionNotice, SubscribeElection } from "../protocols/election_events.ts";
import {
  type Behavior,
  type Context,
  errorText,
  escalate,
  formatAddress,
  type Ref,
  type RegistryKey,
  type SocketAddress,
  stop,
  type World,
} from "../mod.ts";
import { custom, type Flag, port, toggle, UsageError } from "./_cli.ts";

/** The flags of file sharing. */
export function sharingFlags(): SharingFlags {
  return {
    swarmPort: port({
      help: "Port for BitTorrent peers; 0 takes any free one",
      shown: `the node's port + ${SWARM_PORT_OFFSET}`,
    }),
    httpPort: port({
      help: "Port of the tracker, the .torrent files and the page; others expect the usual one",
      shown: `the node's port + ${HTTP_PORT_OFFSET}`,
    }),
    up: rate("Bytes a second that are sent to peers"),
    down: rate("Bytes a second that are fetched from peers"),
    json: toggle({ help: "With get and files: JSON, one object a line" }),
  };
}

/** See {@linkcode sharingFlags}. */
export type SharingFlags = {
  readonly swarmPort: Flag<number | undefined>;
  readonly httpPort: Flag<number | undefined>;
  readonly up: Flag<number>;
  readonly down: Flag<number>;
  readonly json: Flag<boolean>;
};

/** What the flags of file sharing came to. */
export interface SharingFlagValues {
  readonly swarmPort: number | undefined;
  readonly httpPort: number | undefined;
  readonly up: number;
  readonly down: number;
}

function rate(help: string): Flag<number> {
  return custom({
    help: `${help}; K and M are 1024 and 1024 × 1024; 0 is no limit`,
    value: "BYTES",
    takes: "a number of bytes such as 500K or 2M",
    default: 0,
    parse: readBytes,
  });
}

function readBytes(value: string): number {
  const parts = /^(\d{1,12})([KM]?)$/i.exec(value);
  if (parts === null) {
    throw new UsageError(`${JSON.stringify(value)} is not a number of bytes such as 500K or 2M`);
  }
  const unit = parts[2]?.toUpperCase();
  return Number(parts[1]) * (unit === "M" ? 1024 * 1024 : unit === "K" ? 1024 : 1);
}

/** The nodes as sharing knows them: each serves HTTP on its port + 2000. */
export function sharingNodes(nodes: readonly PeerNode[]): SharingNode[] {
  return nodes.map(({ id, address }) => ({
    id,
    http: { hostname: address.hostname, port: (address.port + HTTP_PORT_OFFSET) % 65536 },
  }));
}

/** Options of {@linkcode withSharing}. */
export interface WithSharingOptions extends SharingFlagValues {
  /** This node. */
  readonly own: PeerNode;
  /** All nodes. */
  readonly nodes: readonly PeerNode[];
  /** Where to listen, if not where the others find it. */
  readonly host: string | undefined;
  /** The directory whose files are given. */
  readonly directory: string;
  /** Where the election is found. */
  readonly election: RegistryKey<SubscribeElection<Ref<ElectionNotice>>>;
  /** The page of the swarm. */
  readonly page: StaticFiles | undefined;
  /** Where sharing is to be found. */
  readonly key: RegistryKey<SharingCommand>;
}

/**
 * A node with its file sharing. Ports that nobody has named and that are taken cost the sharing alone: who
 * elects can do
 * without it.
 */
export function withSharing(node: Behavior<never>, options: WithSharingOptions): Behavior<never> {
  return async (self) => {
    const election = self.spawn("election", node, { onFailure: escalate() });
    // It makes the directory, and has it to itself. One that does not start takes this actor with it.
    const isStarted = await self.started(election).then(() => true, () => false);
    if (!isStarted || self.signal.aborted) return () => {};
    const { swarm, http } = addressesOf(options);
    const isNamed = options.swarmPort !== undefined || options.httpPort !== undefined;
    const refusal = isNamed ? undefined : whyNot(self.world, [swarm, http]);
    if (refusal === undefined) {
      self.spawn("sharing", sharingOf(options), { onFailure: isNamed ? escalate() : stop() });
    } else self.log.warn(`Not sharing files: ${refusal}`);
    return () => {};
  };
}

function addressesOf(options: WithSharingOptions): { swarm: SocketAddress; http: SocketAddress } {
  const { own, host, swarmPort, httpPort } = options;
  const hostname = host ?? own.address.hostname;
  return {
    swarm: { hostname, port: swarmPort ?? own.address.port + SWARM_PORT_OFFSET },
    http: { hostname, port: httpPort ?? own.address.port + HTTP_PORT_OFFSET },
  };
}

/** Why one of these addresses cannot be listened on; undefined when all can. */
function whyNot(world: World, addresses: readonly SocketAddress[]): string | undefined {
  for (const address of addresses) {
    if (address.port > 65535) return `there is no port ${address.port}`;
    try {
      world.net.listenTcp(address).close();
    } catch (error) {
      return errorText(error);
    }
  }
  return undefined;
}

function sharingOf(options: WithSharingOptions): Behavior<SharingCommand> {
  const { own, nodes, directory, election, up, down, page } = options;
  const { swarm, http } = addressesOf(options);
  return (self: Context<SharingCommand>) => {
    const behavior = sharing({
      id: own.id,
      nodes: sharingNodes(nodes),
      directory,
      swarm,
      http,
      election,
      maxUpload: up,
      maxDownload: down,
      ...(page === undefined ? {} : { page }),
      onListening: (addresses) => {
        const where = `peers at ${formatAddress(addresses.swarm)}, http://${formatAddress(addresses.http)}/`;
        const note = page === undefined ? " (no page there: `deno task pages` makes it)" : "";
        self.log.info(`Sharing ${directory}: ${where}${note}`);
      },
    });
    self.registry.register(options.key, self.self);
    return behavior(self);
  };
}
