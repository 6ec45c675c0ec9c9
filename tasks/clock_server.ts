/**
 * The clock's server.
 *
 * @module
 */
import { clockServer, type DatagramsCommand } from "../actors/clock/mod.ts";
import type { Behavior } from "../mod.ts";
import { defineTask, listenFlags, type TaskOptions, toggle } from "./_cli.ts";
import { datagramFlags, datagramServerOptions, serve } from "./_serve.ts";

/** The command line. */
export const task = defineTask({
  name: "clock:server",
  summary: "UDP date and time: the server",
  env: "CLOCK",
  flags: {
    ...listenFlags({ port: 5005 }),
    ...datagramFlags(),
    utc: toggle({ help: "Tell UTC rather than local time" }),
  },
});

/** The root behaviour that the options ask for. */
export function root(options: TaskOptions<typeof task.flags>): Behavior<DatagramsCommand> {
  return clockServer({ ...datagramServerOptions(options), utc: options.utc });
}

if (import.meta.main) await serve(task, root);
