/**
 * The collaborative editor's client.
 *
 * @module
 */
import { editorClient, type EditorClientCommand, type EditorClientEvent } from "../actors/editor/mod.ts";
import { ActorSystem, type Ref } from "../mod.ts";
import { visibleLines } from "../protocols/visible_text.ts";
import { clientTls, defineTask, runClient } from "./_cli.ts";
import { backoffOf, CLOSED_BY_SERVER, lineClientFlags } from "./_line_client.ts";
import { openTerminal } from "./_open_terminal.ts";
import type { Terminal } from "./_terminal.ts";

/** The command line. */
export const task = defineTask({
  name: "editor:client",
  summary: "Collaborative text editor: the client",
  env: "EDITOR",
  flags: lineClientFlags({ host: "localhost", port: 8080 }),
  examples: ["", "--host 192.168.1.7 --reconnect"],
});

/** Prints what happens; resolves to the exit code when it is over. */
function show(terminal: Terminal): { happened: (event: EditorClientEvent) => void; over: Promise<number> } {
  let end: (code: number) => void;
  const over = new Promise<number>((resolve) => end = resolve);
  // What others wrote must not drive the terminal; into a pipe it goes as it is.
  const shown = (text: string) => terminal.isTerminal ? visibleLines(text) : text;
  return {
    over,
    happened(event) {
      switch (event.type) {
        case "connected":
          return terminal.print(
            event.again
              ? "Connected to the server again."
              : "Connected to the server. Start typing to edit the document:",
          );
        case "changed-elsewhere":
          return terminal.print("The document was changed elsewhere:");
        case "updated":
          return terminal.print(`Document updated: ${shown(event.text)}`);
        case "refused":
          return terminal.print(shown(event.text));
        case "lost":
          return terminal.print(`${CLOSED_BY_SERVER} Connecting again...`);
        case "over":
          return end(tellEnd(event, terminal));
      }
    },
  };
}

function tellEnd(event: EditorClientEvent & { type: "over" }, terminal: Terminal): number {
  if (event.by === "client") return 0;
  if (event.by === "server") terminal.print(CLOSED_BY_SERVER);
  else console.error("Connection failed. Please check the server and try again");
  return 1;
}

/** Sends what is typed, as fast as the server takes it, until the input ends or says to leave. */
async function type(terminal: Terminal, client: Ref<EditorClientCommand>, over: AbortSignal): Promise<void> {
  for await (const text of terminal.lines()) {
    if (text === "exit") break;
    await client.ask<void>((replyTo) => ({ type: "write", text, replyTo }), { signal: over });
  }
  client.tell({ type: "leave" });
}

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    using terminal = openTerminal();
    const { happened, over } = show(terminal);
    const system = new ActorSystem("editor", { world });
    const client = system.spawn(
      "client",
      editorClient({
        address: { hostname: options.host, port: options.port },
        ...await clientTls(options, world.disk),
        reconnect: backoffOf(options),
        happened,
      }),
    );
    const leave = () => client.tell({ type: "leave" });
    signal.addEventListener("abort", leave, { once: true });
    const ended = new AbortController();
    // Once it is over, nobody waits for what was still to be sent.
    const typed = type(terminal, client, ended.signal).catch(() => {});
    const code = await Promise.race([over, typed.then(() => over), system.terminated.then(() => 0)]);
    ended.abort();
    await system.stop();
    return code;
  });
}
