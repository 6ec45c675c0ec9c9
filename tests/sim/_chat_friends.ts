/**
 * Two who chat over IRC and look at each other: away or not, there or gone, invited into a room or not. What
 * they are answered is what the rules say, as far as anybody can know it under chaos.
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

/** When something was asked, and when it was answered, if it was. */
interface Asked {
  readonly sentMs: number;
  answeredMs: number;
}

/** An invitation into one's own room. */
interface Invitation extends Asked {
  readonly nick: string;
  isDone: boolean;
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
  /** When it was told that it has its nick. */
  #namedMs = Infinity;
  /** When others were told that it was invited: it is told before it is answered to what it sends later. */
  #invitedMs: number[] = [];
  /** What it has asked on this connection and was answered: so long it was there. */
  #answered: Asked[] = [];
  /** Whom it watches on this connection, and since when it knows that it does. */
  #watched = new Map<string, number>();
  /** When it knew that nobody comes into its own room who is not invited. */
  #closedMs = Infinity;
  #invitations: Invitation[] = [];
  /** Of the room of the other: whether it is in there, and when it came in last. */
  #isVisiting = false;
  #entry: Asked | undefined;

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
    this.#answered = [];
    this.#watched = new Map();
    this.#closedMs = Infinity;
    this.#invitations = [];
    this.#isVisiting = false;
    this.#entry = undefined;
    const nick = `${this.name}-${session}`;
    this.#client.send(`NICK ${nick}`);
    const welcome = await this.#ask({ line: `USER ${nick} 0 * :${nick}`, end: ofCommand("001") }, 20_000);
    if (welcome === undefined) return;
    this.nick = nick;
    this.#namedMs = this.#sim.now;
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
      this.#answered.push({ sentMs, answeredMs: this.#sim.now });
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
    this.#checkNews(sentMs, received);
  }

  /** Whoever is watched is told to come once, and to go once; and it is told before what is asked later. */
  #checkNews(sentMs: number, received: readonly string[]): void {
    for (const [nick, sinceMs] of this.#watched) {
      const said = presenceOf(nick, received);
      const order = said.filter((isThere, place) => isThere !== said[place - 1]);
      const from = order[0] === false ? 1 : 0;
      assert(order.length - from <= 2, `${nick} was told to come and go more than once: ${said.join(" ")}`);
      if (this.friend?.nick !== nick) continue;
      const wasThere = this.friend.#answered.some((asked) =>
        asked.sentMs > sinceMs && asked.answeredMs < sentMs
      );
      assert(!wasThere || said.includes(true), `${nick} was there, and ${this.nick} was not told`);
      this.#sim.sometimes("somebody was told of one who came later", said[0] === false && wasThere);
    }
  }

  /** Somebody who asked then was told that this name is gone. */
  #isSaidGone(nick: string, askedMs: number): void {
    if (this.nick === nick && this.#namedMs <= askedMs) this.#goneMs = Math.min(this.#goneMs, this.#sim.now);
  }

  /** Does one thing; answers whether it was answered. */
  async #act(chance: number): Promise<boolean> {
    if (chance < 0.2) return await this.#setAway(chance < 0.15);
    if (chance < 0.3) return await this.#setMode(chance < 0.25);
    if (chance < 0.5) return await this.#lookAtFriend();
    if (chance < 0.65) return await this.#invite();
    if (chance < 0.85) return await this.#visit();
    return await this.#watchFriend(chance < 0.93);
  }

  async #setAway(isAway: boolean): Promise<boolean> {
    const text = isAway ? `out ${++this.#count}` : undefined;
    const away = this.#away;
    const place = away.said.push(text) - 1;
    const end = isAway ? ofCommand("306") : ofCommand("305");
    const answer = await this.#ask({ line: isAway ? `AWAY :${text}` : "AWAY", end });
    if (answer === undefined) return false;
    away.confirmed = place;
    return true;
  }

  async #setMode(isOn: boolean): Promise<boolean> {
    const wanted = isOn ? "+i" : "-i";
    this.#client.send(`MODE ${this.nick} ${wanted}`);
    const answer = await this.#ask({ line: `MODE ${this.nick}`, end: ofCommand("221") });
    if (answer === undefined) return false;
    this.#modes = isOn ? "+i" : "+";
    const told = answer.find((line) => ofCommand("221").test(line))?.trim().split(" ").at(-1)?.replace(
      ":",
      "",
    );
    assert(told === this.#modes, `${this.nick} has the modes ${told}, and not ${this.#modes}`);
    this.#sim.sometimes("somebody's own modes were told");
    return true;
  }

  /** Its away text is the one that was confirmed last, or one that was sent since. */
  async #lookAtFriend(): Promise<boolean> {
    const { friend } = this;
    const { random } = this.#sim.host(this.name).world;
    const former = [...this.#watched.keys()].find((watched) => watched !== friend?.nick);
    const nick = random.next() < 0.4 ? former ?? friend?.nick : friend?.nick;
    if (friend === undefined || nick === undefined) return true;
    const away = friend.#away;
    const from = away.confirmed;
    const [asked, askedMs] = [this.#received.length, this.#sim.now];
    const answer = await this.#ask({ line: `WHOIS ${nick}`, end: ofCommand("318") });
    if (answer === undefined) return false;
    const gone = answer.findIndex((line) => ofCommand("401").test(line));
    if (gone >= 0) friend.#isSaidGone(nick, askedMs);
    this.#checkPresence(nick, asked, gone < 0 ? undefined : asked + gone);
    const isSameVisit = friend.nick === nick && friend.#away === away;
    // What comes before is of an earlier question: who is invited may be away, too.
    const begin = answer.findIndex((line) => ofCommand("311").test(line));
    if (!isSameVisit || begin < 0) return true;
    const text = answer.slice(begin).find((line) => ofCommand("301").test(line)) ?? "";
    const told = / 301 \S+ \S+ :(.*)/.exec(text)?.[1]?.trim();
    const may = away.said.slice(from);
    assert(may.includes(told), `${nick} is told to be away by ${told}, and may by ${may}`);
    this.#sim.sometimes("somebody was seen to be away", told !== undefined);
    return true;
  }

  /**
   * What was told of one who is watched agrees with the answer to what was asked after so many lines. That it
   * is gone is said by the line at `gone`: it may come right after that.
   */
  #checkPresence(nick: string, asked: number, gone: number | undefined): void {
    if (!this.#watched.has(nick)) return;
    const before = presenceOf(nick, this.#received.slice(0, gone ?? asked));
    const isLost = before.includes(true) && before.at(-1) === false;
    if (gone === undefined) assert(!isLost, `${nick} was said to be gone, and is there`);
    else assert(before.at(-1) !== true, `${nick} is gone, and who watches was not told`);
    this.#sim.sometimes("somebody was told of one who went", gone !== undefined && isLost);
  }

  get #received(): readonly string[] {
    return this.#client.sessions.at(-1)?.received ?? [];
  }

  /** Whoever is there, or who comes next. */
  async #watchFriend(isNext: boolean): Promise<boolean> {
    const { friend } = this;
    if (friend === undefined) return true;
    const nick = isNext ? `${friend.name}-${friend.#client.sessions.length + 1}` : friend.nick;
    if (nick === undefined) return true;
    const askedMs = this.#sim.now;
    const answer = await this.#ask({ line: `MONITOR + ${nick}`, end: new RegExp(` 73[01] .*${nick}\\b`) });
    if (answer === undefined) return false;
    if (!this.#watched.has(nick)) this.#watched.set(nick, this.#sim.now);
    const isThere = presenceOf(nick, answer).at(-1) ?? false;
    this.#sim.sometimes("somebody who was watched was there", isThere);
    if (!isThere && !isNext) friend.#isSaidGone(nick, askedMs);
    return true;
  }

  /** The room that it leads, into which it lets those alone whom it invites. */
  get #den(): string {
    return `#den-${this.nick}`;
  }

  async #close(): Promise<boolean> {
    this.#client.send(`JOIN ${this.#den}`);
    this.#client.send(`MODE ${this.#den} +i`);
    const answer = await this.#ask({ line: `MODE ${this.#den}`, end: ofCommand("324") });
    if (answer?.some((line) => /^:\S+ 324 \S+ \S+ \+\S*i/.test(line))) this.#closedMs = this.#sim.now;
    return answer !== undefined;
  }

  /** Into its own room: who is invited hears of it. */
  async #invite(): Promise<boolean> {
    const { friend } = this;
    const nick = friend?.nick;
    if (friend === undefined || nick === undefined) return true;
    if (this.#closedMs === Infinity) return await this.#close();
    const invitation = { nick, sentMs: this.#sim.now, answeredMs: Infinity, isDone: false };
    this.#invitations.push(invitation);
    const answer = await this.#ask({
      line: `INVITE ${nick} ${this.#den}`,
      end: ofCommand("341", "401", "443"),
    });
    if (answer === undefined) return false;
    invitation.answeredMs = this.#sim.now;
    invitation.isDone = answer.some((line) => ofCommand("341").test(line));
    if (!invitation.isDone || friend.nick !== nick) return true;
    friend.#invitedMs.push(this.#sim.now);
    this.#sim.sometimes("somebody was invited");
    return true;
  }

  /** Into the room of the other, if that is invited, and out of it. */
  async #visit(): Promise<boolean> {
    const { friend, nick } = this;
    if (friend?.nick === undefined || friend.#closedMs > this.#sim.now) return true;
    const room = friend.#den;
    if (this.#isVisiting) {
      this.#isVisiting = false;
      return await this.#ask({ line: `PART ${room}`, end: ofCommand("PART", "403", "442") }) !== undefined;
    }
    const own = friend.#invitations.filter((invitation) => invitation.nick === nick);
    const { sentMs: cameMs, answeredMs: inMs } = this.#entry ?? { sentMs: -1, answeredMs: -1 };
    const mustEnter = own.some(({ isDone, sentMs }) => isDone && sentMs > inMs);
    const host = friend.nick;
    const sentMs = this.#sim.now;
    const answer = await this.#ask({ line: `JOIN ${room}`, end: ofCommand("366", "403", "437", "473") });
    if (answer === undefined) return false;
    const isIn = answer.some((line) => ofCommand("366").test(line));
    // Nobody can know what was invited meanwhile; and a room that nobody is left in is anybody's.
    const later = friend.#invitations.filter((invitation) => invitation.nick === nick);
    const mayEnter = friend.nick !== host || later.some(({ answeredMs }) => answeredMs >= cameMs);
    const isHis = answer.some((line) => ofCommand("353").test(line) && line.includes(`@${host}`));
    assert(!isIn || !isHis || mayEnter, `${nick} came into ${room}, and was not invited`);
    assert(isIn || !mustEnter, `${nick} was invited into ${room}, and is not let in`);
    this.#sim.sometimes("who was invited came in", isIn && isHis);
    this.#sim.sometimes("who was not invited stayed out", !isIn);
    if (!isIn) return true;
    this.#entry = { sentMs, answeredMs: this.#sim.now };
    this.#isVisiting = true;
    return true;
  }
}

/** Lines of one of these commands or numerics; a number among the words of another is none. */
function ofCommand(...names: readonly string[]): RegExp {
  return new RegExp(`^:\\S+ (${names.join("|")}) `);
}

/** What the lines say of one who is watched: there, or not. */
function presenceOf(nick: string, lines: readonly string[]): boolean[] {
  const isOf = new RegExp(`^:\\S+ 73[01] \\S+ :?${nick}(!|\\s|$)`);
  return lines.filter((line) => isOf.test(line)).map((line) => line.includes(" 730 "));
}
