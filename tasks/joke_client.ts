/**
 * The joke's client.
 *
 * @module
 */
import { JOKE } from "../protocols/joke.ts";
import { defineTask, runClient } from "./_cli.ts";
import { DatagramAsker, datagramClientFlags } from "./_datagram_client.ts";

/** The command line. */
export const task = defineTask({
  name: "joke:client",
  summary: "UDP one-liner: the client",
  env: "JOKE",
  flags: datagramClientFlags({ port: 5006 }),
});

if (import.meta.main) {
  await runClient(task, async (options, { world }) => {
    const { host: hostname, port, retryMs } = options;
    await using server = new DatagramAsker(world, { server: { hostname, port }, retryMs });
    return await server.ask(JOKE) ? 0 : 1;
  });
}
