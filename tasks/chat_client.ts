/**
 * The chat's client.
 *
 * @module
 */
import { LOGIN_REFUSED } from "../protocols/chat.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { defineTask, Failure, runClient, tcpClientFlags } from "./_cli.ts";
import { connectAsTold, type LineClient } from "./_line_client.ts";
import { openTerminal, type Terminal } from "./_terminal.ts";

/** The command line. */
export const task = defineTask({
  name: "chat:client",
  summary: "Chat room: the client",
  env: "CHAT",
  flags: tcpClientFlags({ host: "localhost", port: 5000 }),
});

/** A server says nothing to a name that it takes: who hears no refusal for so long is in. */
const REFUSAL_MS = 300;
/** How long the server may take to answer what was sent last, once the input has ended. */
const LAST_WORDS_MS = 5000;

/** One visit to a chat. */
class Visit {
  readonly #server: LineClient;
  readonly #terminal: Terminal;
  #needsName = true;
  #refused = () => {};
  #leaving = false;

  constructor(server: LineClient, terminal: Terminal) {
    this.#server = server;
    this.#terminal = terminal;
  }

  /** Whether the server has let us in, as far as is known. */
  get loggedIn(): boolean {
    return !this.#needsName;
  }

  /** Prints what the server says, until it closes. Throws {@linkcode Failure} when nobody had asked it to. */
  async listen(): Promise<void> {
    for (let line; (line = await this.#server.next()) !== null;) {
      this.#terminal.print(visibleText(line));
      if (!line.startsWith(LOGIN_REFUSED)) continue;
      this.#needsName = true;
      this.#refused();
    }
    if (!this.#leaving) throw new Failure("Connection closed by the server.");
  }

  /** Sends what is typed, until the input ends or asks to leave. */
  async talk(): Promise<void> {
    while (true) {
      const line = await this.#terminal.ask(this.#needsName ? "Enter Your Name: " : ">> ");
      if (line === null || line === "quit" || line === "/quit") break;
      // As it is now: a refusal from far away may have come after the prompt.
      if (this.#needsName) await this.#logIn(line);
      else this.#server.send(line);
    }
    this.#leaving = true;
    this.#server.send("/quit");
  }

  async #logIn(name: string): Promise<void> {
    const refused = new Promise<void>((resolve) => this.#refused = resolve);
    this.#needsName = false;
    this.#server.send(name);
    await Promise.race([refused, pause(REFUSAL_MS)]);
  }
}

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    await using server = await connectAsTold(options, world);
    using terminal = openTerminal(signal);
    const visit = new Visit(server, terminal);
    const heardOut = visit.listen();
    await Promise.race([visit.talk(), heardOut, aborted(signal)]);
    await Promise.race([heardOut, pause(LAST_WORDS_MS), aborted(signal)]);
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
