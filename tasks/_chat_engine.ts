/**
 * The engine by which many chat servers are one chat.
 *
 * @module
 */
import { chatEntities, type TcpServerCommand } from "../actors/chat/mod.ts";
import type { Cluster, Engine } from "../actors/cluster/mod.ts";
import type { ActorSystem, Behavior } from "../mod.ts";
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
      const [, kind, rest = ""] = /^(memory|sqlite|nats)(?:$|:(?:\/\/)?(.*)$)/.exec(text) ?? [];
      if (kind === "memory" && rest === "") return { kind, text, rest };
      if ((kind === "sqlite" || kind === "nats") && rest !== "") return { kind, text, rest };
      throw new UsageError(`${JSON.stringify(text)} is not memory, sqlite:FILE or nats://HOST:PORT,…`);
    },
  });
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
}

/**
 * Opens the engine, and has the system of a server join the cluster on it: before the server starts, so that
 * its rooms are there until it has stopped.
 */
export async function joinChat(system: ActorSystem, options: JoinChatOptions): Promise<ChatCluster> {
  const { engine: { kind, text, rest }, drainMs } = options;
  const { world } = system;
  const where = kind === "sqlite" ? `sqlite:${inDataDir(options, rest)}` : text;
  const replicas = rest.split(",").length >= MOST_COPIES ? MOST_COPIES : 1;
  // Loaded by who uses them alone.
  const { openEngine } = await import("../actors/cluster/engines/mod.ts");
  const { joinCluster } = await import("../actors/cluster/mod.ts");
  const engine = await openEngine(where, { world, replicas, leaseTtlMs: LEASE_TTL_MS });
  return { engine, cluster: await joinCluster(system, { engine, types: chatEntities, drainMs }) };
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
