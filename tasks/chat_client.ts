/**
 * The chat's client.
 *
 * @module
 */
import { ChatVisit } from "./_chat_visit.ts";
import { defineTask, integer, number, runClient } from "./_cli.ts";
import { connectAsTold, lineClientFlags } from "./_line_client.ts";
import { openTerminal } from "./_open_terminal.ts";

/** The command line. */
export const task = defineTask({
  name: "chat:client",
  summary: "Chat room: the client",
  env: "CHAT",
  flags: {
    ...lineClientFlags({ host: "localhost", port: 5000 }),
    rate: number({ help: "Lines a second that the server takes; 0 is no limit", min: 0, default: 10 }),
    burst: integer({ help: "Lines that the server takes at once", min: 1, default: 20 }),
  },
});

/** How long the server may take to answer what was sent last, once the input has ended. */
const LAST_WORDS_MS = 5000;

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    using terminal = openTerminal(signal);
    await using server = await connectAsTold(options, world, terminal);
    const limits = { perSecond: options.rate, burst: options.burst };
    const visit = new ChatVisit(server, terminal, limits, world.clock);
    const heardOut = visit.listen();
    await Promise.race([visit.talk(), heardOut, aborted(signal)]);
    await Promise.race([heardOut, pause(LAST_WORDS_MS), aborted(signal)]);
    visit.end();
    return visit.loggedIn ? 0 : 1;
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
