/**
 * The chat's client.
 *
 * @module
 */
import { LOGIN_REFUSED } from "../protocols/chat.ts";
import { visibleText } from "../protocols/visible_text.ts";
import type { Clock } from "../actors/world/world.ts";
import type { TokenBucketOptions } from "../protocols/token_bucket.ts";
import { defineTask, Failure, integer, number, runClient } from "./_cli.ts";
import { CLOSED_BY_SERVER, connectAsTold, type LineClient, lineClientFlags } from "./_line_client.ts";
import { openTerminal } from "./_open_terminal.ts";
import { Pace } from "./_pace.ts";
import type { Terminal } from "./_terminal.ts";

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

/** A server says nothing to a name that it takes: who hears no refusal for so long is in. */
const REFUSAL_MS = 300;
/** How long the server may take to answer what was sent last, once the input has ended. */
const LAST_WORDS_MS = 5000;

/** One visit to a chat. */
class Visit {
  readonly #server: LineClient;
  readonly #terminal: Terminal;
  readonly #limits: TokenBucketOptions;
  readonly #pace: Pace;
  #name = "";
  #room = "";
  #isSlow = false;
  #calm: ReturnType<typeof setTimeout> | undefined;
  #needsName = true;
  #refused = () => {};
  #leaving = false;

  constructor(server: LineClient, terminal: Terminal, limits: TokenBucketOptions, clock: Clock) {
    this.#server = server;
    this.#terminal = terminal;
    this.#limits = limits;
    this.#pace = new Pace(limits, clock);
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
    if (!this.#leaving) throw new Failure(CLOSED_BY_SERVER);
  }

  /** Sends what is typed, until the input ends or asks to leave. */
  async talk(): Promise<void> {
    while (true) {
      const line = await this.#terminal.ask(this.#needsName ? "Enter Your Name: " : ">> ");
      if (line === null || line === "quit" || line === "/quit") break;
      // As it is now: a refusal from far away may have come after the prompt.
      if (this.#needsName) await this.#logIn(line);
      else await this.#say(line);
      this.#remember();
    }
    this.#leaving = true;
    this.#server.send("/quit");
  }

  /** Sends a line when the server takes it: a paste of many would be dropped otherwise. */
  async #say(line: string): Promise<void> {
    const { perSecond, burst } = this.#limits;
    await this.#pace.next(() => {
      if (!this.#isSlow) {
        this.#terminal.print(`(sending no faster than the server takes it: ${perSecond} lines a second)`);
      }
      this.#isSlow = true;
    });
    // What comes after a pause is told of again.
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#isSlow = false, 1000 * burst / perSecond);
    const [, room] = /^\/join\s+(\S+)/.exec(line) ?? [];
    if (room !== undefined) this.#room = room;
    this.#server.send(line);
  }

  /** Who comes back after a lost connection goes in by the same name, into the same room. */
  #remember(): void {
    if (this.#needsName) return;
    this.#server.greeting = this.#room === "" ? this.#name : `${this.#name}\n/join ${this.#room}`;
  }

  /** Sends nothing more. */
  end(): void {
    clearTimeout(this.#calm);
  }

  async #logIn(name: string): Promise<void> {
    this.#name = name;
    const refused = new Promise<void>((resolve) => this.#refused = resolve);
    this.#needsName = false;
    this.#server.send(name);
    await Promise.race([refused, pause(REFUSAL_MS)]);
  }
}

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    using terminal = openTerminal(signal);
    await using server = await connectAsTold(options, world, terminal);
    const limits = { perSecond: options.rate, burst: options.burst };
    const visit = new Visit(server, terminal, limits, world.clock);
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
