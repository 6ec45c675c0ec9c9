/**
 * The command lines of all programs, for what is made of all of them.
 *
 * @module
 */
import type { Flags, Task } from "./_cli.ts";
import { task as compile } from "./compile.ts";
import { task as demo } from "./demo.ts";
import { services } from "./services/mod.ts";
import { task as simulate } from "./simulate.ts";
import { task as start } from "./start.ts";
import { task as top } from "./top.ts";

/** Every task with a table of flags, sorted by name. */
export async function commandLines(): Promise<Task<Flags>[]> {
  const clients = await Promise.all(services.map(({ client }) => client?.()));
  const all: Task<Flags>[] = [
    ...services.map(({ task }) => task),
    ...clients.flatMap((client) => client === undefined ? [] : [client.task]),
    ...[compile, demo, simulate, start, top],
  ];
  return all.sort((a, b) => a.name < b.name ? -1 : 1);
}
