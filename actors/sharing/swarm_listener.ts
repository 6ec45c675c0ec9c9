/**
 * Where peers connect.
 *
 * @module
 */
import { peerFrames, type PeerMessage } from "../../protocols/peer_wire.ts";
import { tcpServer, type TcpServerCommand } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import type { PeerCommand } from "./messages.ts";
import { PEER_CONNECTION } from "./peer_connection.ts";
import { PeerSession, type PeerSessionOptions, type PeerTick } from "./peer_session.ts";

/** Options of {@linkcode swarmListener}. */
export interface SwarmListenerOptions {
  /** Where to listen; port 0 takes any free one. */
  readonly address: SocketAddress;
  /** What each connection is given, once the address is known. */
  readonly session: () => Omit<PeerSessionOptions, "wanted">;
  /** Connections at once. @default 200 */
  readonly maxClients?: number;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** Takes connections of peers, whatever torrent they want. */
export function swarmListener(options: SwarmListenerOptions): Behavior<TcpServerCommand> {
  const { address, session, maxClients = 200, onListening } = options;
  return tcpServer<PeerMessage, PeerCommand | PeerTick>({
    address,
    frames: peerFrames,
    session: (connection) => new PeerSession(connection, session()),
    ...PEER_CONNECTION,
    // One address leaves room for others.
    limits: { ...PEER_CONNECTION.limits, maxClients, maxPerAddress: Math.ceil(maxClients / 2) },
    ...(onListening === undefined ? {} : { onListening }),
  });
}
