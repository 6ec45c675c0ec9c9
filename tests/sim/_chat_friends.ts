/**
 * Two who chat over IRC and look at each other: away or not, there or gone, invited or not. What they are
 * answered is what the rules say, as far as anybody can know it under chaos.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { DOORS } from "./_chat_dialects.ts";
import { delay, LineClient } from "./_harness.ts";

const ANSWER_MS = 3000;

/** What is sent, and the line that ends its answer. */
interface Question {
  readonly line: string;
  readonly end: RegExp;
}

/** What one connection has said of being away, and which of it was confirmed last. */
interface AwayTexts {
  readonly said: (string | undefined)[];
  confirmed: number;
}

/** One of the two. */
export class Friend {
  readonly name: string;
  friend: Friend | undefined;
  readonly #sim: SimWorld;
  readonly #client: LineClient;
  /** The name on this connection, once it is welcome. */
  nick: string | undefined;
  /** What it has said of being away on this connection, `undefined` for being there. */
  #away: AwayTexts = { said: [undefined], confirmed: 0 };
  #modes = "+";
  #count = 0;
  /** Since when somebody was told that it is gone. */
  #goneMs = Infinity;
  /** When others were told that it was invited: it is told before it is answered to what it sends later. */
  #invitedMs: number[] = [];

  constructor(sim: SimWorld, name: string) {
    this.#sim = sim;
    this.name = name;
    const { world } = sim.host(name);
    this.#client = new LineClient(world, { hostname: "server", port: DOORS.irc, probe: "PING alive" });
    void this.#live();
  }

  async #live(): Promise<void> {
    const { world } = this.#sim.host(this.name);
    for (let session = 0;;) {
      await delay(world, 20 + world.random.next() * 150);
      if (!this.#client.isConnected) continue;
      if (this.#client.sessions.length > session) {
        session = this.#client.sessions.length;
        await this.#enter(session);
      } else if (this.nick !== undefined && !await this.#act(world.random.next())) this.nick = undefined;
    }
  }

  async #enter(session: number): Promise<void> {
    this.nick = undefined;
    this.#away = { said: [undefined], confirmed: 0 };
    this.#modes = "+";
    this.#goneMs = Infinity;
    this.#invitedMs = [];
    const nick = `${this.name}-${session}`;
    this.#client.send(`NICK ${nick}`);
    const welcome = await this.#ask({ line: `USER ${nick} 0 * :${nick}`, end: / 001 / }, 20_000);
    if (welcome !== undefined) this.nick = nick;
  }

  /** What this connection brought from the question to the end of its answer; undefined when nobody knows. */
  async #ask({ line, end }: Question, withinMs = ANSWER_MS): Promise<readonly string[] | undefined> {
    const { world } = this.#sim.host(this.name);
    const session = this.#client.sessions.at(-1);
    const from = session?.received.length ?? 0;
    const sentMs = this.#sim.now;
    this.#client.send(line);
    for (const startMs = world.clock.monotonic(); world.clock.monotonic() - startMs < withinMs;) {
      await delay(world, 10);
      if (this.#client.sessions.at(-1) !== session) return undefined;
      const news = session?.received.slice(from) ?? [];
      if (!news.some((one) => end.test(one))) continue;
      this.#checkAnswered(sentMs, session?.received ?? []);
      return news;
    }
    return undefined;
  }

  /** Who is answered is there, and has heard what was told to it before. */
  #checkAnswered(sentMs: number, received: readonly string[]): void {
    assert(sentMs <= this.#goneMs, `${this.nick} is answered, and was said to be gone`);
    const owed = this.#invitedMs.filter((ms) => ms < sentMs).length;
    const heard = received.filter((line) => line.includes(` INVITE ${this.nick} `)).length;
    assert(heard >= owed, `${this.nick} was invited ${owed} times, and has heard of ${heard}`);
  }

  /** Somebody was told that this name is gone. */
  #isSaidGone(nick: string): void {
    if (this.nick === nick) this.#goneMs = Math.min(this.#goneMs, this.#sim.now);
  }

  /** Does one thing; answers whether it was answered. */
  async #act(chance: number): Promise<boolean> {
    if (chance < 0.3) return await this.#setAway(chance < 0.2);
    if (chance < 0.5) return await this.#setMode(chance < 0.4);
    if (chance < 0.7) return await this.#lookAtFriend();
    if (chance < 0.8) return await this.#invite();
    return await this.#watchFriend();
  }

  async #setAway(isAway: boolean): Promise<boolean> {
    const text = isAway ? `out ${++this.#count}` : undefined;
    const away = this.#away;
    const place = away.said.push(text) - 1;
    const end = isAway ? / 306 / : / 305 /;
    const answer = await this.#ask({ line: isAway ? `AWAY :${text}` : "AWAY", end });
    if (answer === undefined) return false;
    away.confirmed = place;
    return true;
  }

  async #setMode(isOn: boolean): Promise<boolean> {
    const wanted = isOn ? "+i" : "-i";
    this.#client.send(`MODE ${this.nick} ${wanted}`);
    const answer = await this.#ask({ line: `MODE ${this.nick}`, end: / 221 / });
    if (answer === undefined) return false;
    this.#modes = isOn ? "+i" : "+";
    const told = answer.find((line) => / 221 /.test(line))?.trim().split(" ").at(-1)?.replace(":", "");
    assert(told === this.#modes, `${this.nick} has the modes ${told}, and not ${this.#modes}`);
    this.#sim.sometimes("somebody's own modes were told");
    return true;
  }

  /** Its away text is the one that was confirmed last, or one that was sent since. */
  async #lookAtFriend(): Promise<boolean> {
    const { friend } = this;
    const nick = friend?.nick;
    if (friend === undefined || nick === undefined) return true;
    const away = friend.#away;
    const from = away.confirmed;
    const answer = await this.#ask({ line: `WHOIS ${nick}`, end: / 318 / });
    if (answer === undefined) return false;
    if (answer.some((line) => / 401 /.test(line))) friend.#isSaidGone(nick);
    if (friend.nick !== nick || !answer.some((line) => / 311 /.test(line))) return true;
    const told = / 301 \S+ \S+ :(.*)/.exec(answer.find((line) => / 301 /.test(line)) ?? "")?.[1]?.trim();
    const may = away.said.slice(from);
    assert(may.includes(told), `${nick} is told to be away by ${told}, and may by ${may}`);
    this.#sim.sometimes("somebody was seen to be away", told !== undefined);
    return true;
  }

  async #watchFriend(): Promise<boolean> {
    const nick = this.friend?.nick;
    if (nick === undefined) return true;
    const answer = await this.#ask({ line: `MONITOR + ${nick}`, end: new RegExp(` 73[01] .*${nick}`) });
    if (answer === undefined) return false;
    const isThere = answer.some((line) => / 730 /.test(line) && line.includes(nick));
    this.#sim.sometimes("somebody who was watched was there", isThere);
    if (!isThere && this.friend !== undefined) this.friend.#isSaidGone(nick);
    return true;
  }

  /** Into a room of its own: who is invited hears of it. */
  async #invite(): Promise<boolean> {
    const { friend } = this;
    const nick = friend?.nick;
    if (friend === undefined || nick === undefined) return true;
    const room = `#den-${this.nick}`;
    this.#client.send(`JOIN ${room}`);
    this.#client.send(`MODE ${room} +i`);
    const end = / (341|401|403|437|442|443|482) /;
    const answer = await this.#ask({ line: `INVITE ${nick} ${room}`, end });
    if (answer === undefined) return false;
    if (!answer.some((line) => / 341 /.test(line)) || friend.nick !== nick) return true;
    friend.#invitedMs.push(this.#sim.now);
    this.#sim.sometimes("somebody was invited");
    return true;
  }
}
