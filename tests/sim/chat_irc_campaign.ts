/**
 * The chat over IRC by its rules: whatever people do there, one thing after the other, everybody is told what
 * a model of it says, and nothing else; with connections that are lost, and servers that are killed, between.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { chatServer } from "../../actors/chat/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { DOORS } from "./_chat_dialects.ts";
import { type Campaign, LineClient, service } from "./_harness.ts";
import { obey } from "./_irc_commands.ts";
import { inOrder, plainLines } from "./_irc_lines.ts";
import { IrcHouse, type IrcPerson } from "./_irc_model.ts";
import { drawCommand, drawDoorScene, drawHushScene, NICKS, type Scene } from "./_irc_people.ts";

/** Who connects, and what their clients can read. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  c0: [],
  c1: ["echo-message", "multi-prefix", "away-notify"],
  c2: ["extended-join", "invite-notify", "away-notify"],
  c3: ["invite-notify"],
};
const STEPS = 120;
const FILE = "/data/history.log";

/** The chat as it is. */
export const chatIrc: Campaign = {
  name: "chat over IRC by its rules",
  sometimes: [
    ...[401, 403, 404, 406, 433, 441, 442, 443, 471, 473, 474, 475, 482, 502, 525]
      .map((code) => `somebody was answered ${code}`),
    ...[471, 473, 474, 475].map((code) => `an invitation opened a room in spite of ${code}`),
    ...["whom one watches came", "whom one watches went"],
    ...["net: connection-reset", "fault: killed", "fault: power cut"],
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
      rate: { perSecond: 0, burst: 1 },
    })));
  const talk = new Talk(sim, server);
  await talk.begin();
  for (let step = 0; step < STEPS; step++) await talk.step();
}

/** One connection after the other, and how much of it has been looked at. */
interface Client {
  readonly name: string;
  readonly line: LineClient;
  session: number;
  seen: number;
  /** It has said all but its name, and need not again. */
  isIntroduced: boolean;
}

class Talk {
  readonly #sim: SimWorld;
  readonly #server: SimHost;
  readonly #clients: readonly Client[];
  #house: IrcHouse;
  #count = 0;

  constructor(sim: SimWorld, server: SimHost) {
    this.#sim = sim;
    this.#server = server;
    this.#clients = Object.keys(CLIENTS).map((name) => {
      const line = new LineClient(sim.host(name).world, {
        hostname: "server",
        port: DOORS.irc,
        silenceMs: 1e9,
      });
      return { name, line, session: 0, seen: 0, isIntroduced: false };
    });
    this.#house = this.#newHouse();
  }

  #newHouse(): IrcHouse {
    return new IrcHouse((what) => this.#sim.sometimes(what));
  }

  /** Everybody is connected anew, and has no name. */
  async begin(): Promise<void> {
    for (const client of this.#clients) await this.#connected(client);
  }

  async #connected(client: Client): Promise<void> {
    const { line, session } = client;
    await this.#sim.until(() => line.sessions.length > session && line.isConnected, 20_000, "a connection");
    client.session = line.sessions.length;
    client.seen = 0;
    client.isIntroduced = false;
  }

  async step(): Promise<void> {
    const { random } = this.#sim;
    await this.#sim.advance(random.between(1, 200));
    if (random.chance(0.01)) return await this.#restart();
    const client = random.pick(this.#clients);
    const person = this.#house.people.get(client.name);
    const chance = random.next();
    if (person === undefined) await this.#register(client, random.pick(this.#names()));
    else if (chance < 0.05) await this.#play(drawDoorScene(random, this.#house));
    else if (chance < 0.1) await this.#play(drawHushScene(random, this.#house));
    else if (chance < 0.13) await this.#leave(client);
    else await this.#command(client, person, drawCommand(random, this.#house, person));
  }

  /** All names, and those that are free twice: most people are to be let in. */
  #names(): readonly string[] {
    return [...NICKS, ...NICKS.filter((nick) => this.#house.personOf(nick) === undefined)];
  }

  async #play(scene: Scene): Promise<void> {
    for (const [person, line] of scene) {
      if (this.#sim.random.chance(0.05)) await this.#pause();
      const client = this.#clients.find(({ name }) => name === person.client);
      if (client !== undefined) await this.#command(client, person, line);
    }
  }

  /** Longer than a name that was given up is banned with its owner; who has none is cut off meanwhile. */
  async #pause(): Promise<void> {
    await this.#sim.advance(61_000);
    for (const client of this.#clients) {
      const isAnew = client.line.sessions.length > client.session || !client.line.isConnected;
      if (isAnew) await this.#connected(client);
    }
  }

  async #command(client: Client, person: IrcPerson, line: string): Promise<void> {
    obey(this.#house, person, line, this.#sim.now);
    client.line.send(line);
    await this.#settle(client);
    await this.#check(`${person.nick}: ${line}`, client);
  }

  async #register(client: Client, nick: string): Promise<void> {
    const capabilities = CLIENTS[client.name] ?? [];
    if (!client.isIntroduced) {
      if (capabilities.length > 0) client.line.send(`CAP REQ :${capabilities.join(" ")}`);
      client.line.send(`USER ${client.name} 0 * :Real ${client.name}`);
      client.line.send("CAP END");
    }
    client.isIntroduced = true;
    client.line.send(`NICK ${nick}`);
    await this.#settle(client);
    const isIn = this.#house.arrive(client.name, nick, new Set(capabilities));
    const news = this.#news(client).filter((line) => !line.startsWith("server CAP"));
    if (!isIn) {
      this.#sim.sometimes("somebody was answered 433");
      assertEquals(news, [`433 ${nick}`]);
    } else {
      assertEquals([news[0], /^(376|422)$/.test(news.at(-1) ?? "")], ["001", true], `${nick} is not welcome`);
    }
    await this.#check(`${nick} registers`);
  }

  /** Goes, in one way or another. */
  async #leave(client: Client): Promise<void> {
    const nick = this.#house.people.get(client.name)?.nick;
    this.#house.leave(client.name);
    if (this.#sim.random.chance(0.5)) client.line.send("QUIT :bye");
    else this.#sim.net.resetConnections(client.name);
    await this.#connected(client);
    await this.#check(`${nick} leaves`);
  }

  /** Nobody is there any more, and there is no room. */
  async #restart(): Promise<void> {
    if (this.#sim.random.chance(0.5)) this.#server.kill();
    else {
      this.#server.crash();
      for (const { name } of this.#clients) this.#sim.net.resetConnections(name);
    }
    this.#house = this.#newHouse();
    this.#server.restart();
    await this.begin();
  }

  /** All that a client asked is answered. */
  async #settle({ line, seen }: Client): Promise<void> {
    const mark = `mark-${++this.#count}`;
    line.send(`PING ${mark}`);
    const isAnswered = () => line.sessions.at(-1)?.received.slice(seen).some((one) => one.includes(mark));
    await this.#sim.until(() => isAnswered() ?? false, 5000, `an answer to ${mark}`);
  }

  /** What a client has been told since this was asked last. */
  #news(client: Client): readonly string[] {
    const received = client.line.sessions.at(-1)?.received ?? [];
    const news = received.slice(client.seen).flatMap(plainLines);
    client.seen = received.length;
    return inOrder(news.filter((line) => !line.startsWith("server PONG")));
  }

  /** Everybody has been told what the model says; who did it, in that order. */
  async #check(what: string, by?: Client): Promise<void> {
    const told = this.#house.takeTold();
    const others = this.#clients.filter((client) => client !== by);
    await Promise.all(others.map((client) => this.#settle(client)));
    for (const client of this.#clients) {
      const [news, expected] = [this.#news(client), inOrder(told.get(client.name) ?? [])];
      const lines = (list: readonly string[]) => client === by ? list : [...list].sort();
      assertEquals(lines(news), lines(expected), `${what}, and ${client.name} is told something else`);
    }
  }
}
