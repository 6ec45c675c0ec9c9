/**
 * A server on one core or several, in a process of its own: called with what it is, and the number of cores.
 * For each line of its input it prints what each of its threads has used so far.
 *
 * @module
 */
import { calculatorServer } from "../../actors/calculator/mod.ts";
import { chatEntities, chatServer } from "../../actors/chat/mod.ts";
import { joinCluster } from "../../actors/cluster/mod.ts";
import { isCore } from "../../actors/cores/mod.ts";
import { echoServer } from "../../actors/echo/mod.ts";
import { type TcpServerCommand } from "../../actors/net/mod.ts";
import { threadUsage } from "./_thread_usage.ts";
import { ActorSystem, type Behavior, type Core, escalate, type Ref, run } from "../../mod.ts";

const [kind = "", cores = "1", certFile = "", keyFile = ""] = Deno.args;
const ADDRESS = { hostname: "127.0.0.1", port: 0 };
/** How the one line begins that says where it listens. */
const ADDRESS_LINE = kind.startsWith("chat") ? "Chat server started" : "Server";
const LOG = { level: "info" } as const;

async function server(system: ActorSystem, { engine, cores }: Core): Promise<Behavior<TcpServerCommand>> {
  if (kind.startsWith("chat")) return await chat(system, { engine, cores });
  switch (kind) {
    case "echo over TLS":
      return echoServer({
        address: ADDRESS,
        tls: { cert: Deno.readTextFileSync(certFile), key: Deno.readTextFileSync(keyFile) },
      });
    case "calculator":
      return calculatorServer({ address: ADDRESS });
    default:
      throw new TypeError(`Cannot measure ${kind}`);
  }
}

async function chat(
  system: ActorSystem,
  { engine, cores }: Pick<Core, "engine" | "cores">,
): Promise<Behavior<TcpServerCommand>> {
  const options = { address: ADDRESS, limits: { maxClients: 10_000 }, rate: { perSecond: 0, burst: 1 } };
  // On one core as it is without `--cores`: without a cluster.
  if (cores === 1) return chatServer(options);
  return chatServer({ ...options, cluster: await joinCluster(system, { engine, types: chatEntities }) });
}

async function program(core: Core): Promise<ActorSystem> {
  const { world } = core;
  const system = new ActorSystem("bench", {
    // What it prints is read: where it listens.
    world: {
      ...world,
      log: {
        enabled: (level) => level !== "debug",
        write: (record) => record.message.startsWith(ADDRESS_LINE) && world.log.write(record),
      },
    },
  });
  const behavior = await server(system, core);
  const ref: Ref<TcpServerCommand> = system.spawn("server", behavior, { onFailure: escalate() });
  await system.started(ref);
  return system;
}

const running = run(program, { cores: Number(cores), log: LOG });
if (!isCore()) {
  for await (const _ of Deno.stdin.readable) console.log(JSON.stringify(threadUsage()));
  Deno.exit(0);
}
await running;
