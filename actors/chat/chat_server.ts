/**
 * The chat's server.
 *
 * @module
 */
import { LOBBY } from "../../protocols/chat.ts";
import type { TokenBucketOptions } from "../../protocols/token_bucket.ts";
import { type IrcFrame, ircFrames } from "../../protocols/irc.ts";
import {
  AddressRate,
  formatAddress,
  lineServer,
  type LineServerOptions,
  LoginRate,
  tcpServer,
  type TcpServerCommand,
  type TcpServerOptions,
  webServer,
  type WebServerOptions,
} from "../net/mod.ts";
import { type Behavior, type Context, escalate } from "../runtime/mod.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { SocketAddress } from "../world/world.ts";
import { type ClusterServices, startClusterServices } from "./cluster/mod.ts";
import { ircDoor } from "./doors/irc.ts";
import { lineDoor } from "./doors/line.ts";
import { webRoutes } from "./doors/web.ts";
import { history } from "./history.ts";
import { hostMasks } from "./host_mask.ts";
import type { ChatServices } from "./member.ts";
import type { MemberMessage } from "./messages.ts";
import { names } from "./names.ts";
import { rooms } from "./rooms.ts";

/** The members of one address may send as much as so many of them. */
const ADDRESS_SHARE = 10;

/** Options of {@linkcode chatServer}. */
export interface ChatServerOptions extends LineServerOptions {
  /** How fast one member may send lines. @default 10 a second, 20 at once */
  readonly rate?: TokenBucketOptions;
  /** Where what is said is kept. @default in memory alone */
  readonly historyFile?: string;
  /**
   * What makes one chat of many servers: names, rooms and history are the cluster's, connections each
   * server's own. It has to run {@linkcode chatEntities}, and is left by who joined it, after the server has
   * stopped. @default the chat is this server's own
   */
  readonly cluster?: Cluster;
  /** The door for IRC clients. @default none */
  readonly irc?: ChatIrcOptions;
  /** The door for browsers: the page at `/`, its WebSocket at `/chat`. @default none */
  readonly web?: WebServerOptions;
}

/** Options of the chat's door for IRC clients. */
export interface ChatIrcOptions extends Pick<TcpServerOptions<IrcFrame>, "address" | "tls"> {
  /** What the server calls itself. @default "troupe.chat" */
  readonly serverName?: string;
  /** What its network is called. @default "Troupe" */
  readonly network?: string;
  /** The version of the program. @default "troupe" */
  readonly version?: string;
  /** Milliseconds of silence after which a client is asked whether it is there. @default 90000 */
  readonly pingIntervalMs?: number;
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
}

/**
 * The chat: an actor that owns the names, one that owns the rooms with an actor for each, one that keeps the
 * history, and an actor for each member, which is its connection.
 *
 * @throws `TypeError` on a history file beside a cluster, whose engine keeps the history.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { chatServer } from "@troupe/actors/chat";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = chatServer({ address: { hostname: "127.0.0.1", port: 0 } });
 * const server = system.spawn("chat", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * using client = await Deno.connect({ port });
 * await client.write(new TextEncoder().encode("ann\n/who\n"));
 * const answer = new Uint8Array(64);
 * const length = await client.read(answer) ?? 0;
 * assertEquals(new TextDecoder().decode(answer.subarray(0, length)), "In lobby: ann\n");
 * ```
 */
export function chatServer(options: ChatServerOptions): Behavior<TcpServerCommand> {
  const { rate = { perSecond: 10, burst: 20 }, historyFile, cluster, onListening, irc, web, ...rest } =
    options;
  if (cluster !== undefined && historyFile !== undefined) {
    throw new TypeError("Cannot keep the history of a cluster in a file: its engine keeps it");
  }
  let { address } = options;
  let ircAddress = irc?.address;
  let webAddress = web?.address;
  return async (self) => {
    // Members know the owners of names and rooms and are known to them: when one of these starts afresh, all
    // do.
    self.supervise("one-for-all");
    const owners = cluster === undefined
      ? await startOwners(self, historyFile)
      : await startClusterServices(self, cluster);
    // Its failure is this actor's own, and its reason has been given: there is nothing to add.
    if (owners === undefined) return () => {};
    const shared: ChatServices = {
      names: owners.names,
      rooms: owners.rooms,
      rate,
      addressRate: new AddressRate({
        perSecond: ADDRESS_SHARE * rate.perSecond,
        burst: ADDRESS_SHARE * rate.burst,
      }),
      logins: new LoginRate(),
      hostOf: hostMasks(self.world, owners.maskKey),
    };
    const server = self.spawn<TcpServerCommand>(
      "server",
      (server) =>
        lineServer(
          {
            ...rest,
            address,
            login: true,
            onListening: (bound) => {
              // After a restart, the port must be the one that people know.
              address = bound;
              self.log.plain(`Chat server started on port ${bound.port}`, { event: "listening", ...bound });
              onListening?.(bound);
            },
          },
          lineDoor(shared),
        )(server),
      { onFailure: escalate() },
    );
    if (irc !== undefined && ircAddress !== undefined) {
      const { limits, drainMs } = rest;
      const listening = (bound: SocketAddress) => ircAddress = bound;
      self.spawn("irc", ircServer(shared, { ...irc, address: ircAddress }, { limits, drainMs }, listening), {
        onFailure: escalate(),
      });
    }
    if (web !== undefined && webAddress !== undefined) {
      const { limits, drainMs } = rest;
      const door = webServer<MemberMessage>({
        ...(limits === undefined ? {} : { limits }),
        ...(drainMs === undefined ? {} : { drainMs }),
        ...web,
        address: webAddress,
        onListening: (bound) => {
          webAddress = bound;
          web.onListening?.(bound);
        },
      }, webRoutes(shared, web.pages));
      self.spawn("web", door, { onFailure: escalate() });
    }
    return (message) => server.tell(message);
  };
}

/** Starts the owners of the names and rooms of one server; undefined when the history cannot be opened. */
async function startOwners(
  self: Context<TcpServerCommand>,
  historyFile: string | undefined,
): Promise<Omit<ClusterServices, "maskKey"> & { readonly maskKey?: undefined } | undefined> {
  const keeping = history(historyFile === undefined ? {} : { file: historyFile });
  const historyRef = self.spawn("history", keeping, { onFailure: escalate() });
  // Nobody is let in before the history is there.
  const isReady = await historyRef.ask<readonly string[]>(
    (replyTo) => ({ type: "last", room: LOBBY, lines: 1, replyTo }),
    { signal: self.signal },
  ).then(() => true, () => false);
  if (!isReady) return undefined;
  return {
    names: self.spawn("names", names()),
    rooms: self.spawn("rooms", rooms({ history: historyRef })),
  };
}

/** The listener of the IRC door. */
function ircServer(
  services: ChatServices,
  options: ChatIrcOptions,
  limits: { readonly limits: LineServerOptions["limits"]; readonly drainMs: number | undefined },
  listening: (bound: SocketAddress) => void,
): Behavior<TcpServerCommand> {
  return (self: Context<TcpServerCommand>) => {
    const { address, tls, onListening, pingIntervalMs } = options;
    const { serverName = "troupe.chat", network = "Troupe", version = "troupe" } = options;
    const door = ircDoor(services, {
      server: { name: serverName, network, version, createdMs: self.world.clock.now(), motd: [] },
      ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
    });
    return tcpServer<IrcFrame, MemberMessage>({
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(limits.limits === undefined ? {} : { limits: limits.limits }),
      ...(limits.drainMs === undefined ? {} : { drainMs: limits.drainMs }),
      login: true,
      frames: ircFrames,
      session: door,
      refusal: (text) => `ERROR :${text.trimEnd()}\r\n`,
      onListening: (bound) => {
        listening(bound);
        self.log.info(`IRC server listening on ${formatAddress(bound)}`, { event: "listening", ...bound });
        onListening?.(bound);
      },
    })(self);
  };
}
