/**
 * The engine by which many chat servers are one chat.
 *
 * @module
 */
import { chatEntities, type TcpServerCommand } from "../actors/chat/mod.ts";
import type { Cluster, Driver, Engine } from "../actors/cluster/mod.ts";
import type { World } from "../actors/world/world.ts";
import type { ActorSystem, Behavior, Core } from "../mod.ts";
import { inDataDir } from "./_data_dir.ts";
import { custom, type Flag, UsageError } from "./_flags.ts";

/** What `--engine` says. */
export interface EngineChoice {
  readonly kind: "memory" | "sqlite" | "nats";
  /** As it was given. */
  readonly text: string;
  /** The file, or the servers. */
  readonly rest: string;
}

/** `--engine`. */
export function engineFlag(): Flag<EngineChoice | undefined> {
  return custom<EngineChoice>({
    help: "What names, rooms and history are kept by; with NATS, all servers on it are one chat",
    value: "ENGINE",
    takes: "memory, sqlite:FILE or nats://HOST:PORT,…",
    parse(text) {
      if (text === "memory") return { kind: "memory", text, rest: "" };
      const [, file] = /^sqlite:(?:\/\/)?(.+)$/.exec(text) ?? [];
      if (file !== undefined) return { kind: "sqlite", text, rest: file };
      const [, servers] = /^nats:\/\/(.+)$/.exec(text) ?? [];
      if (servers !== undefined && areServers(servers)) return { kind: "nats", text, rest: servers };
      throw new UsageError(`${JSON.stringify(text)} is not memory, sqlite:FILE or nats://HOST:PORT,…`);
    },
  });
}

/** Whether it is `HOST:PORT,…`, perhaps with `USER:PASSWORD@` before it: a port may be left out. */
function areServers(text: string): boolean {
  const [who = ""] = /^[^@,]*@/.exec(text) ?? [];
  return isPercentEncoded(who) && text.slice(who.length).split(",").every((server) => {
    const address = server.replace(/^nats:\/\//, "");
    const url = URL.parse(`http://${address}`);
    return url !== null && url.port !== "0" && !/[\s/?#@]/.test(address);
  });
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Copies of all that is kept: on each of three servers, where so many are named. */
const MOST_COPIES = 3;

/** How long a server is believed alive without a word: its rooms go on elsewhere after that. */
const LEASE_TTL_MS = 1500;

/** A server's way into its cluster. */
export interface ChatCluster {
  readonly cluster: Cluster;
  readonly engine: Engine;
}

/** What {@linkcode joinChat} needs to know. */
export interface JoinChatOptions {
  readonly engine: EngineChoice;
  readonly dataDir: string;
  readonly drainMs: number;
  /** The core that it runs on, where it is one of several: the engine is theirs. */
  readonly core?: Core | undefined;
}

/**
 * Opens the engine, and has the system of a server join the cluster on it: before the server starts, so that
 * its rooms are there until it has stopped.
 */
export async function joinChat(system: ActorSystem, options: JoinChatOptions): Promise<ChatCluster> {
  const { drainMs, core } = options;
  const { world } = system;
  // Loaded by who uses it alone.
  const { joinCluster } = await import("../actors/cluster/mod.ts");
  const engine = core?.engine ?? await openOwn(world, options);
  // A life of a core has a name of its own: whoever was on one that died is gone.
  const life = world.random.bytes(4).toHex();
  const cluster = await joinCluster(system, {
    ...{ engine, types: chatEntities, drainMs },
    ...(core && { hostId: `core-${core.index}-${life}` }),
  });
  return { engine, cluster };
}

async function openOwn(
  world: World,
  { dataDir, engine: { kind, text, rest } }: JoinChatOptions,
): Promise<Engine> {
  const { openEngine } = await import("../actors/cluster/engines/mod.ts");
  const where = kind === "sqlite" ? `sqlite:${inDataDir({ dataDir }, rest)}` : text;
  const replicas = rest.split(",").length >= MOST_COPIES ? MOST_COPIES : 1;
  return await openEngine(where, { world, replicas, leaseTtlMs: LEASE_TTL_MS });
}

/** What the cores of one server keep names, rooms and history by, in its first thread. */
export async function coresDriver(
  options: { readonly engine: EngineChoice | undefined; readonly dataDir: string },
  world: World,
  leaseTtlMs: number,
): Promise<Driver> {
  const { memoryDriver, sqliteDriver } = await import("../actors/cluster/mod.ts");
  if (options.engine?.kind !== "sqlite") return memoryDriver({ world, leaseTtlMs });
  return sqliteDriver({ world, leaseTtlMs, file: inDataDir(options, options.engine.rest) });
}

/** A server on a cluster, which it leaves when its connections are closed. */
export function onCluster(
  joining: Promise<ChatCluster>,
  serverOf: (cluster: Cluster) => Behavior<TcpServerCommand>,
): Behavior<TcpServerCommand> {
  return async (self) => {
    const { cluster, engine } = await joining;
    self.onStop(async () => {
      await cluster.leave();
      await engine[Symbol.asyncDispose]();
    });
    let wasConnected = true;
    const watching = cluster.observeConnection((isConnected) => {
      if (isConnected === wasConnected) return;
      wasConnected = isConnected;
      if (isConnected) self.log.info("The engine answers again", { event: "engine-back" });
      else self.log.warn("The engine cannot be reached: the chat waits for it", { event: "engine-lost" });
    });
    self.onStop(() => watching.cancel());
    self.log.plain(`Chat server joined the cluster on ${engine.name} as ${cluster.host?.id ?? "nobody"}`, {
      event: "joined-cluster",
    });
    return serverOf(cluster)(self);
  };
}
