/**
 * The joke's server.
 *
 * @module
 */
import { type DatagramsCommand, jokeServer } from "../actors/joke/mod.ts";
import type { Behavior } from "../mod.ts";
import { defineTask, listenFlags, type TaskOptions } from "./_cli.ts";
import { datagramFlags, datagramServerOptions, serve } from "./_serve.ts";

/** The command line. */
export const task = defineTask({
  name: "joke:server",
  summary: "UDP one-liner: the server",
  env: "JOKE",
  flags: { ...listenFlags({ port: 5006 }), ...datagramFlags() },
});

/** The root behaviour that the options ask for. */
export function root(options: TaskOptions<typeof task.flags>): Behavior<DatagramsCommand> {
  return jokeServer(datagramServerOptions(options));
}

if (import.meta.main) await serve(task, root);
