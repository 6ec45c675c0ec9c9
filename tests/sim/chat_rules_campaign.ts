/**
 * The chat by its rules: everything that a member can do, one thing after the other, each answer compared
 * with what a model of names, rooms and operators says; with connections that are lost, and servers that are
 * killed, between.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { chatServer } from "../../actors/chat/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { LOBBY, MAX_HISTORY_LINES, SLOW_DOWN } from "../../protocols/chat.ts";
import { parseChatName } from "../../protocols/chat_names.ts";
import { contest, CONTESTS } from "./_chat_contest.ts";
import { DOORS } from "./_chat_dialects.ts";
import { type Campaign, LineClient, service } from "./_harness.ts";

const CLIENTS = ["c0", "c1", "c2", "c3"];
/** Some look like others, each in its way: they share a key, and not all keys. */
const NAMES = ["Ivan", "lvan", "IVAN", "paul", "раul", "PAUL", "ckype", "скуре", "CKYPE", "anna"];
const ROOMS = ["tea", "TEA", "games", "lobby", "Ivan"];
const STEPS = 60;
const RATE = { perSecond: 100, burst: 40 };
const VANISHED_MS = 150_000;
/** More than may be said at once. */
const FLOOD = 120;
const FILE = "/data/history.log";

/** The chat as it is. */
export const chatRules: Campaign = {
  name: "chat by its rules",
  sometimes: [
    ...["a name was taken", "a name was changed", "an operator was needed", "somebody was put out"],
    ...["a room was closed", "the history was full", "somebody was too fast", "nobody has that name"],
    ...["net: connection-reset", "fault: killed", "fault: power cut", ...CONTESTS],
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const server = sim.host("server");
  server.disk.write(FILE, "");
  server.start(service("chat", () =>
    chatServer({
      address: { hostname: "::", port: DOORS.line },
      historyFile: FILE,
      irc: { address: { hostname: "::", port: DOORS.irc } },
      rate: RATE,
      limits: { vanishedMs: VANISHED_MS },
      idleFlushMs: 0,
    })));
  const chat = new Chat(sim, server);
  await chat.begin();
  for (let step = 0; step < STEPS; step++) await chat.step();
  await chat.checkCount();
  await chat.flood();
  await contest(sim, ["server"], VANISHED_MS);
}

/** A member, as the model knows it. */
interface Member {
  readonly name: string;
  room: Room;
}

interface Room {
  readonly title: string;
  readonly operators: Set<Client>;
  topic: string | undefined;
}

class Client {
  readonly line: LineClient;
  member: Member | undefined;

  constructor(sim: SimWorld, name: string) {
    const { world } = sim.host(name);
    this.line = new LineClient(world, { hostname: "server", port: DOORS.line, silenceMs: 1e9 });
  }

  /** What this connection has brought. */
  get received(): readonly string[] {
    return this.line.sessions.at(-1)?.received ?? [];
  }
}

function keysOf(name: string): readonly string[] {
  const parsed = parseChatName(name);
  return "keys" in parsed ? parsed.keys : [];
}

function sharesKey(one: string, other: string): boolean {
  return keysOf(one).some((key) => keysOf(other).includes(key));
}

class Chat {
  readonly #sim: SimWorld;
  readonly #server: SimHost;
  readonly #clients: readonly Client[];
  readonly #watcher: LineClient;
  #rooms: Room[] = [{ title: LOBBY, operators: new Set(), topic: undefined }];
  /** What was said, by room. */
  readonly #history: { readonly room: string; readonly line: string }[] = [];
  #count = 0;

  constructor(sim: SimWorld, server: SimHost) {
    this.#sim = sim;
    this.#server = server;
    this.#clients = CLIENTS.map((name) => new Client(sim, name));
    const { world } = sim.host("watcher");
    this.#watcher = new LineClient(world, { hostname: "server", port: DOORS.irc, silenceMs: 1e9 });
  }

  async begin(): Promise<void> {
    await this.#sim.until(() => this.#all.every(({ isConnected }) => isConnected), 20_000, "connections");
    this.#watcher.send("NICK watcher");
    this.#watcher.send("USER watcher 0 * :watcher");
    await this.#sim.advance(1000);
  }

  get #all(): readonly LineClient[] {
    return [...this.#clients.map(({ line }) => line), this.#watcher];
  }

  async step(): Promise<void> {
    const { random } = this.#sim;
    await this.#sim.advance(300);
    if (random.chance(0.05)) return await this.#restart();
    const client = random.pick(this.#clients);
    if (client.member === undefined) return await this.#logIn(client, random.pick(NAMES));
    const { member } = client;
    switch (random.integer(0, 10)) {
      case 0:
        return await this.#rename(client, member);
      case 1:
      case 2:
        return await this.#join(client, member, random.pick(ROOMS));
      case 3:
        return await this.#topic(client, member);
      case 4:
        return await this.#kick(client, member, random.pick(NAMES));
      case 5:
        return await this.#who(client, member);
      case 6:
        return await this.#list(client, member);
      case 7:
        return await this.#leave(client);
      case 8:
        return await this.#find(client, random.pick(NAMES));
      default:
        return await this.#say(client, member, random.integer(1, 20));
    }
  }

  /** Sends a line, and gives what it was answered. What happens in a room may come after the answer. */
  async #ask(client: Client, line: string): Promise<string[]> {
    const from = client.received.length;
    const mark = `mark-${++this.#count}`;
    client.line.send(line);
    client.line.send(`/msg ${mark} there?`);
    const answer = `Error: Cannot send to ${mark}: nobody has that name`;
    await this.#sim.until(() => client.received.includes(answer), 5000, `an answer to ${line}`);
    await this.#sim.advance(100);
    return client.received.slice(from).filter((received) => received !== answer);
  }

  /** Whoever but this one has a name that could be taken for it. */
  #owner(name: string, but?: Client): Client | undefined {
    return this.#clients.find((other) =>
      other !== but && other.member !== undefined && sharesKey(other.member.name, name)
    );
  }

  async #logIn(client: Client, name: string): Promise<void> {
    const owner = this.#owner(name);
    const from = client.received.length;
    client.line.send(name);
    client.line.send("/who");
    const isIn = () => client.received.slice(from).some((line) => line.startsWith("In lobby:"));
    const isRefused = () => client.received.slice(from).some((line) => line.includes('"/who" has more'));
    await this.#sim.until(() => isIn() || isRefused(), 5000, `an answer to the name ${name}`);
    this.#sim.sometimes("a name was taken", owner !== undefined);
    assert(isIn() === (owner === undefined), `${name} was ${isIn() ? "given twice" : "refused, and free"}`);
    if (isIn()) client.member = { name, room: this.#roomOf(LOBBY, client) };
  }

  async #rename(client: Client, member: Member): Promise<void> {
    const { random } = this.#sim;
    // Half of them like the one before: what only that one was like is free then.
    const like = NAMES.filter((name) => sharesKey(name, member.name));
    const name = random.pick(random.chance(0.5) ? like : NAMES);
    const owner = this.#owner(name, client);
    const [answer] = await this.#ask(client, `/nick ${name}`);
    if (owner !== undefined) {
      assertEquals(answer, `Error: Cannot take that name: ${name} is taken, or looks like a name that is`);
      return;
    }
    assertEquals(answer, name === member.name ? undefined : `You are ${name} now.`);
    this.#sim.sometimes("a name was changed", name !== member.name);
    client.member = { name, room: member.room };
  }

  /** The room of a name, made when it is not there. */
  #roomOf(name: string, founder: Client): Room {
    const known = this.#rooms.find(({ title }) => sharesKey(title, name));
    if (known !== undefined) return known;
    const room: Room = { title: name, operators: new Set([founder]), topic: undefined };
    this.#rooms.push(room);
    return room;
  }

  /** Rooms that nobody is in are closed. */
  #closeEmpty(): void {
    const used = new Set(this.#clients.map(({ member }) => member?.room));
    const open = this.#rooms.filter((room) => used.has(room));
    this.#sim.sometimes("a room was closed", open.length < this.#rooms.length);
    this.#rooms = open.length === 0 ? [] : open;
    if (!this.#rooms.some(({ title }) => title === LOBBY)) {
      this.#rooms.push({ title: LOBBY, operators: new Set(), topic: undefined });
    }
  }

  async #join(client: Client, member: Member, name: string): Promise<void> {
    if (sharesKey(member.room.title, name)) {
      return assertEquals(await this.#ask(client, `/join ${name}`), [
        `You are in ${member.room.title} already.`,
      ]);
    }
    const left = member.room;
    const room = this.#roomOf(name, client);
    assertEquals((await this.#ask(client, `/join ${name}`)).at(-1), `You are in ${room.title} now.`);
    left.operators.delete(client);
    member.room = room;
    this.#closeEmpty();
  }

  async #topic(client: Client, { room, name }: Member): Promise<void> {
    const text = `topic ${++this.#count}`;
    const [answer] = await this.#ask(client, `/topic ${text}`);
    if (room.operators.has(client)) {
      assertEquals(answer, "The topic is set.");
      room.topic = `${text}`;
    } else {
      this.#sim.sometimes("an operator was needed");
      assertEquals(answer, "Error: Cannot set the topic: only an operator of the room may");
    }
    const shown = (await this.#ask(client, "/topic")).join();
    assert(
      room.topic === undefined ? shown === `${room.title} has no topic.` : shown.includes(room.topic),
      `${name} was told of another topic: ${shown}`,
    );
  }

  async #kick(client: Client, { room }: Member, name: string): Promise<void> {
    const target = this.#clients.find(({ member }) =>
      member !== undefined && member.room === room && sharesKey(member.name, name)
    );
    const answers = await this.#ask(client, `/kick ${name} out`);
    if (!room.operators.has(client)) {
      assertEquals(answers, [`Error: Cannot put out ${name}: only an operator of the room may`]);
    } else if (target?.member === undefined) {
      assertEquals(answers, [`Error: Cannot put out ${name}: nobody of that name is in this room`]);
    } else {
      this.#sim.sometimes("somebody was put out");
      room.operators.delete(target);
      // Who was put out of a room is in the lobby.
      target.member.room = this.#roomOf(LOBBY, target);
      this.#closeEmpty();
    }
  }

  async #who(client: Client, { room }: Member): Promise<void> {
    const lines = await this.#ask(client, "/who");
    const list = lines.findLast((line) => line.startsWith(`In ${room.title}: `)) ?? lines.join();
    const names = list.slice(`In ${room.title}: `.length).split(", ").sort();
    const expected = this.#clients.flatMap(({ member }) => member?.room === room ? [member.name] : []);
    assertEquals(names, expected.sort());
  }

  async #list(client: Client, _: Member): Promise<void> {
    const list = (await this.#ask(client, "/rooms")).findLast((line) => line.startsWith("Open rooms: ")) ??
      "";
    const expected = this.#rooms.map((room) => {
      const count = this.#clients.filter(({ member }) => member?.room === room).length;
      return { title: room.title, count };
    }).filter(({ count }) => count > 0).map(({ title, count }) => `${title} (${count})`);
    assertEquals(list.slice("Open rooms: ".length).split(", ").sort(), expected.sort());
  }

  async #find(client: Client, name: string): Promise<void> {
    const owner = this.#owner(name);
    const from = owner?.received.length ?? 0;
    const text = `secret ${++this.#count}`;
    const answers = await this.#ask(client, `/msg ${name} ${text}`);
    await this.#sim.advance(100);
    if (owner === undefined) {
      this.#sim.sometimes("nobody has that name");
      return assertEquals(answers, [`Error: Cannot send to ${name}: nobody has that name`]);
    }
    assert(owner.received.slice(from).some((line) => line.endsWith(text)), `${name} has not heard ${text}`);
  }

  /** Says some lines: all in the room hear them, and nobody else. */
  async #say(client: Client, { name, room }: Member, count: number): Promise<void> {
    const before = this.#clients.map(({ received }) => received.length);
    const lines = Array.from({ length: count }, () => `line ${++this.#count}`);
    for (const line of lines) client.line.send(line);
    await this.#sim.advance(300);
    const said = lines.map((line) => `${name}: ${line}`);
    for (const [index, other] of this.#clients.entries()) {
      if (other === client) continue;
      const heard = other.received.slice(before[index]).filter((line) => /: line \d+$/.test(line));
      assertEquals(heard, other.member?.room === room ? said : []);
    }
    for (const line of said) this.#history.push({ room: keysOf(room.title)[0] ?? "", line });
    const kept = this.#history.filter((entry) => entry.room === keysOf(room.title)[0]).map(({ line }) =>
      line
    );
    const [title, ...history] = await this.#ask(client, "/history");
    assert(title?.startsWith("The last "), title);
    assertEquals(
      history.map((line) => line.replace(/^\S* ?\d\d:\d\d(:\d\d)? /, "")),
      kept.slice(-MAX_HISTORY_LINES),
    );
    this.#sim.sometimes("the history was full", kept.length > MAX_HISTORY_LINES);
  }

  /** Goes, in one way or another: its name and its place are free. */
  async #leave(client: Client): Promise<void> {
    const session = client.line.sessions.length;
    if (this.#sim.random.chance(0.5)) client.line.send("quit");
    else {
      const host = CLIENTS[this.#clients.indexOf(client)];
      if (host !== undefined) this.#sim.net.resetConnections(host);
    }
    client.member?.room.operators.delete(client);
    client.member = undefined;
    this.#closeEmpty();
    await this.#sim.until(
      () => client.line.sessions.length > session && client.line.isConnected,
      5000,
      "it to be back",
    );
  }

  /** All are gone, and what was said is there. */
  async #restart(): Promise<void> {
    if (this.#sim.random.chance(0.5)) this.#server.kill();
    else {
      this.#server.crash();
      for (const host of [...CLIENTS, "watcher"]) this.#sim.net.resetConnections(host);
    }
    for (const client of this.#clients) client.member = undefined;
    this.#rooms = [];
    this.#closeEmpty();
    const sessions = this.#all.map(({ sessions }) => sessions.length);
    this.#server.restart();
    await this.#sim.until(
      () =>
        this.#all.every((line, index) => line.sessions.length > (sessions[index] ?? 0) && line.isConnected),
      20_000,
      "all to be back",
    );
    await this.begin();
  }

  /** The server counts those who are there, and nobody who has left. */
  async checkCount(): Promise<void> {
    this.#watcher.send("LUSERS");
    const received = () => this.#watcher.sessions.at(-1)?.received ?? [];
    await this.#sim.until(() => received().some((line) => / 251 /.test(line)), 5000, "the count");
    await this.#sim.advance(500);
    const [, users] =
      / 251 .*?There are (\d+) users/.exec(received().findLast((line) => / 251 /.test(line)) ?? "") ??
        [];
    const there = this.#clients.filter(({ member }) => member !== undefined).length;
    assertEquals(Number(users), there + 1, "the server counts others than are there");
  }

  /** Who says too much at once is told so, once, and is not heard meanwhile. */
  async flood(): Promise<void> {
    const [one, other] = this.#clients;
    if (one === undefined || other === undefined) return;
    for (const client of [one, other]) {
      await this.#leave(client);
      for (const name of NAMES) if (client.member === undefined) await this.#logIn(client, name);
    }
    await this.#sim.advance(2000);
    const [from, heardFrom] = [one.received.length, other.received.length];
    const startedMs = this.#sim.now;
    for (let i = 0; i < FLOOD; i++) one.line.send(`flood ${i}`);
    await this.#sim.advance(300);
    const told = one.received.slice(from).filter((line) => line === SLOW_DOWN).length;
    const heard = other.received.slice(heardFrom).filter((line) => line.includes(": flood ")).length;
    const most = RATE.burst + RATE.perSecond * (this.#sim.now - startedMs) / 1000 + 1;
    assert(heard <= most, `${heard} lines were heard, of ${most} that may be said`);
    assert(heard === FLOOD || told > 0, "who was too fast was not told");
    assert(told <= FLOOD - heard, `who was too fast was told ${told} times`);
    this.#sim.sometimes("somebody was too fast", told > 0);
  }
}
