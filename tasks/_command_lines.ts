/**
 * The command lines of all programs, for what is made of all of them.
 *
 * @module
 */
import type { Flags, Task } from "./_cli.ts";
import { task as clusterDemo } from "./cluster_demo.ts";
import { task as compile } from "./compile.ts";
import { task as demo } from "./demo.ts";
import { task as gen } from "./gen.ts";
import { task as mutate } from "./mutate.ts";
import { task as packageTask } from "./package.ts";
import { task as pages } from "./pages.ts";
import { services } from "./services/mod.ts";
import { task as simulate } from "./simulate.ts";
import { task as start } from "./start.ts";
import { bench, completion, kills, siege, torture } from "./_tool_lines.ts";
import { task as top } from "./top.ts";

/** Every task with a table of flags, sorted by name. */
export async function commandLines(): Promise<Task<Flags>[]> {
  const clients = await Promise.all(services.map(({ client }) => client?.()));
  const all: Task<Flags>[] = [
    ...services.map(({ task }) => task),
    ...clients.flatMap((client) => client === undefined ? [] : [client.task]),
    ...[
      bench,
      clusterDemo,
      compile,
      completion,
      demo,
      gen,
      kills,
      mutate,
      packageTask,
      pages,
      siege,
      simulate,
      start,
      top,
      torture,
    ],
  ];
  return all.sort((a, b) => a.name < b.name ? -1 : 1);
}
