/**
 * UDP servers that give one answer to one datagram and remember nothing but who asks too often.
 *
 * @module
 */
import { TokenBucket } from "../../protocols/token_bucket.ts";
import { excerpt } from "../../protocols/visible_text.ts";
import type { Behavior } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { formatAddress } from "./address.ts";
import { datagrams, type DatagramsCommand } from "./datagrams.ts";

/** Options of {@linkcode datagramServer}, and of the services that are one. */
export interface DatagramServerOptions {
  /** Where it listens; port 0 takes any free one. */
  readonly address: SocketAddress;
  /** Datagrams a second that one peer is answered; 0 is no limit. @default 1000 */
  readonly maxPerSecond?: number;
  /** Peers remembered at once. @default 10000 */
  readonly maxPeers?: number;
  /** Told the real address as soon as the socket is bound. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** What is looked at of a datagram. No request is longer; the rest of a long one is never decoded. */
const MAX_REQUEST_BYTES = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A UDP server: each datagram, read as text, gets what `answer` says, if its peer keeps to the limit.
 *
 * @example
 * ```ts no-assert
 * import { datagramServer } from "@troupe/actors/net";
 *
 * const shouting = datagramServer({ address: { hostname: "127.0.0.1", port: 0 } }, (text) => text.toUpperCase());
 * ```
 */
export function datagramServer(
  options: DatagramServerOptions,
  /** Told the first 256 bytes of the datagram as text, and the time, in milliseconds since 1970. */
  answer: (request: string, nowMs: number) => string,
): Behavior<DatagramsCommand> {
  const { address, maxPerSecond = 1000, maxPeers = 10_000, onListening } = options;
  const limit = { perSecond: maxPerSecond, burst: Math.max(1, maxPerSecond) };
  return (self) =>
    datagrams({
      address,
      maxPeers,
      onListening: (bound) => {
        self.log.plain("Server started...waiting for a connection from the client");
        self.log.info(`Server listening on ${formatAddress(bound)} (UDP)`);
        onListening?.(bound);
      },
      peer: (peer) => {
        const { context } = peer;
        const bucket = new TokenBucket(limit, context.coarseNow);
        let warned = false;
        return {
          datagram(bytes) {
            if (!bucket.take(context.coarseNow)) {
              // One line a peer: a log that grows with a flood would be the flood's second victim.
              if (!warned) {
                context.log.warn(`Not answering ${peer.remote}: over ${maxPerSecond} datagrams a second`);
              }
              warned = true;
              return;
            }
            const request = decoder.decode(bytes.subarray(0, MAX_REQUEST_BYTES));
            const long = bytes.length > MAX_REQUEST_BYTES ? { size: `${bytes.length} bytes` } : {};
            context.log.plain(`Server received MESSAGE= ${excerpt(request, long)} from ADDR= ${peer.remote}`);
            peer.send(encoder.encode(answer(request, context.world.clock.now())));
          },
        };
      },
    })(self);
}
