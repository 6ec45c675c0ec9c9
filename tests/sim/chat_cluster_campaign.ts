/**
 * A chat of three servers under chaos: servers die, freeze, and are cut off from their engine, whose answers
 * are late or lost; and yet nothing that anybody heard is lost, nothing is said twice, and a name is one
 * person's.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { chatEntities, chatServer } from "../../actors/chat/mod.ts";
import type { RoomRecord } from "../../actors/chat/cluster/room_record.ts";
import { composeEngine, decodeValue, joinCluster, SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { judge } from "../chat/cluster/_oracle.ts";
import { type ChatCaller, type Dialect, DOORS, IRC, LINE, WEB } from "./_chat_dialects.ts";
import { EngineLines } from "./_engine_lines.ts";
import type { Campaign, Stoppable } from "./_harness.ts";
import { drawLongPauseMs, LONG_PAUSE, pauseForLong } from "./_long_pause.ts";

const SERVERS = ["s0", "s1", "s2"];
const DIALECTS = [LINE, IRC, WEB];
const MEMBERS = 6;
const RIVALS = 2;
const LEASE_TTL_MS = 1000;
const CHAOS_MS = 10_000;
const CALM_MS = 60_000;
/** One run of so many has a long pause: the suite runs few. */
const LONG_PAUSE_ONE_IN = 3;
/** A question that was lost is asked again after 3 s; servers that ask anyway do so every 15 s. */
const MADE_UP_MS = 7000;

/** The campaign. */
export const chatCluster: Campaign = {
  name: "chat of many servers",
  sometimes: [
    ...["killed", "paused", "asked to stop"].map((fault) => `fault: ${fault}`),
    LONG_PAUSE,
    ...["a line was cut", "somebody's server was given up"].map((what) => `sometimes: ${what}`),
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const records: RoomRecord[] = [];
  const engine = new SimEngineServer({
    world: sim.host("engine").world,
    leaseTtlMs: LEASE_TTL_MS,
    appended: (key, body) => {
      if (key === "chat-room.lobby") records.push(...recordsIn(decodeValue(body)));
    },
  });
  const lines = new EngineLines(sim, engine);
  for (const name of SERVERS) {
    const host = sim.host(name);
    host.start((world) => runServer(lines, host, world));
  }
  const members = Array.from(
    { length: MEMBERS },
    (_, number) =>
      new Member(
        sim,
        `m${number}`,
        `m${number}`,
        DIALECTS[number % DIALECTS.length] ?? LINE,
        SERVERS[number % 3],
      ),
  );
  const rivals = Array.from(
    { length: RIVALS },
    (_, number) => new Member(sim, `r${number}`, "throne", LINE, SERVERS[number]),
  );
  const all = [...members, ...rivals];
  await sim.until(() => members.every(({ isIn }) => isIn), CALM_MS, "everybody to be in at first");
  const chaos = sim.chaos({
    hosts: SERVERS,
    killsPerMinute: 10,
    gracefulRestartsPerMinute: 10,
    downMs: [10, 3000],
    pausesPerMinute: 15,
    pauseMs: [300, 6000],
    clockRates: [0.97, 1.03],
    cpuMs: [0, 0.05],
  });
  // In some runs a question is often asked again, and comes twice.
  const roughness = sim.random.pick([0.01, 0.01, 0.08]);
  Object.assign(engine.faults, {
    latencyMs: [0.2, 0.5 + sim.random.next() * 10],
    lostRequests: sim.random.next() * roughness,
    lostAnswers: sim.random.next() * roughness,
    lateRequests: sim.random.next() * roughness / 2,
    staleReads: sim.random.next() * 0.2,
  });
  const longPauseMs = drawLongPauseMs(sim, LONG_PAUSE_ONE_IN);
  const cutting = lines.cutAtRandom(CHAOS_MS + longPauseMs);
  await sim.advance(CHAOS_MS);
  chaos.stop();
  await pauseForLong(sim, SERVERS, longPauseMs);
  Object.assign(engine.faults, { lostRequests: 0, lostAnswers: 0, lateRequests: 0, staleReads: 0 });
  await sim.settle(cutting);
  lines.mendAll();
  const areIn = () => members.every(({ isIn }) => isIn);
  await sim.until(areIn, CALM_MS, "everybody to be in after the chaos");
  for (const member of all) member.isTalking = false;
  await sim.advance(3000);
  await sim.until(areIn, CALM_MS, "everybody to be in still");
  members[0]?.say("m0.999999");
  const isHeard = () => members.slice(1).every((member) => member.hasHeard("m0.999999"));
  await sim.until(isHeard, CALM_MS, "the last line to reach everybody");
  // What a server did not hear it asks for as soon as it hears of anything later.
  members[0]?.say("m0.1000000");
  await lines.cut(sim.host("s1"), 300);
  members[0]?.say("m0.1000001");
  const isMadeUp = () => members.slice(1).every((member) => member.hasHeard("m0.1000001"));
  await sim.until(isMadeUp, MADE_UP_MS, "the line after one that a server did not hear to reach everybody");
  // One of those who want the same name has it, and all servers know whose it is.
  const owners = rivals.filter(({ isIn }) => isIn).length;
  assert(owners <= 1, `${owners} have the same name`);
  assertEquals(judge(records, all), []);
  const hasGivenUp = records.some(({ fact }) => fact.type === "quit" && fact.reason === "Its server is gone");
  sim.sometimes("somebody's server was given up", hasGivenUp);
}

/** What happened, of all that was written to a journal at once. */
function recordsIn(value: unknown): RoomRecord[] {
  if (typeof value !== "object" || value === null) return [];
  if ("type" in value && value.type === "happened" && "record" in value) {
    // The journal of the chat's own rooms has no others.
    return [value.record as RoomRecord];
  }
  return Object.values(value).flatMap(recordsIn);
}

async function runServer(lines: EngineLines, host: SimHost, world: World): Promise<Stoppable> {
  const system = new ActorSystem(host.name, { world });
  const engine = composeEngine(lines.connect(host), world);
  const joining = { engine, types: chatEntities, drainMs: 2000, joinTimeoutMs: Infinity };
  const cluster = await joinCluster(system, joining);
  const behavior = chatServer({
    address: { hostname: "::", port: DOORS.line },
    irc: { address: { hostname: "::", port: DOORS.irc } },
    web: { address: { hostname: "::", port: DOORS.web }, hosts: [host.name] },
    rate: { perSecond: 0, burst: 1 },
    idleFlushMs: 0,
    cluster,
  });
  system.spawn("server", behavior, { onFailure: escalate() });
  return {
    async stop() {
      await system.stop({ withinMs: 3000 });
      await cluster.leave();
    },
  };
}

const AGAIN_MS = 300;
/** What the page, and an IRC client, are told of a room that they cannot go into. */
const JOIN_REFUSED = /^{"type":"refused","command":"join"|^\S+ (403|437) /;

/** Somebody who has one name, at whatever connection, and talks. */
class Member {
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
    if (news.some((line) => JOIN_REFUSED.test(line))) this.#hasEntered = false;
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
