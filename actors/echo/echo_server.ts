/**
 * The server that gives back what it is given.
 *
 * @module
 */
import { FOREIGN_PROTOCOLS } from "../../protocols/foreign_greeting.ts";
import { rawFrames } from "../../protocols/frames.ts";
import { Reflections } from "../../protocols/reflections.ts";
import { excerpt } from "../../protocols/visible_text.ts";
import {
  type CloseReason,
  type Connection,
  datagrams,
  type DatagramsCommand,
  formatAddress,
  type Session,
  tcpServer,
  type TcpServerCommand,
  type TcpServerOptions,
} from "../net/mod.ts";
import { type Behavior, type Context, escalate } from "../runtime/mod.ts";
import { type SocketAddress, WorldError } from "../world/world.ts";

/** Options of {@linkcode echoServer}. */
export interface EchoServerOptions
  extends Pick<TcpServerOptions<Uint8Array>, "address" | "tls" | "limits" | "drainMs"> {
  /** Answer datagrams too, on the same port. @default false */
  readonly udp?: boolean;
  /** Datagrams a second of one address that are returned; 0 is no limit. @default 1000 */
  readonly maxPerSecond?: number;
  /** Told the real address as soon as the sockets are there. */
  readonly onListening?: (address: SocketAddress) => void;
}

/** Both families, where the machine has both. */
const ANY_IPV6 = "::";
const ANY_IPV4 = "0.0.0.0";
/** What is looked at of a chunk for the log. */
const MAX_LOGGED_BYTES = 256;

const decoder = new TextDecoder();

/**
 * Returns every byte that it is sent, in order, also after the client has ended its sending half.
 *
 * On `::` it serves IPv6 and IPv4; where the machine has no IPv6 it serves IPv4 and says so.
 * The start throws the {@linkcode WorldError} of the socket (`address-in-use`, …).
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { echoServer } from "@troupe/actors/echo";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = echoServer({ address: { hostname: "127.0.0.1", port: 0 }, udp: true });
 * const server = system.spawn("echo", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * using client = await Deno.connect({ port });
 * await client.write(new TextEncoder().encode("hello\n"));
 * const answer = new Uint8Array(64);
 * const length = await client.read(answer) ?? 0;
 * assertEquals(new TextDecoder().decode(answer.subarray(0, length)), "hello\n");
 * ```
 */
export function echoServer(options: EchoServerOptions): Behavior<TcpServerCommand> {
  return (self) => {
    const { address } = options;
    try {
      return listen(self, options, address);
    } catch (error) {
      if (address.hostname !== ANY_IPV6 || !isWithoutIpv6(error)) throw error;
      self.log.warn("No IPv6 on this machine: listening on IPv4 alone", { event: "no-ipv6" });
      return listen(self, options, { ...address, hostname: ANY_IPV4 });
    }
  };
}

/** A port that is taken or forbidden is so in both families; all else says that this family is not there. */
function isWithoutIpv6(error: unknown): boolean {
  return error instanceof WorldError && error.kind !== "address-in-use" && error.kind !== "permission-denied";
}

function listen(self: Context<TcpServerCommand>, options: EchoServerOptions, address: SocketAddress) {
  const { tls, limits, drainMs, udp = false, maxPerSecond = 1000, onListening } = options;
  return tcpServer({
    address,
    frames: rawFrames,
    session: echo,
    // Every byte is returned, whatever it means to others.
    greetings: FOREIGN_PROTOCOLS,
    ...(tls && { tls }),
    ...(limits && { limits }),
    ...(drainMs !== undefined && { drainMs }),
    onListening(bound, all) {
      for (const [index, address] of all.entries()) {
        if (udp) {
          const name = index === 0 ? "udp" : `udp-${index}`;
          self.spawn(name, echoDatagrams(address, maxPerSecond), { onFailure: escalate() });
        }
        const families = address.hostname === ANY_IPV6 ? "IPv4 and IPv6" : familyOf(address);
        self.log.plain(`Server is listening on ${formatAddress(address)} (${families})`, {
          event: "listening",
          ...address,
        });
      }
      onListening?.(bound);
    },
  })(self);
}

/** The session of one client. */
function echo(connection: Connection): Session<Uint8Array> {
  const { remote, context: { log } } = connection;
  log.plain(`Connection from ${remote} (${familyOf(connection.remoteAddress)})`, {
    event: "connected",
    client: remote,
  });
  return new EchoSession(connection, log.debugEnabled);
}

/** A class, since there may be ten thousand: a closure for each method would be twice the memory. */
class EchoSession implements Session<Uint8Array> {
  readonly #connection: Connection;
  readonly #debugEnabled: boolean;

  constructor(connection: Connection, debugEnabled: boolean) {
    this.#connection = connection;
    this.#debugEnabled = debugEnabled;
  }

  frame(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (this.#debugEnabled) {
      connection.context.log.debug(`Received: ${shown(bytes)} from ${connection.remote}`, {
        event: "received",
      });
    }
    connection.send(bytes);
  }

  draining(): void {
    const { remote: client, context: { log } } = this.#connection;
    log.plain(`Connection lost with client: ${client}`, { event: "draining", client });
  }

  closed({ type: reason }: CloseReason): void {
    const { remote: client, context: { log } } = this.#connection;
    log.plain(`Connection closed for ${client}`, { event: "disconnected", client, reason });
  }
}

function echoDatagrams(address: SocketAddress, maxPerSecond: number): Behavior<DatagramsCommand> {
  return datagrams({
    address,
    maxPerSecond,
    peer(peer) {
      const { remote, context: { log } } = peer;
      // From a server's own port: somebody forged it, so that two echo servers answer each other for ever.
      const isForged = peer.remoteAddress.port === peer.localAddress.port;
      const reflections = new Reflections();
      return {
        datagram(bytes) {
          if (log.debugEnabled) log.debug(`Received: ${shown(bytes)} from ${remote}`, { event: "received" });
          if (!isForged && reflections.mayAnswer(bytes, peer.context.coarseNow)) peer.send(bytes);
        },
      };
    },
  });
}

function familyOf(address: SocketAddress): "IPv4" | "IPv6" {
  return address.hostname.includes(":") ? "IPv6" : "IPv4";
}

function shown(bytes: Uint8Array): string {
  const text = decoder.decode(bytes.subarray(0, MAX_LOGGED_BYTES)).replace(/\r?\n$/, "");
  return excerpt(text, bytes.length > MAX_LOGGED_BYTES ? { size: `${bytes.length} bytes` } : {});
}
