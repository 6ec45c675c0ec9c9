/**
 * The election under chaos: never two leaders in one term, and a leader soon once a majority is connected.
 *
 * @module
 */
import { assert } from "@std/assert";
import { electionTimes } from "../../protocols/election_times.ts";
import { peer, type PeerNode, type PeerOptions } from "../../actors/election/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { Behavior } from "../../mod.ts";
import { sleepForLong, SLEEPS } from "./_election_sleep.ts";
import { ElectionUser } from "./_election_user.ts";
import { ElectionWatch } from "./_election_watch.ts";
import { type Campaign, service } from "./_harness.ts";
import { LONG_PAUSE, pauseForLong } from "./_long_pause.ts";

const PORT = 8080;
const CHAOS_MS = 15_000;
/** When all is well, nothing changes any more. */
const CALM_MS = 3000;
/** Spec: a leader within 2 s of virtual time once a majority is connected. */
const ELECTION_MS = 2000;
/** How long it may take until a leader is followed by another whose port refuses. */
const SUCCESSION_MS = electionTimes().electionTimeoutMs / 3;
/**
 * How long machines may take to find each other again: knocks that were not heard are repeated after 1, 2 and
 * 4 s.
 */
const RECONNECT_MS = 10_000;
/** How often the damping window doubles at most. */
const MAX_DOUBLINGS = 5;

/** The election as it is. */
export const election: Campaign = electionCampaign("election under chaos", peer);

/** The campaign with the nodes as given. */
export function electionCampaign(name: string, node: (options: PeerOptions) => Behavior<never>): Campaign {
  const faults = ["power cut", "killed", "way cut", "connection reset", "slow disk"];
  const sometimes = [...faults.map((fault) => `fault: ${fault}`), LONG_PAUSE, ...SLEEPS];
  return { name, sometimes, run: (sim) => run(sim, node) };
}

async function run(sim: SimWorld, node: (options: PeerOptions) => Behavior<never>): Promise<void> {
  const count = sim.random.pick([3, 3, 5]);
  const nodes: PeerNode[] = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    address: { hostname: `n${index + 1}`, port: PORT },
  }));
  const hosts = nodes.map(({ address }) => sim.host(address.hostname));
  const users = nodes.map(({ id }, index) => {
    const user = new ElectionUser();
    hosts[index]?.disk.makeDirectory(`/data/Node${id}`);
    hosts[index]?.start(service("peer", () =>
      user.beside((feedKey) =>
        node({
          id,
          nodes,
          listen: { hostname: "::", port: PORT },
          directory: `/data/Node${id}`,
          logPath: "/data/Peer_files.log",
          feedKey,
        })
      )));
    return user;
  });
  const watch = new ElectionWatch(sim, hosts, { users });
  const chaos = sim.chaos({
    crashesPerMinute: 20,
    killsPerMinute: 20,
    downMs: [50, 3000],
    partitionsPerMinute: 20,
    partitionMs: [100, 4000],
    resetsPerMinute: 30,
    slowDisksPerMinute: 10,
  });
  await watch.watchFor(CHAOS_MS);
  chaos.stop();
  await pauseForLong(sim, hosts.map(({ name }) => name), undefined, (ms) => watch.watchFor(ms));
  await watch.until(() => watch.isLed(), ELECTION_MS, "a majority to have a leader");
  // In the end the lowest ID leads, and all know it.
  const isSettled = () => hosts.every((host) => watch.leaderOf(host) === 1);
  await watch.until(isSettled, RECONNECT_MS + 20_000, "Node 1 to lead");
  await watch.watchFor(CALM_MS);
  if (sim.seed % 2 === 0) {
    await sleepForLong({ sim, hosts, users, watch });
    await watch.until(isSettled, RECONNECT_MS + longerDampingMs(hosts), "Node 1 to lead after a sleep");
    await watch.watchFor(CALM_MS);
  }
  await cutLeaderOff(sim, hosts, watch);
  await killLeader(hosts, watch);
}

/** The leader loses the others: one of these takes over in time, and it steps down itself. */
async function cutLeaderOff(sim: SimWorld, hosts: readonly SimHost[], watch: ElectionWatch): Promise<void> {
  const [first, ...rest] = hosts;
  assert(first !== undefined);
  const cut = sim.net.partition([first.name], rest.map((host) => host.name));
  // What was acknowledged last was sent before.
  await watch.until(() => watch.leaderOf(first) === 0, electionTimes().leaseMs, "Node 1 to step down");
  await watch.until(
    () => rest.every((host) => watch.leaderOf(host) === 2),
    ELECTION_MS,
    "Node 2 to lead the others",
  );
  cut.heal();
  await watch.until(
    () => hosts.every((host) => watch.leaderOf(host) === 1),
    RECONNECT_MS + longerDampingMs(hosts),
    "Node 1 to lead again",
  );
}

/**
 * The leader's process is killed: that its port refuses ends what was promised to it, and so another one
 * leads long before its silence would tell.
 */
async function killLeader([first, ...rest]: readonly SimHost[], watch: ElectionWatch): Promise<void> {
  first?.kill();
  await watch.until(
    () => rest.every((host) => watch.leaderOf(host) === 2),
    SUCCESSION_MS,
    "Node 2 to lead after a leader that was killed",
  );
}

/**
 * How much longer than usual Node 1, which the chaos made come and go, must be there: rule 6 of the election.
 */
function longerDampingMs(hosts: readonly SimHost[]): number {
  const losses = hosts.map(({ log }) =>
    log.records.filter(({ fields, message }) =>
      fields?.from === "follower" && fields.to === "looking" &&
      /: Node 1 (was silent|is not there|is gone|stopped)/.test(message)
    ).length
  );
  const doublings = Math.min(Math.max(...losses) - 1, MAX_DOUBLINGS);
  return electionTimes().dampingMs * (2 ** doublings - 1);
}
