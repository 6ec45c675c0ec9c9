/**
 * UDP servers that give one answer to one datagram and remember nothing but who asks too often.
 *
 * @module
 */
import { couldBeAnswer } from "../../protocols/answers.ts";
import { excerpt } from "../../protocols/visible_text.ts";
import type { Behavior } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { formatAddresses } from "./_listening.ts";
import { LogThrottle } from "./log_throttle.ts";
import { datagrams, type DatagramsCommand } from "./datagrams.ts";

/** Options of {@linkcode datagramServer}, and of the services that are one. */
export interface DatagramServerOptions {
  /** Where it listens; port 0 takes any free one. */
  readonly address: SocketAddress;
  /** Datagrams a second of one address that are answered; 0 is no limit. @default 1000 */
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

/** The longest answer to a request that is shorter: an answer that forged requests make grow is a weapon. */
const MAX_FIXED_ANSWER_BYTES = 64;
/** Requests that are logged: more are counted. */
const LOGGED = { perSecond: 10, burst: 20 };

/**
 * A UDP server: each datagram, read as text, gets what `answer` says, if its address keeps to the limit. What
 * could itself be an answer gets none, and an answer that is longer than its request and than 64 bytes is not
 * sent.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { datagramServer } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const address = { hostname: "127.0.0.1", port: 0 };
 * const behavior = datagramServer({ address }, (text) => text.toUpperCase());
 * const server = system.spawn("shout", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * const client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
 * const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
 * await client.send(new TextEncoder().encode("hello"), to);
 * const [answer] = await client.receive();
 * client.close();
 * assertEquals(new TextDecoder().decode(answer), "HELLO");
 * ```
 */
export function datagramServer(
  options: DatagramServerOptions,
  /** Told the first 256 bytes of the datagram as text, and the time, in milliseconds since 1970. */
  answer: (request: string, nowMs: number) => string,
): Behavior<DatagramsCommand> {
  const { address, maxPerSecond = 1000, maxPeers = 10_000, onListening } = options;
  return (self) => {
    const requests = new LogThrottle(self, LOGGED);
    return datagrams({
      address,
      maxPeers,
      maxPerSecond,
      onListening: (bound, all) => {
        self.log.plain("Server started...waiting for a connection from the client", { event: "started" });
        self.log.info(`Server listening on ${formatAddresses(all)} (UDP)`, { event: "listening", ...bound });
        onListening?.(bound);
      },
      peer: (peer) => ({
        datagram(bytes) {
          const { context: { world, coarseNow }, remote } = peer;
          const request = decoder.decode(bytes.subarray(0, MAX_REQUEST_BYTES));
          if (couldBeAnswer(request)) return;
          const long = bytes.length > MAX_REQUEST_BYTES ? { size: `${bytes.length} bytes` } : {};
          requests.plain(
            coarseNow,
            `Server received MESSAGE= ${excerpt(request, long)} from ADDR= ${remote}`,
          );
          const answered = encoder.encode(answer(request, world.clock.now()));
          if (answered.length <= Math.max(bytes.length, MAX_FIXED_ANSWER_BYTES)) peer.send(answered);
        },
      }),
    })(self);
  };
}
