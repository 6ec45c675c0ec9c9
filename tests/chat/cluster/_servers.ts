/**
 * Some chat servers of one chat, in one process, on an engine of their own.
 *
 * @module
 */
import {
  chatEntities,
  chatServer,
  type ChatServerOptions,
  type TcpServerCommand,
} from "../../../actors/chat/mod.ts";
import { composeEngine, type Driver, joinCluster, memoryDriver } from "../../../actors/cluster/mod.ts";
import { ActorSystem, denoWorld, escalate } from "../../../mod.ts";
import { deadline, TestClient } from "../../_helpers.ts";
import { IrcPerson } from "../_irc.ts";

const world = denoWorld({ log: { level: "error" } });

/** One server of the chat. */
export interface ClusterServer extends AsyncDisposable {
  readonly port: number;
  readonly ircPort: number;
  /** Connects by the line door, and logs in. */
  enter(name: string): Promise<TestClient>;
  /** Connects by the IRC door, and logs in. */
  enterIrc(name: string): Promise<IrcPerson>;
}

/** An engine in memory for some servers of this process. */
export function sharedDriver(options: { readonly leaseTtlMs?: number } = {}): Driver {
  return memoryDriver({ world, ...options });
}

/** Starts a server on an engine that it shares with others. */
export async function startServer(
  driver: Driver,
  options: Partial<ChatServerOptions> = {},
): Promise<ClusterServer> {
  const system = new ActorSystem("chat", { world });
  const engine = composeEngine(driver, world);
  const cluster = await joinCluster(system, { engine, types: chatEntities });
  const line = Promise.withResolvers<number>();
  const irc = Promise.withResolvers<number>();
  const behavior = chatServer({
    address: { hostname: "127.0.0.1", port: 0 },
    rate: { perSecond: 0, burst: 1 },
    cluster,
    onListening: ({ port }) => line.resolve(port),
    irc: {
      address: { hostname: "127.0.0.1", port: 0 },
      serverName: "irc.test",
      onListening: ({ port }) => irc.resolve(port),
    },
    ...options,
  });
  const server = system.spawn<TcpServerCommand>("server", (self) => {
    self.onStop(() => cluster.leave());
    return behavior(self);
  }, { onFailure: escalate() });
  await deadline(Promise.race([system.started(server), system.terminated]));
  const [port, ircPort] = await deadline(Promise.all([line.promise, irc.promise]));
  return {
    port,
    ircPort,
    async enter(name) {
      const client = await TestClient.connect(port);
      await client.send(`${name}\n/who\n`);
      for (let line; (line = await client.line()) !== null;) {
        if (line.startsWith("In lobby:")) return client;
        if (line.startsWith("Error:")) throw new Error(`Cannot log in as ${name}: ${line}`);
      }
      throw new Error(`Cannot log in as ${name}`);
    },
    enterIrc: (name) => IrcPerson.enter(ircPort, name),
    [Symbol.asyncDispose]: () => system.stop(),
  };
}

/** Reads until a line comes that is waited for, and gives all that came by then. */
export async function until(client: TestClient, wanted: string | RegExp): Promise<string[]> {
  const lines: string[] = [];
  for (let line; (line = await client.line()) !== null;) {
    lines.push(line);
    if (typeof wanted === "string" ? line === wanted : wanted.test(line)) return lines;
  }
  throw new Error(`Closed before ${wanted}, after ${lines.join(" / ")}`);
}
