/**
 * The collaborative editor's server.
 *
 * @module
 */
import { editorServer, type EditorServerCommand } from "../actors/editor/mod.ts";
import type { World } from "../actors/world/world.ts";
import type { Behavior } from "../mod.ts";
import { choice, defineTask, listenFlags, path, type TaskOptions, tcpServerFlags } from "./_cli.ts";
import { lineServerOptions, serve } from "./_serve.ts";

/** The command line. */
export const task = defineTask({
  name: "editor:server",
  summary: "Collaborative text editor: the server",
  env: "EDITOR",
  flags: {
    ...listenFlags({ port: 8080 }),
    ...tcpServerFlags({ maxClients: 10 }),
    file: path({ help: "The document; made when it is not there", value: "FILE", default: "temp.txt" }),
    sync: choice(["always", "interval", "never"], {
      help:
        "When an update goes to the disk: before others are sent it, every 100 ms, or when the system likes",
      default: "always",
    }),
  },
  examples: ["", "--file notes.txt --max-clients 100"],
});

/** The root behaviour that the options ask for. */
export async function root(
  options: TaskOptions<typeof task.flags>,
  world: World,
): Promise<Behavior<EditorServerCommand>> {
  const { file, sync } = options;
  return editorServer({ ...await lineServerOptions(options, world), file, sync });
}

if (import.meta.main) await serve(task, root);
