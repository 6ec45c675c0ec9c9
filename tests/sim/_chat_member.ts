/**
 * Somebody who has a name in a chat of many servers, and what it hears.
 *
 * @module
 */
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { ChatCaller, Dialect } from "./_chat_dialects.ts";

const AGAIN_MS = 300;
/** What members are told, at whatever door, of a room that they cannot go into. */
const JOIN_REFUSED = /^{"type":"refused","command":"join"|^\S+ (403|437) |^Error: Cannot join that room: /;

/** Somebody who has one name, at whatever connection, and talks. */
export class Member {
  readonly name: string;
  isTalking = true;
  readonly #caller: ChatCaller;
  readonly #dialect: Dialect;
  #session = 0;
  #hasEntered = false;
  #loggedInAtMs = 0;
  #seen = 0;
  #count = 0;
  #isIn = { session: 0, looked: 0, is: false };

  constructor(sim: SimWorld, host: string, name: string, dialect: Dialect, server = "s0") {
    const { world } = sim.host(host);
    this.name = name;
    this.#dialect = dialect;
    this.#caller = dialect.connect(world, server);
    const act = () => {
      if (this.#caller.isConnected) this.#act(world.clock.monotonic(), world.random.next());
      world.clock.timer(1 + world.random.next() * 500, act);
    };
    act();
  }

  get isIn(): boolean {
    if (!this.#caller.isConnected) return false;
    // Asked at each step: a line is looked at once.
    if (this.#isIn.session !== this.#caller.sessions.length) {
      this.#isIn = { session: this.#caller.sessions.length, looked: 0, is: false };
    }
    const received = this.#received();
    const news = received.slice(this.#isIn.looked);
    this.#isIn.looked = received.length;
    return this.#isIn.is ||= news.some((line) => this.#dialect.isIn(line));
  }

  /** Whether a text came on this connection, lately. */
  hasHeard(text: string): boolean {
    return this.#received().slice(-20).some((line) => line.includes(text));
  }

  /** What came on each connection, in the words of the line door. */
  get visits(): string[][] {
    return this.#caller.sessions.map(({ received }) => received.map((line) => this.#dialect.translate(line)));
  }

  say(text: string): void {
    this.#caller.send(this.#dialect.say(text));
  }

  /** Asks who is in the room, at the line door. */
  askWho(): void {
    this.#caller.send("/who");
  }

  #received(): readonly string[] {
    return this.#caller.sessions.at(-1)?.received ?? [];
  }

  #act(nowMs: number, chance: number): void {
    const { enter, isRefused } = this.#dialect;
    const isNew = this.#caller.sessions.length > this.#session;
    if (isNew) [this.#hasEntered, this.#seen] = [false, 0];
    const news = this.#received().slice(this.#seen);
    this.#seen += news.length;
    // Its server was cut off for so long that nobody knows what became of it: it tries again.
    if (news.some((line) => JOIN_REFUSED.test(line))) {
      this.#hasEntered = false;
      for (const line of this.#dialect.enterAgain ?? []) this.#caller.send(line);
    }
    const isWaiting = !this.isIn && nowMs - this.#loggedInAtMs > AGAIN_MS;
    const wasRefused = news.some((line) => isRefused(line) || line.includes("Cannot log in"));
    if (isNew || (isWaiting && wasRefused)) {
      this.#session = this.#caller.sessions.length;
      this.#loggedInAtMs = nowMs;
      for (const line of this.#dialect.logIn(this.name)) this.#caller.send(line);
    } else if (wasRefused) {
      this.#seen -= news.length;
    } else if (!this.isIn && enter !== undefined && !this.#hasEntered && this.#received().some(enter.after)) {
      this.#hasEntered = true;
      this.#caller.send(enter.line);
    } else if (this.isTalking && this.isIn) {
      if (chance < 0.02) this.#caller.send(this.#dialect.quit);
      else if (this.name !== "throne") this.say(`${this.name}.${this.#count++}`);
    }
  }
}
