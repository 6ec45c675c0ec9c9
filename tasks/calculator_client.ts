/**
 * The calculator's client.
 *
 * @module
 */
import { CALCULATOR_QUIT, parseExpression } from "../protocols/calculator.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { defineTask, Failure, runClient } from "./_cli.ts";
import { CLOSED_BY_SERVER, connectAsTold, lineClientFlags } from "./_line_client.ts";
import { openTerminal } from "./_open_terminal.ts";

/** The command line. */
export const task = defineTask({
  name: "calculator:client",
  summary: "TCP calculator with a session per client: the client",
  env: "CALCULATOR",
  flags: lineClientFlags({ host: "localhost", port: 5008 }),
});

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    using terminal = openTerminal(signal);
    await using server = await connectAsTold(options, world, terminal);
    const name = await terminal.ask("Enter your name: ");
    if (server.gone.aborted) throw new Failure(CLOSED_BY_SERVER);
    if (name === null) return;
    server.send(name);
    server.greeting = name;
    while (true) {
      const typed = await terminal.ask("Enter an expression (or 'q' to quit): ");
      if (server.gone.aborted) throw new Failure(CLOSED_BY_SERVER);
      // The end of the input is the wish to go.
      const line = typed ?? CALCULATOR_QUIT;
      const quitting = line.trim() === CALCULATOR_QUIT;
      if (!quitting && parseExpression(line) === undefined) {
        terminal.print("Not an expression: write NUMBER OP NUMBER, with + - * or /, as in 12 + 13");
        continue;
      }
      terminal.print(`CLIENT RECEIVED: ${visibleText(await server.request(line))}`);
      if (quitting) return;
    }
  });
}
