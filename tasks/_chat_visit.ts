/**
 * What the chat's client does: logs in, talks no faster than the server takes it, and shows what it hears.
 *
 * @module
 */
import type { Cancellable, Clock } from "../actors/world/world.ts";
import { LOGIN_REFUSED } from "../protocols/chat.ts";
import type { TokenBucketOptions } from "../protocols/token_bucket.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { Failure } from "./_cli.ts";
import { CLOSED_BY_SERVER, type LineClient } from "./_line_client.ts";
import { Pace } from "./_pace.ts";
import type { Terminal } from "./_terminal.ts";

/** A server says nothing to a name that it takes: who hears no refusal for so long is in. */
const REFUSAL_MS = 300;

/** One visit to a chat. */
export class ChatVisit {
  readonly #server: LineClient;
  readonly #terminal: Terminal;
  readonly #limits: TokenBucketOptions;
  readonly #clock: Clock;
  readonly #pace: Pace;
  #name = "";
  #room = "";
  #isSlow = false;
  #calm: Cancellable | undefined;
  #needsName = true;
  #refused = () => {};
  #leaving = false;

  constructor(server: LineClient, terminal: Terminal, limits: TokenBucketOptions, clock: Clock) {
    this.#server = server;
    this.#terminal = terminal;
    this.#limits = limits;
    this.#clock = clock;
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
    this.#calm?.cancel();
    this.#calm = this.#clock.timer(1000 * burst / perSecond, () => this.#isSlow = false);
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
    this.#calm?.cancel();
  }

  async #logIn(name: string): Promise<void> {
    this.#name = name;
    const refused = new Promise<void>((resolve) => this.#refused = resolve);
    this.#needsName = false;
    this.#server.send(name);
    await Promise.race([refused, pause(this.#clock, REFUSAL_MS)]);
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.timer(ms, resolve));
}
