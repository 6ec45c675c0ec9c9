/**
 * The tracker over UDP (BEP 15), beside that over HTTP.
 *
 * @module
 */
import {
  decodeUdpRequest,
  encodeUdpResponse,
  type UdpTrackerRequest,
  type UdpTrackerResponse,
} from "../../../protocols/udp_tracker.ts";
import { type DatagramPeer, datagrams, type DatagramsCommand } from "../../net/mod.ts";
import type { Behavior, Ref } from "../../runtime/mod.ts";
import type { SocketAddress } from "../../world/world.ts";
import type { TrackerCommand } from "../tracker.ts";

/** Options of {@linkcode udpTracker}. */
export interface UdpTrackerOptions {
  /** Where to listen. */
  readonly address: SocketAddress;
  /** Knows the files and who takes part. */
  readonly tracker: Ref<TrackerCommand>;
}

const ASK = { timeoutMs: 5000 } as const;
/** Of one address: whoever has many ports is answered no more. */
const MAX_PER_SECOND = 100;
const MAX_PEERS = 5000;
/** BEP 15: a connection ID is good for two minutes. Ours change each minute, and the last one counts too. */
const EPOCH_MS = 60_000;
/** An answer is no longer than the announce: nobody can have us send more than he sends himself. */
const MAX_ANSWERED = { IPv4: 13, IPv6: 4 } as const;

/** Answers connects, announces and scrapes. What is nothing of that is not answered. */
export function udpTracker({ address, tracker }: UdpTrackerOptions): Behavior<DatagramsCommand> {
  return (self) => {
    const { hash, clock, random } = self.world;
    const secret = random.bytes(32);
    const epoch = () => Math.floor(clock.monotonic() / EPOCH_MS);
    const connectionOf = (remote: string, at: number): bigint => {
      const digest = hash.hmac("SHA-256", secret, new TextEncoder().encode(`${at} ${remote}`));
      return new DataView(digest.buffer).getBigUint64(0);
    };
    const isConnected = (remote: string, connection: bigint) =>
      connection === connectionOf(remote, epoch()) || connection === connectionOf(remote, epoch() - 1);
    return datagrams({
      address,
      maxPeers: MAX_PEERS,
      maxPerSecond: MAX_PER_SECOND,
      idleMs: 2 * EPOCH_MS,
      peer: (peer) => ({
        async datagram(bytes) {
          const request = decodeUdpRequest(bytes);
          if (request === undefined) return;
          const family = peer.remoteAddress.hostname.includes(":") ? "IPv6" : "IPv4";
          if (request.type === "connect") {
            const { transaction } = request;
            const connection = connectionOf(peer.remote, epoch());
            return peer.send(encodeUdpResponse({ type: "connect", transaction, connection }));
          }
          // Nothing is answered to whom has not shown that it gets what is sent to its address.
          if (!isConnected(peer.remote, request.connection)) return;
          const response = await answer(tracker, request, peer, MAX_ANSWERED[family]);
          peer.send(encodeUdpResponse(response, family));
        },
      }),
    })(self);
  };
}

async function answer(
  tracker: Ref<TrackerCommand>,
  message: Exclude<UdpTrackerRequest, { type: "connect" }>,
  peer: DatagramPeer,
  maxPeers: number,
): Promise<UdpTrackerResponse> {
  const { transaction } = message;
  const error = (reason: string): UdpTrackerResponse => ({ type: "error", transaction, reason });
  const leader = await tracker.ask({ type: "get-leader" }, ASK);
  if (leader.type === "leader-lost" || !leader.isSelf) return error("this node does not lead");
  if (message.type === "scrape") {
    const { infoHashes } = message;
    const known = await tracker.ask({ type: "scrape", infoHashes }, ASK);
    if (known.length < infoHashes.length) return error("unknown torrent");
    return { type: "scrape", transaction, counts: known.map(([, counts]) => counts) };
  }
  const { request } = message;
  const { hostname } = peer.remoteAddress;
  const response = await tracker.ask({ type: "announce", request, hostname }, ASK);
  if (response.type === "failure") return error(response.reason);
  return {
    type: "announce",
    transaction,
    response: { ...response, peers: response.peers.slice(0, maxPeers) },
  };
}
