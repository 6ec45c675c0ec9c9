/**
 * The knock-knock client.
 *
 * @module
 */
import { KNOCK } from "../protocols/knock.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { defineTask, runClient } from "./_cli.ts";
import { connectAsTold, lineClientFlags } from "./_line_client.ts";
import { say } from "./_stdio.ts";

/** The command line. */
export const task = defineTask({
  name: "knock:client",
  summary: "TCP knock-knock: the client",
  env: "KNOCK",
  flags: lineClientFlags({ host: "localhost", port: 5007 }),
});

if (import.meta.main) {
  await runClient(task, async (options, { world }) => {
    await using server = await connectAsTold(options, world);
    say(`CLIENT RECEIVED: ${visibleText(await server.request(KNOCK))}`);
  });
}
