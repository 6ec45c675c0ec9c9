/**
 * The chat under chaos: one order of events for all, nobody leaves twice, a name has one owner, and what was
 * heard is in the history, also after damage.
 *
 * @module
 */
import { assert } from "@std/assert";
import { ChatVisit } from "../../tasks/_chat_visit.ts";
import { Failure } from "../../tasks/_cli.ts";
import { connectLines } from "../../tasks/_line_client.ts";
import { asked, type Terminal } from "../../tasks/_terminal.ts";
import { chatServer } from "../../actors/chat/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { type ChatCaller, type Dialect, DOORS, IRC, LINE, WEB } from "./_chat_dialects.ts";
import {
  type Campaign,
  delay,
  lasting,
  LineClient,
  MACHINE_FAULTS,
  NETWORK_FAULTS,
  service,
  TEARING,
  USUAL_FAULTS,
} from "./_harness.ts";
import { Friend } from "./_chat_friends.ts";
import { LONG_PAUSE, withstand } from "./_long_pause.ts";
import { recordsCostByBit } from "./_rotten_frames.ts";
import {
  authorOf,
  checkHistory,
  checkNames,
  checkOrder,
  isEvent,
  RIVAL_NAME,
  SPOKEN,
} from "./_chat_checks.ts";

const PORT = DOORS.line;
const FILE = "/data/history.log";
/** Members, and the doors that they come by. */
const MEMBERS: Readonly<Record<string, Dialect>> = { m0: LINE, m1: IRC, m2: WEB, m3: LINE };
const RIVALS = ["r0", "r1"];
const FRIENDS = ["f0", "f1"];
const CHAOS_MS = 6000;

/** The chat as it is. */
export const chat: Campaign = {
  name: "chat under chaos",
  sometimes: [
    ...USUAL_FAULTS,
    LONG_PAUSE,
    ...["a name changed hands", "a name was refused", "the history was damaged"],
    "the client came back by itself",
    ...[
      "somebody was seen to be away",
      "somebody's own modes were told",
      "somebody who was watched was there",
      "somebody was invited",
      "who was invited came in",
      "who was not invited stayed out",
      "somebody was told of one who came later",
      "somebody was told of one who went",
    ],
    ...[
      "fault: sync fails, pages dropped",
      "fault: power cut leaves length before data",
      "fault: crash during write",
    ],
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const server = sim.host("server");
  server.disk.write(FILE, "");
  server.start(service("chat", () =>
    chatServer({
      address: { hostname: "::", port: PORT },
      historyFile: FILE,
      irc: { address: { hostname: "::", port: DOORS.irc } },
      web: { address: { hostname: "::", port: DOORS.web }, hosts: ["server"] },
      rate: { perSecond: 0, burst: 1 },
      // The rule for old clients: a slow network would make two messages of one of their lines.
      idleFlushMs: 0,
    })));
  const members = Object.entries(MEMBERS).map(([name, dialect]) => new Member(sim, name, dialect));
  const rivals = RIVALS.map((name) => new Rival(sim, name));
  const listener = new Listener(sim, sim.host("listener").world);
  const hasDiskErrors = sim.random.chance(0.5);
  const [one, other] = FRIENDS.map((name) => new Friend(sim, name));
  if (one !== undefined) one.friend = other;
  if (other !== undefined) other.friend = one;
  const others = [...Object.keys(MEMBERS), ...RIVALS, ...FRIENDS, "listener"];
  const network = sim.chaos({ hosts: ["server", ...others], ...NETWORK_FAULTS });
  const machines = [
    sim.chaos({
      hosts: ["server"],
      ...MACHINE_FAULTS,
      tearing: TEARING,
      diskErrorsPerMinute: hasDiskErrors ? 20 : 0,
      droppedPages: 0.7,
    }),
    sim.chaos({ hosts: others, pausesPerMinute: 10, pauseMs: [100, 4000], cpuMs: [0, 0.3] }),
  ];
  await withstand(sim, { forMs: lasting(sim, CHAOS_MS), network, machines, hosts: ["server", ...others] });
  sim.net.configure({ latencyMs: [0.2, 2], bytesPerSecond: 100_000_000 });
  const calm = () =>
    sim.until(() => server.isUp && members.every((member) => member.isIn), 30_000, "everybody to be in");
  await sim.advance(lasting(sim, 5000));
  for (const member of members) member.isTalking = false;
  await calm();
  await sim.advance(3000);
  await calm();
  await checkNameIsFree(sim, rivals);
  const [first, ...rest] = members;
  const say = async (text: string) => {
    first?.say(text);
    const isHeard = (member: Member) => member.heard().some((line) => line.endsWith(`: ${text}`));
    await sim.until(() => rest.every(isHeard), 20_000, `${text} to reach everybody`);
  };
  // With the first of them what could not be kept is written anew.
  await say("the last but one");
  await sim.advance(2000);
  await say("the last line");
  const present = members.map((member) => member.sessions().at(-1) ?? []);
  server.crash();
  server.restart();
  const history = await historyOf(sim, "reader");
  const sessions = [
    ...members.flatMap((member) => member.sessions()),
    ...listener.sessions,
  ];
  checkOrder(sessions.map((received) => received.filter(isEvent)));
  checkNames(sim, sessions);
  const events = (all: readonly (readonly string[])[]) => all.map((received) => received.filter(isEvent));
  checkHistory(history, events(present), 0);
  checkHistory(history, events(sessions), diskFailures(sim));
  assert(history.at(-1)?.endsWith(": the last line"), "the last line is not the last of the history");
  await checkDamage(sim, server, history, sessions);
}

/** How often an operation of the disk failed. */
function diskFailures({ tally }: SimWorld): number {
  return tally.entries().filter(([what]) => /^fault: (?!accept)\w+ fails/.test(what))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** What was spoken, as one who comes now is told of it. */
async function historyOf(sim: SimWorld, name: string): Promise<readonly string[]> {
  const reader = new LineClient(sim.host(name).world, { hostname: "server", port: PORT });
  await sim.until(() => reader.isConnected, 20_000, "the reader to be connected");
  reader.send(name);
  reader.send("/history");
  reader.send("/who");
  await sim.until(() => lastOf(reader).some((line) => line.startsWith("In lobby:")), 20_000, "the history");
  return lastOf(reader).filter((line) => SPOKEN.test(line));
}

/**
 * A bit of the history turns over while nobody looks: that costs the line it is in, and no other is made up
 * or moved.
 */
async function checkDamage(
  sim: SimWorld,
  server: SimHost,
  history: readonly string[],
  sessions: readonly (readonly string[])[],
): Promise<void> {
  server.kill();
  if (server.disk.rot(FILE) === undefined) return;
  const mayCost = 1 + recordsCostByBit(server.disk.read(FILE) ?? new Uint8Array());
  sim.sometimes("the history was damaged", history.length > 0);
  server.restart();
  const after = await historyOf(sim, "later");
  const heard = new Set(sessions.flat());
  const places = new Map(history.map((line, place) => [line, place]));
  let last = -1;
  for (const line of after) {
    const place = places.get(line);
    // The history goes back 50 lines: one that is lost makes room for an older one.
    assert(place !== undefined || heard.has(line) || SPOKEN.test(line), `nobody has said ${line}`);
    assert(place === undefined || place > last, `${line} is not in its place after the damage`);
    last = place ?? last;
  }
  const lost = history.filter((line) => !after.includes(line));
  assert(lost.length <= mayCost, `one bit cost ${lost.length} lines: ${lost.join(" ")}`);
}

/** Those who fight for one name let go of it, and then anybody can have it. */
async function checkNameIsFree(sim: SimWorld, rivals: readonly Rival[]): Promise<void> {
  for (const rival of rivals) rival.isOver = true;
  await sim.until(() => rivals.every((rival) => rival.isOut), 20_000, "the rivals to be out");
  const heir = new LineClient(sim.host("heir").world, { hostname: "server", port: PORT, probe: "/who" });
  let isIn = false;
  for (let tries = 0; tries < 100 && !isIn; tries++) {
    await sim.advance(200);
    if (!heir.isConnected) continue;
    if (tries % 5 === 0) heir.send(RIVAL_NAME);
    isIn = lastOf(heir).some((line) => line.startsWith("In lobby:"));
    heir.send("/who");
  }
  assert(isIn, `${RIVAL_NAME} is free, and cannot be had`);
}

/** One of two who want the same name, and keep it for a while. */
class Rival {
  readonly #client: LineClient;
  isOver = false;
  #sessions = 0;

  constructor(sim: SimWorld, name: string) {
    const { world } = sim.host(name);
    this.#client = new LineClient(world, { hostname: "server", port: PORT, probe: "/who" });
    const act = () => {
      this.#act(name, world.random.next(), sim);
      world.clock.timer(20 + world.random.next() * 100, act);
    };
    act();
  }

  get isOut(): boolean {
    return this.isOver && !lastOf(this.#client).some((line) => line.startsWith("In lobby:"));
  }

  #isRefused(chance: number): boolean {
    return chance < 0.2 && (lastOf(this.#client).at(-1)?.startsWith(REFUSED) ?? false);
  }

  #act(name: string, chance: number, sim: SimWorld): void {
    if (!this.#client.isConnected) return;
    const isIn = lastOf(this.#client).some((line) => line.startsWith("In lobby:"));
    if (isIn) {
      if (this.isOver || chance < 0.2) this.#client.send("quit");
    } else if (this.isOver) {
      return;
    } else if (this.#client.sessions.length > this.#sessions || this.#isRefused(chance)) {
      sim.sometimes("a name was refused", lastOf(this.#client).some((line) => line.includes("is taken")));
      this.#sessions = this.#client.sessions.length;
      this.#client.send(name === RIVALS[0] ? RIVAL_NAME : RIVAL_NAME.toUpperCase());
      this.#client.send("/who");
    }
  }
}

/**
 * The chat's own client program, but for its terminal, at which somebody types `/who` now and then: it comes
 * back by itself, under its name, and shows what it hears.
 */
class Listener {
  /** What it has shown, by connection. */
  readonly sessions: string[][] = [];
  readonly #sim: SimWorld;

  constructor(sim: SimWorld, world: World) {
    this.#sim = sim;
    void this.#run(world);
  }

  async #run(world: World): Promise<void> {
    for (let visits = 0;; visits++) {
      await delay(world, 200);
      try {
        await this.#visit(world, `listener-${visits}`);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }
  }

  async #visit(world: World, name: string): Promise<void> {
    const terminal = new Typist(world, name);
    await using server = await connectLines(world, {
      address: { hostname: "server", port: PORT },
      reconnect: { minMs: 20, maxMs: 300, jitter: 0.5 },
      onChange: (state) => {
        if (state === "again") this.sessions.push(terminal.shown = []);
        this.#sim.sometimes("the client came back by itself", state === "again");
      },
    });
    this.sessions.push(terminal.shown);
    const visit = new ChatVisit(server, terminal, { perSecond: 0, burst: 1 }, world.clock);
    const heardOut = visit.listen();
    await Promise.race([visit.talk(), heardOut]);
    await Promise.race([heardOut, delay(world, 500)]);
    visit.end();
  }
}

/** Who sits at the client's terminal: gives a name, asks who is there, and leaves when nothing is heard. */
class Typist implements Terminal {
  readonly isTerminal = false;
  /** What the terminal shows, since the client last came back. */
  shown: string[] = [];
  readonly #world: World;
  readonly #name: string;
  #shownAt = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.#name = name;
  }

  async ask(prompt: string): Promise<string | null> {
    if (prompt.startsWith("Enter Your Name")) return this.#name;
    await delay(this.#world, 700);
    // Its server may be gone without a word.
    return this.#world.clock.monotonic() - this.#shownAt > 3000 ? null : "/who";
  }

  print(line: string): void {
    this.#shownAt = this.#world.clock.monotonic();
    this.shown.push(line);
  }

  lines(): AsyncIterableIterator<string> {
    return asked(this, "");
  }

  endWith(): void {}

  close(): void {}

  [Symbol.dispose](): void {}
}
const REFUSED = "Error: Cannot log in";

function lastOf(client: LineClient): readonly string[] {
  return client.sessions.at(-1)?.received ?? [];
}

/** One who logs in under a new name at each connection, and talks. */
class Member {
  readonly #caller: ChatCaller;
  readonly #dialect: Dialect;
  isTalking = true;
  #sessions = 0;
  /** How often it has given its name on this connection. */
  #logIns = 0;
  #enteredSession = 0;
  #count = 0;

  constructor(sim: SimWorld, name: string, dialect: Dialect) {
    const { world } = sim.host(name);
    this.#dialect = dialect;
    this.#caller = dialect.connect(world, "server");
    const act = () => {
      if (this.#caller.isConnected) this.#act(name, world.random.next());
      world.clock.timer(1 + world.random.next() * 60, act);
    };
    act();
  }

  #act(name: string, chance: number): void {
    const { enter } = this.#dialect;
    const isNew = this.#caller.sessions.length > this.#sessions;
    // Who comes back too often is refused for a while. What is given again before it was refused is said.
    const refusals = this.#received().filter((line) => this.#dialect.isRefused(line)).length;
    const isRefused = !this.isIn && refusals >= this.#logIns;
    if (isNew || (isRefused && chance < 0.1)) {
      this.#logIns = isNew ? 1 : this.#logIns + 1;
      this.#sessions = this.#caller.sessions.length;
      for (const line of this.#dialect.logIn(`${name}-${this.#sessions}`)) this.#caller.send(line);
    } else if (!this.isIn && enter !== undefined && this.#received().some(enter.after)) {
      // Once a connection: it is answered.
      if (this.#enteredSession === this.#sessions) return;
      this.#enteredSession = this.#sessions;
      this.#caller.send(enter.line);
    } else if (this.isTalking && this.isIn) {
      if (chance < 0.03) this.#caller.send(this.#dialect.quit);
      else this.say(`${name}.${this.#count++}`);
    }
  }

  say(text: string): void {
    this.#caller.send(this.#dialect.say(text));
  }

  /** Whether it is in the room, as far as it knows. */
  get isIn(): boolean {
    return this.#caller.isConnected && this.#received().some((line) => this.#dialect.isIn(line));
  }

  /** What this connection has told, in the words of the line door. */
  heard(): readonly string[] {
    return this.#received().map((line) => this.#dialect.translate(line));
  }

  /** What each connection has told, without the member's own doings, of which the line door does not tell. */
  sessions(): string[][] {
    return this.#caller.sessions.map(({ received, sent }) => {
      const own = new Set(sent.flatMap((line) => /m\d-\d+/.exec(line)?.[0] ?? []));
      return received.map((line) => this.#dialect.translate(line)).filter((line) => !own.has(authorOf(line)));
    });
  }

  #received(): readonly string[] {
    return this.#caller.sessions.at(-1)?.received ?? [];
  }
}
