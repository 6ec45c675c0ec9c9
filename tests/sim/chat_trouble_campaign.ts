/**
 * The chat in trouble: a disk that is slow, fails or hangs while people talk and are put out, answers that
 * fill more than a connection may be sent, and more names than are remembered.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { chatServer } from "../../actors/chat/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { MAX_HISTORY_LINES } from "../../protocols/chat.ts";
import { DOORS } from "./_chat_dialects.ts";
import { type Campaign, LineClient, service } from "./_harness.ts";

const FILE = "/data/history.log";
const ROOM = "tea";
/** Who leads the room, who is put out of it, and who only listens. */
const PEOPLE = ["lead", "loud", "ears"] as const;
const TRIALS = 6;
/** The history may take so long to keep a line, before the talk goes on without. */
const HISTORY_TIMEOUT_MS = 5000;
/** Longer than the history waits after a file that could not be written anew. */
const MADE_GOOD_MS = 1500;
/** Bytes of text that one answer may have. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** How many of those who have gone are remembered. */
const MAX_FORMER = 1000;
const RATE = { perSecond: 1000, burst: 2000 };

/** The chat as it is. */
export const chatTrouble: Campaign = {
  name: "chat in trouble",
  sometimes: [
    ...["what was said late was refused", "what was said late was heard", "a line could not be kept"],
    ...[
      "a name was handed over in a room",
      "the disk hung",
      "an answer was cut short",
      "many have gone",
      "the server came back",
    ],
    ...["fault: sync fails", "fault: write fails", "fault: killed", "fault: power cut"],
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const server = sim.host("server");
  server.disk.makeDirectory("/data");
  server.start(service("chat", () =>
    chatServer({
      address: { hostname: "::", port: DOORS.line },
      historyFile: FILE,
      irc: { address: { hostname: "::", port: DOORS.irc }, pingIntervalMs: 3_600_000 },
      rate: RATE,
      idleFlushMs: 0,
    })));
  const room = new Trials(sim, server);
  await room.gather();
  for (let trial = 0; trial < TRIALS; trial++) await room.trial();
  if (sim.random.chance(0.08)) await room.crowd();
}

type Person = typeof PEOPLE[number];

class Trials {
  readonly #sim: SimWorld;
  readonly #server: SimHost;
  readonly #people: Readonly<Record<Person, LineClient>>;
  readonly #watcher: LineClient;
  /** What was said in the room and is in its history, in order. */
  readonly #kept: string[] = [];
  #count = 0;

  constructor(sim: SimWorld, server: SimHost) {
    this.#sim = sim;
    this.#server = server;
    this.#people = {
      lead: this.#client("lead", DOORS.line),
      loud: this.#client("loud", DOORS.line),
      ears: this.#client("ears", DOORS.line),
    };
    this.#watcher = this.#client("watcher", DOORS.irc);
  }

  #client(name: string, port: number): LineClient {
    return new LineClient(this.#sim.host(name).world, { hostname: "server", port, silenceMs: 1e9 });
  }

  /** All come in; the first of them leads. */
  async gather(): Promise<void> {
    for (const person of PEOPLE) await this.#comeIn(person);
    await this.#sim.until(() => this.#watcher.isConnected, 20_000, "the watcher to be connected");
    for (const line of ["NICK watcher", "USER watcher 0 * :watcher"]) this.#watcher.send(line);
  }

  async trial(): Promise<void> {
    const { random } = this.#sim;
    const chance = random.next();
    if (chance < 0.3) return await this.#putOut();
    if (chance < 0.5) return await this.#handOver();
    if (chance < 0.68) return await this.#failingDisk();
    if (chance < 0.76) return await this.#hangingDisk();
    if (chance < 0.87) return await this.#bulk();
    await this.#comeBack();
  }

  #received(person: Person): readonly string[] {
    return this.#people[person].sessions.at(-1)?.received ?? [];
  }

  #heard(person: Person, from: number, is: (line: string) => boolean, withinMs = 5000): Promise<void> {
    return this.#sim.until(
      () => this.#received(person).slice(from).some(is),
      withinMs,
      `${person} to hear of it`,
    );
  }

  /** Says something, which the others hear in time, and once. */
  async #say(withinMs: number, text = `line ${++this.#count}`): Promise<void> {
    const from = this.#received("ears").length;
    this.#people.lead.send(text);
    const line = `lead: ${text}`;
    await this.#heard("ears", from, (heard) => heard === line, withinMs);
    this.#kept.push(line);
  }

  /** What was said is told to whoever asks: the last of it, as much as one answer may have. */
  async #checkHistory(): Promise<void> {
    const from = this.#received("ears").length;
    this.#people.ears.send("/history");
    this.#people.ears.send("/topic");
    await this.#heard("ears", from, (line) => line === `${ROOM} has no topic.`);
    const [title = "", ...shown] = this.#received("ears").slice(from, -1);
    assert(title.startsWith(this.#kept.length === 0 ? "Nothing was said" : "The last "), title);
    // What was refused in the end may have been kept before: nobody was told that it was not.
    const told = shown.filter((line) => !line.includes(": late "));
    const expected = this.#kept.slice(-MAX_HISTORY_LINES);
    assertEquals(told, expected.slice(expected.length - told.length), "the history is another");
    const bytes = shown.reduce((sum, line) => sum + line.length, 0);
    assert(bytes <= MAX_ANSWER_BYTES + 100 * shown.length, `one answer has ${bytes} bytes`);
    const next = expected.at(expected.length - told.length - 1);
    const isCut = next !== undefined && told.length < expected.length;
    this.#sim.sometimes("an answer was cut short", isCut && shown.length < MAX_HISTORY_LINES);
    assert(
      !isCut || shown.length === MAX_HISTORY_LINES || bytes + next.length > MAX_ANSWER_BYTES,
      "the history lacks lines that would fit",
    );
  }

  /** Who is put out while a line is being kept says nothing in the room after that. */
  async #putOut(): Promise<void> {
    const { random } = this.#sim;
    const { disk } = this.#server;
    disk.slowness = random.between(5, 60);
    const [from, own, lines] = [this.#received("ears").length, this.#received("loud").length, 4];
    const said = `line ${++this.#count}`;
    this.#people.ears.send(said);
    this.#kept.push(`ears: ${said}`);
    await this.#sim.advance(random.between(2, 6));
    this.#people.lead.send("/kick loud out");
    for (let late = 0; late < lines; late++) {
      await this.#sim.advance(random.between(0, 4));
      this.#people.loud.send(`late ${++this.#count}`);
    }
    await this.#sim.advance(1000);
    disk.slowness = 1;
    const heard = this.#received("ears").slice(from);
    const isLate = (line: string) => line.startsWith("loud: late ");
    const out = heard.indexOf("loud was put out by lead: out");
    assert(out >= 0, "nobody was told that somebody was put out");
    assert(!heard.slice(out).some(isLate), `heard after it was put out: ${heard.slice(out).find(isLate)}`);
    const answers = this.#received("loud").slice(own);
    const refused = answers.filter((line) => line.startsWith("Error: Cannot say that")).length;
    const before = heard.filter(isLate).length;
    this.#sim.sometimes("what was said late was refused", refused > 0);
    this.#sim.sometimes("what was said late was heard", before > 0);
    // The rest is said in the lobby, where it is by then.
    const from2 = this.#received("loud").length;
    this.#people.loud.send("/history");
    await this.#heard("loud", from2, (line) => /^(The last|Nothing was said)/.test(line));
    await this.#sim.advance(100);
    const numbers = Array.from({ length: lines }, (_, index) => this.#count - lines + 1 + index);
    const inLobby =
      this.#received("loud").slice(from2).filter((line) =>
        isLate(line) && numbers.includes(Number(line.slice("loud: late ".length)))
      ).length;
    assertEquals(before + refused + inLobby, lines, "lines were neither said nor refused");
    const from3 = this.#received("loud").length;
    this.#people.loud.send(`/join ${ROOM}`);
    await this.#heard("loud", from3, (line) => line === `You are in ${ROOM} now.`);
  }

  /** Who goes while on its way into a room has left it before the next one of its name comes in. */
  async #handOver(): Promise<void> {
    const { random } = this.#sim;
    const heir = this.#client(`heir${++this.#count}`, DOORS.line);
    await this.#sim.until(() => heir.isConnected, 5000, "the heir to be connected");
    const { sessions } = this.#people.loud;
    const [own, connections] = [this.#received("loud").length, sessions.length];
    this.#people.loud.send("/join lobby");
    await this.#heard("loud", own, (line) => line === "You are in lobby now.");
    await this.#sim.advance(100);
    const from = this.#received("lead").length;
    this.#server.disk.slowness = random.between(5, 60);
    const said = `line ${++this.#count}`;
    this.#people.ears.send(said);
    this.#kept.push(`ears: ${said}`);
    await this.#sim.advance(random.between(2, 6));
    this.#people.loud.send(`/join ${ROOM}`);
    if (random.chance(0.3)) this.#people.loud.send("quit");
    else {
      // It is on its way when its connection goes.
      await this.#sim.advance(random.between(1, 8));
      this.#sim.net.resetConnections("loud");
    }
    await this.#sim.advance(random.between(0, 4));
    // The name may not be free yet, and is soon.
    const isIn = () => heir.sessions.at(-1)?.received.includes(`You are in ${ROOM} now.`) ?? false;
    for (let tries = 0; tries < 20 && !isIn(); tries++) {
      for (const line of ["loud", `/join ${ROOM}`]) heir.send(line);
      await this.#sim.advance(tries === 0 ? 1000 : 200);
    }
    assert(isIn(), "a name is not free though its owner has gone");
    this.#server.disk.slowness = 1;
    const moves = this.#received("lead").slice(from).filter((line) => /^loud has (joined|left)/.test(line));
    const hasJoined = moves.map((line) => line.includes("joined"));
    assert(
      hasJoined.every((joined, place) => joined === (place % 2 === 0)),
      `one of a name came before the other had left: ${moves.join(" ")}`,
    );
    this.#sim.sometimes("a name was handed over in a room", moves.length > 2);
    heir.send("quit");
    await this.#sim.until(
      () => sessions.length > connections && this.#people.loud.isConnected,
      20_000,
      "who has left to be connected again",
    );
    await this.#sim.advance(500);
    await this.#comeIn("loud");
  }

  async #comeIn(person: Person): Promise<void> {
    const client = this.#people[person];
    await this.#sim.until(() => client.isConnected, 20_000, `${person} to be connected`);
    for (const line of [person, `/join ${ROOM}`]) client.send(line);
    await this.#heard(person, 0, (line) => line === `You are in ${ROOM} now.`);
  }

  /** A full disk is no reason to silence people; what it did not take is kept once it works again. */
  async #failingDisk(): Promise<void> {
    const { random } = this.#sim;
    const { disk, log } = this.#server;
    const from = log.records.length;
    disk.failNext(random.pick(["write", "sync"] as const), random.pick(["no-space", "other"] as const), {
      dropsPages: random.chance(0.5),
    });
    await this.#say(1000);
    disk.forgetFailures();
    const isTold = log.records.slice(from).some(({ fields }) => fields?.event === "history-not-kept");
    assert(isTold, "no operator is told that a line could not be kept");
    this.#sim.sometimes("a line could not be kept");
    for (let turn = 0; turn < 2; turn++) {
      await this.#say(1000);
      await this.#sim.advance(MADE_GOOD_MS);
    }
    await this.#checkHistory();
  }

  /** Nor is one that answers after ten seconds. */
  async #hangingDisk(): Promise<void> {
    const { disk } = this.#server;
    disk.slowness = 100_000;
    const startedMs = this.#sim.now;
    await this.#say(HISTORY_TIMEOUT_MS + 500);
    this.#sim.sometimes("the disk hung", this.#sim.now - startedMs > HISTORY_TIMEOUT_MS - 500);
    disk.slowness = 1;
    // What is under way goes on as slowly as it began.
    await this.#sim.advance(300_000);
    await this.#say(1000);
    await this.#checkHistory();
  }

  /** Long lines: an answer has the last of them, and no more than a connection may be sent. */
  async #bulk(): Promise<void> {
    const { random } = this.#sim;
    for (let line = 0; line < 14; line++) {
      await this.#say(2000, `line ${++this.#count} ${"z".repeat(random.integer(15_000, 30_000))}`);
    }
    await this.#checkHistory();
  }

  /** The server dies, and what was said is there. */
  async #comeBack(): Promise<void> {
    const all = [...Object.values(this.#people), this.#watcher];
    const sessions = all.map(({ sessions }) => sessions.length);
    if (this.#sim.random.chance(0.5)) this.#server.kill();
    else {
      this.#server.crash();
      for (const name of [...PEOPLE, "watcher"]) this.#sim.net.resetConnections(name);
    }
    this.#server.restart();
    const areBack = () => all.every((one, index) => one.sessions.length > (sessions[index] ?? 0));
    await this.#sim.until(areBack, 20_000, "all to be back");
    this.#sim.sometimes("the server came back");
    await this.gather();
    await this.#checkHistory();
  }

  /** More names than are remembered: the oldest are forgotten, the others are not. */
  async crowd(): Promise<void> {
    const from = this.#received("ears").length;
    const names = Array.from({ length: MAX_FORMER + 5 }, (_, number) => `guest${number}`);
    for (const [index, name] of names.entries()) {
      this.#people.loud.send(`/nick ${name}`);
      if (index % 100 === 0) await this.#sim.advance(200);
    }
    await this.#heard("ears", from, (line) => line.endsWith(`is now ${names.at(-1)}.`), 20_000);
    const wasThere = async (name: string) => {
      const received = () => this.#watcher.sessions.at(-1)?.received ?? [];
      const before = received().length;
      this.#watcher.send(`WHOWAS ${name}`);
      const answered = () => received().slice(before).some((line) => line.includes(" 369 "));
      await this.#sim.until(answered, 5000, `an answer to WHOWAS ${name}`);
      return received().slice(before).some((line) => line.includes(" 314 "));
    };
    assertEquals(await wasThere("guest0"), false, "who has gone is never forgotten");
    assertEquals(await wasThere(names.at(-2) ?? ""), true, "who has gone is not remembered");
    this.#sim.sometimes("many have gone");
  }
}
