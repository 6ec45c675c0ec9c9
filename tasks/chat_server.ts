/**
 * The chat's server.
 *
 * @module
 */
import { chatServer, type TcpServerCommand } from "../actors/chat/mod.ts";
import type { World } from "../actors/world/world.ts";
import type { Behavior } from "../mod.ts";
import { defineTask, integer, listenFlags, number, path, type TaskOptions, tcpServerFlags } from "./_cli.ts";
import { lineServerOptions, serve } from "./_serve.ts";

/** The command line. */
export const task = defineTask({
  name: "chat:server",
  summary: "Chat room: the server",
  env: "CHAT",
  flags: {
    ...listenFlags({ port: 5000 }),
    ...tcpServerFlags(),
    rate: number({ help: "Lines a second that one client may send; 0 is no limit", min: 0, default: 10 }),
    burst: integer({ help: "Lines that one client may send at once", min: 1, default: 20 }),
    history: path({ help: "Keep what is said, so that it is there after a restart", value: "FILE" }),
  },
  examples: ["", "--history chat.log --rate 0"],
});

/** The root behaviour that the options ask for. */
export async function root(
  options: TaskOptions<typeof task.flags>,
  world: World,
): Promise<Behavior<TcpServerCommand>> {
  return chatServer({
    ...await lineServerOptions(options, world),
    rate: { perSecond: options.rate, burst: options.burst },
    ...(options.history === undefined ? {} : { historyFile: options.history }),
  });
}

if (import.meta.main) await serve(task, root);
