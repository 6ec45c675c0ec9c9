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
import { contest } from "./_chat_contest.ts";
import { DOORS, IRC, LINE, WEB } from "./_chat_dialects.ts";
import { Member } from "./_chat_member.ts";
import { GIVEN_UP, serverSleeps } from "./_chat_sleep.ts";
import { EngineLines } from "./_engine_lines.ts";
import { type Campaign, lasting, playsAll, type Stoppable } from "./_harness.ts";
import { LONG_PAUSE } from "./_long_pause.ts";

const SERVERS = ["s0", "s1", "s2"];
const DIALECTS = [LINE, IRC, WEB];
const MEMBERS = 6;
const RIVALS = 2;
const LEASE_TTL_MS = 1000;
const CHAOS_MS = 10_000;
const CALM_MS = 60_000;
/** What share of requests is lost, and of answers. */
const LITTLE_ROUGHNESS = 0.01;
/** Contests for a name take long: so many runs have one. */
const CONTEST_ONE_IN = 3;
/** For how long a server stands still at the end of the chaos. */
const ASLEEP_MS = [10_001, 30_000] as const;
/** Longer than any of them stands still. */
const VANISHED_MS = 40_000;
/** A question that was lost is asked again after 3 s; servers that ask anyway do so every 15 s. */
const MADE_UP_MS = 7000;

/** The campaign. */
export const chatCluster: Campaign = {
  name: "chat of many servers",
  sometimes: [
    ...["killed", "paused", "asked to stop"].map((fault) => `fault: ${fault}`),
    LONG_PAUSE,
    ...["a line was cut", "somebody's server was given up", GIVEN_UP].map((what) => `sometimes: ${what}`),
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
  /** By which name each server is a host of the cluster: another one in each life. */
  const hostIds = new Map<string, string>();
  for (const name of SERVERS) {
    const host = sim.host(name);
    let lives = 0;
    host.start((world) => {
      hostIds.set(name, `${name}-${++lives}`);
      return runServer(lines, host, world, `${name}-${lives}`);
    });
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
  const roughness = sim.random.pick([LITTLE_ROUGHNESS, LITTLE_ROUGHNESS, 0.08]);
  Object.assign(engine.faults, {
    latencyMs: [0.2, 0.5 + sim.random.next() * 10],
    lostRequests: sim.random.next() * roughness,
    lostAnswers: sim.random.next() * roughness,
    lateRequests: sim.random.next() * roughness / 2,
    staleReads: sim.random.next() * 0.2,
  });
  const chaosMs = lasting(sim, CHAOS_MS);
  const sleepMs = playsAll(sim) ? sim.random.between(...ASLEEP_MS) : 0;
  const cutting = lines.cutAtRandom(chaosMs + sleepMs);
  await sim.advance(chaosMs);
  chaos.stop();
  // With much lost nobody can say how long anything takes.
  const { lostRequests, lostAnswers, lateRequests } = engine.faults;
  const calmer = Math.min(1, LITTLE_ROUGHNESS / roughness);
  Object.assign(engine.faults, {
    lostRequests: lostRequests * calmer,
    lostAnswers: lostAnswers * calmer,
    lateRequests: lateRequests * calmer,
  });
  const server = sim.random.pick(SERVERS);
  const lease = async () => (await engine.keys.get("hosts", hostIds.get(server) ?? ""))?.value;
  if (sleepMs > 0) {
    const sleeper = await serverSleeps({ sim, server, sleepMs, lease, records });
    members.push(sleeper);
    all.push(sleeper);
  }
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
  if (sim.seed % CONTEST_ONE_IN === 1) await contest(sim, SERVERS, VANISHED_MS);
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

async function runServer(
  lines: EngineLines,
  host: SimHost,
  world: World,
  hostId: string,
): Promise<Stoppable> {
  const system = new ActorSystem(host.name, { world });
  const engine = composeEngine(lines.connect(host), world);
  const joining = { engine, types: chatEntities, hostId, drainMs: 2000, joinTimeoutMs: Infinity };
  const cluster = await joinCluster(system, joining);
  const behavior = chatServer({
    address: { hostname: "::", port: DOORS.line },
    irc: { address: { hostname: "::", port: DOORS.irc } },
    web: { address: { hostname: "::", port: DOORS.web }, hosts: [host.name] },
    rate: { perSecond: 0, burst: 1 },
    limits: { vanishedMs: VANISHED_MS },
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
