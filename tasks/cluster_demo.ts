/**
 * A chat of many servers, of which one is killed, and one of those that it stands on: real processes, real
 * clients, printed, and over.
 *
 * @module
 */
import { defineTask, runClient, toggle } from "./_cli.ts";
import { clusterSection } from "./_demo/cluster.ts";
import { playAll } from "./_demo/play.ts";

/** The command line. */
export const task = defineTask({
  name: "cluster:demo",
  summary: "Three chat servers on three of NATS, one of each killed: printed, and over",
  env: "DEMO",
  flags: {
    slow: toggle({ help: "With a pause after each line, for a talk" }),
  },
});

/** How long it may take, whatever happens; getting a server of NATS may take most of it. */
const LIMIT_MS = 150_000;

if (import.meta.main) {
  await runClient(task, ({ slow }, { world, signal }) =>
    playAll([clusterSection], {
      ...{ slow, world, signal },
      limitMs: LIMIT_MS,
      opening: "Troupe: a cluster. What its members are, and how to run one: docs/cluster.md.",
      closing: ["Start one for yourself: deno task chat:server --engine nats://HOST:PORT,…"],
    }));
}
