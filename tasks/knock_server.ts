/**
 * The knock-knock server.
 *
 * @module
 */
import { knockServer, type TcpServerCommand } from "../actors/knock/mod.ts";
import type { World } from "../actors/world/world.ts";
import type { Behavior } from "../mod.ts";
import { defineTask, listenFlags, type TaskOptions, tcpServerFlags } from "./_cli.ts";
import { lineServerOptions, serve } from "./_serve.ts";

/** The command line. */
export const task = defineTask({
  name: "knock:server",
  summary: "TCP knock-knock: the server",
  env: "KNOCK",
  flags: { ...listenFlags({ port: 5007 }), ...tcpServerFlags() },
});

/** The root behaviour that the options ask for. */
export async function root(
  options: TaskOptions<typeof task.flags>,
  world: World,
): Promise<Behavior<TcpServerCommand>> {
  return knockServer(await lineServerOptions(options, world));
}

if (import.meta.main) await serve(task, root);
