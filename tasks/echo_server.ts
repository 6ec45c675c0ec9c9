/**
 * The echo server.
 *
 * @module
 */
import { echoServer, type TcpServerCommand } from "../actors/echo/mod.ts";
import type { World } from "../actors/world/world.ts";
import type { Behavior } from "../mod.ts";
import {
  defineTask,
  listenFlags,
  serverTls,
  type TaskOptions,
  tcpLimits,
  tcpServerFlags,
  toggle,
} from "./_cli.ts";
import { serve } from "./_serve.ts";

/** An echo has no messages, and so no limit of theirs. */
const { maxFrameBytes: _maxFrameBytes, idleFlushMs: _idleFlushMs, ...limitFlags } = tcpServerFlags({
  maxClients: 10_000,
});

/** The command line. */
export const task = defineTask({
  name: "echo:server",
  summary: "Dual-stack TCP echo: the server",
  env: "ECHO",
  flags: {
    ...listenFlags({ host: "::", port: 8080 }),
    ...limitFlags,
    udp: toggle({ help: "Answer datagrams too, on the same port" }),
  },
});

/** The root behaviour that the options ask for. */
export async function root(
  options: TaskOptions<typeof task.flags>,
  world: World,
): Promise<Behavior<TcpServerCommand>> {
  const { host: hostname, port, udp, drainMs } = options;
  return echoServer({
    address: { hostname, port },
    udp,
    limits: tcpLimits(options),
    drainMs,
    ...await serverTls(options, world.disk),
  });
}

if (import.meta.main) await serve(task, root);
