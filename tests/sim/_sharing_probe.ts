/**
 * What a peer finds out about a node from outside: for which info hashes it is let in, and whom the tracker
 * names.
 *
 * @module
 */
import { equalBytes } from "../../protocols/_equal_bytes.ts";
import { encodePeerMessage } from "../../protocols/peer_wire.ts";
import { announceUrl, decodeAnnounceResponse, type PeerAddress } from "../../protocols/tracker.ts";
import { type TcpConnection, type World, WorldError } from "../../actors/world/world.ts";
import { delay, writeAll } from "./_harness.ts";
import { messagesOf, SWARM_PORT } from "./_scripted_peer.ts";
import { HTTP_PORT } from "./_scripted_swarm.ts";

/** Who is not answered by then is not let in. */
const PATIENCE_MS = 3000;

/** Whether a node answers the handshake of a peer that asks for an info hash, by that hash. */
export async function letsIn(world: World, hostname: string, infoHash: Uint8Array): Promise<boolean> {
  let connection: TcpConnection | undefined;
  try {
    connection = await world.net.connectTcp({ hostname, port: SWARM_PORT });
    delay(world, PATIENCE_MS).then(connection.close.bind(connection));
    const handshake = { infoHash, peerId: world.random.bytes(20), fast: false, extended: false };
    await writeAll(connection, encodePeerMessage({ type: "handshake", handshake }));
    const { value: first } = await messagesOf(connection).next();
    return first?.type === "handshake" && equalBytes(first.handshake.infoHash, infoHash);
  } catch (error) {
    if (error instanceof WorldError) return false;
    throw error;
  } finally {
    connection?.close();
  }
}

/** Whom the tracker of a node names to one who announces itself at a port, and lacks something. */
export async function announcedTo(
  world: World,
  hostname: string,
  { infoHash, port }: { readonly infoHash: Uint8Array; readonly port: number },
): Promise<readonly PeerAddress[]> {
  const peerId = world.random.bytes(20);
  const url = announceUrl(
    `http://${hostname}:${HTTP_PORT}/announce`,
    { infoHash, peerId, port, uploaded: 0, downloaded: 0, left: 1 },
  );
  const response = decodeAnnounceResponse(await (await world.net.fetch(new Request(url))).bytes());
  return response.type === "peers" ? response.peers : [];
}
