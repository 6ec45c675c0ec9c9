/**
 * The calculator's server.
 *
 * @module
 */
import { calculatorServer, type TcpServerCommand } from "../actors/calculator/mod.ts";
import type { World } from "../actors/world/world.ts";
import type { Behavior } from "../mod.ts";
import { defineTask, listenFlags, type TaskOptions, tcpServerFlags } from "./_cli.ts";
import { lineServerOptions, serve } from "./_serve.ts";

/** The command line. */
export const task = defineTask({
  name: "calculator:server",
  summary: "TCP calculator with a session per client: the server",
  env: "CALCULATOR",
  flags: { ...listenFlags({ port: 5008 }), ...tcpServerFlags() },
});

/** The root behaviour that the options ask for. */
export async function root(
  options: TaskOptions<typeof task.flags>,
  world: World,
): Promise<Behavior<TcpServerCommand>> {
  return calculatorServer(await lineServerOptions(options, world));
}

if (import.meta.main) await serve(task, root);
