/**
 * Nodes of an election that stand still for long, as a laptop that was closed, in a network where nothing
 * else goes wrong: what the others and the node's own users see when they go on.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { electionTimes } from "../../protocols/election_times.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { ElectionUser } from "./_election_user.ts";
import type { ElectionWatch } from "./_election_watch.ts";

/** Who sleeps; each in turn with the seeds. */
const SLEEPERS = ["leader", "follower", "followers", "all"] as const;
/** What campaigns demand to have happened. */
export const SLEEPS: readonly string[] = [
  ...SLEEPERS.map((who) => `${who} slept for long`),
  "who led and slept followed",
];
const ASLEEP_MS = [10_001, 30_000] as const;
/** Spec: a leader within 2 s of virtual time once a majority is connected; and whoever follows knows it. */
const ELECTION_MS = 2000;
/** How long nothing may come of a sleep that is over. */
const QUIET_MS = 3000;
/** What it does first has been done. */
const WAKING_MS = 20;
/**
 * Longer than between two beats, and shorter than links last, which are given up after 1800 ms of silence:
 * who falls asleep may have been silent for the time between two beats already.
 */
const DOZE_MS = [500, 1500] as const;
/** A lower ID takes over once it was there for so long, as one that was lost once. */
const LEADS_AGAIN_MS = 40_000;
/** A change is logged within so long. */
const LOG_MS = 3000;
const LOG = "/data/Peer_files.log";
/** Between two that wake. */
const BETWEEN_MS = 1500;

/** Some nodes, in this order: all follow the first, and have for a while. */
export interface Sleepers {
  readonly sim: SimWorld;
  readonly hosts: readonly SimHost[];
  readonly users: readonly ElectionUser[];
  readonly watch: ElectionWatch;
}

/** Some sleep, and wake one after the other. */
export async function sleepForLong(nodes: Sleepers): Promise<void> {
  const { sim, hosts, watch } = nodes;
  const { random } = sim;
  const [leader, ...followers] = hosts;
  assert(leader !== undefined);
  const who = SLEEPERS[Math.floor(sim.seed / 2) % SLEEPERS.length] ?? "all";
  const asleep = {
    leader: [leader],
    follower: [random.pick(followers)],
    followers: followers.slice(0, Math.ceil(hosts.length / 2)),
    all: hosts,
  }[who];
  sim.sometimes(`${who} slept for long`);
  const before = changes(nodes);
  if (who === "follower") { for (const host of asleep) await doze(nodes, host); }
  for (const host of asleep) host.pause();
  const endsAtMs = sim.now + random.between(...ASLEEP_MS);
  if (who === "followers") {
    // Nobody acknowledges what it sends from now on.
    await watch.until(() => watch.leaderOf(leader) === 0, electionTimes().leaseMs, "Node 1 to step down");
  }
  if (who === "leader") await othersLead(nodes, leader);
  await watch.watchFor(endsAtMs - sim.now);
  for (const host of random.shuffle(asleep)) {
    await wake(host, watch);
    if (random.chance(0.5)) await watch.watchFor(random.between(0, BETWEEN_MS));
  }
  if (who === "leader") await followsFirst(nodes, leader);
  if (who === "follower") {
    await watch.watchFor(QUIET_MS);
    assertEquals(changes(nodes), before, "a leader is there, and is heard: nothing changes");
  }
  await watch.until(() => watch.isLed(), ELECTION_MS, "a majority to have a leader after a sleep");
}

/** A follower sleeps for less than its links last: it goes on as if it had not. */
async function doze({ hosts, users, watch, sim }: Sleepers, host: SimHost): Promise<void> {
  const user = users[hosts.indexOf(host)];
  const before = user?.notices;
  host.pause();
  await watch.watchFor(sim.random.between(...DOZE_MS));
  host.resume();
  await watch.watchFor(QUIET_MS);
  assertEquals(user?.notices, before, "who follows tells its users nothing after a nap");
}

/** The others have a leader in time, and go on with it: it logs what there is. */
async function othersLead({ hosts, watch }: Sleepers, leader: SimHost): Promise<void> {
  const [second, ...rest] = hosts.filter((host) => host !== leader);
  assert(second !== undefined);
  const isLed = () => [second, ...rest].every((host) => watch.leaderOf(host) === 2);
  await watch.until(isLed, ELECTION_MS, "Node 2 to lead the others");
  second.disk.write("/data/Node2/news.txt", "");
  const isLogged = () => second.disk.readText(LOG)?.includes("\nnews.txt\n") === true;
  await watch.until(isLogged, LOG_MS, "the leader to log what there is");
}

/** Who led says first of all that it leads no more, and not for what it hears: its lease is over. */
async function wake(host: SimHost, watch: ElectionWatch): Promise<void> {
  const led = watch.changesOf(host).at(-1)?.role === "leader";
  const known = watch.changesOf(host).length;
  host.resume();
  await watch.watchFor(WAKING_MS);
  const { message = "nothing changes" } = watch.changesOf(host)[known] ?? {};
  assert(!led || message.includes(": lost its majority"), `${host.name} leads on as it wakes: ${message}`);
}

/**
 * Who led as it fell asleep follows the new leader first, and asks for no votes before. What it logged it
 * leaves as it is until it leads again.
 */
async function followsFirst({ sim, watch }: Sleepers, host: SimHost): Promise<void> {
  const log = host.disk.readText(LOG);
  host.disk.write("/data/Node1/more.txt", "");
  const lookedFrom = watch.changesOf(host).findLastIndex(({ role }) => role === "looking");
  const next = () => watch.changesOf(host)[lookedFrom + 1];
  await watch.until(() => next() !== undefined, ELECTION_MS, `${host.name} to follow who leads`);
  assertEquals([next()?.role, next()?.leader], ["follower", 2], "what it does as it wakes");
  const leads = () => watch.leaderOf(host) === 1;
  await watch.until(() => leads() || host.disk.readText(LOG) !== log, LEADS_AGAIN_MS, "Node 1 to lead again");
  assert(leads(), `${host.name} writes a log that is another's`);
  sim.sometimes("who led and slept followed");
}

function changes({ hosts, watch }: Sleepers): number {
  return hosts.reduce((sum, host) => sum + watch.changesOf(host).length, 0);
}
