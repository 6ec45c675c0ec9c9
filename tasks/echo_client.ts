/**
 * The echo client.
 *
 * @module
 */
import type { Clock } from "../actors/world/world.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { defineTask, Failure, integer, runClient } from "./_cli.ts";
import { CLOSED_BY_SERVER, connectAsTold, type LineClient, lineClientFlags } from "./_line_client.ts";
import { openTerminal } from "./_open_terminal.ts";
import type { Terminal } from "./_terminal.ts";

/** The command line. */
export const task = defineTask({
  name: "echo:client",
  summary: "Dual-stack TCP echo: the client",
  env: "ECHO",
  flags: {
    ...lineClientFlags({ port: 8080 }),
    ping: integer({ help: "Send so many messages, print how long their echoes took, and leave", min: 1 }),
  },
});

/** Sends what is typed, until `exit` or the end of the input. */
async function converse(server: LineClient, terminal: Terminal): Promise<void> {
  for await (const line of terminal.lines("Enter message to send (or 'exit' to quit): ")) {
    if (line === "exit") return;
    terminal.print(`Echo from server: ${visibleText(await server.request(line))}`);
  }
  if (server.gone.aborted) throw new Failure(CLOSED_BY_SERVER);
}

/** Measures round trips, one after the other. */
async function ping(server: LineClient, count: number, clock: Clock): Promise<string> {
  const times: number[] = [];
  for (let sent = 1; sent <= count; sent++) {
    const begun = clock.monotonic();
    await server.request(`ping ${sent}`);
    times.push(clock.monotonic() - begun);
  }
  times.sort((a, b) => a - b);
  const at = (part: number) => `${(times[Math.ceil(part * count) - 1] ?? times[0] ?? 0).toFixed(3)} ms`;
  return `${count} round trips: min ${at(0)}, median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    using terminal = openTerminal(signal);
    const host = options.host ??
      await terminal.ask("Enter the server address (e.g., 'localhost', '::1'): ");
    if (host === null) return;
    await using server = await connectAsTold({ ...options, host: host.trim() }, world, terminal);
    terminal.print(`Connected to server at ${server.remote}`);
    if (options.ping === undefined) await converse(server, terminal);
    else terminal.print(await ping(server, options.ping, world.clock));
  });
}
