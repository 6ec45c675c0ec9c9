/**
 * The election with a hostile host about: elsewhere on the network, or in the place of one of the nodes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { peer, type PeerNode, type PeerOptions } from "../../actors/election/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { type ActorSnapshot, ActorSystem, type Behavior, escalate } from "../../mod.ts";
import { ElectionWatch } from "./_election_watch.ts";
import { type Campaign, lasting } from "./_harness.ts";
import { DEEDS, DEEDS_AS_NODE, hostile, type HostileDeed } from "./_hostile_peer.ts";

const PORT = 8080;
const SIEGE_MS = 12_000;
const LOOK_MS = 50;
/** A leader within so long once a majority is connected. */
const ELECTION_MS = 2000;
/** Connections that were lost may be knocked for again after so long. */
const RECONNECT_MS = 10_000;
/** The most messages that may wait for the actors of one node. */
const MAX_WAITING = 2000;

/** Where the hostile host is, and what the nodes share. */
export interface Siege {
  readonly hasSecret: boolean;
  /** It listens in the place of one of the nodes; else the addresses of all nodes are their own. */
  readonly isNode: boolean;
}

/** With a secret, all promises hold even when the hostile host has the place of a node. */
export const siegeWithSecret: Campaign = siegeCampaign(
  "election with a secret, besieged by a host in the place of a node",
  { hasSecret: true, isNode: true },
  peer,
);

/** Without one, they hold against whoever cannot listen in the place of a node. */
export const siegeWithoutSecret: Campaign = siegeCampaign(
  "election without a secret, besieged by a stranger",
  { hasSecret: false, isNode: false },
  peer,
);

/** Without one, a host in the place of a node can depose leaders, but no term has two. */
export const siegeFromWithin: Campaign = siegeCampaign(
  "election without a secret, besieged by a host in the place of a node",
  { hasSecret: false, isNode: true },
  peer,
);

/** The campaign with the nodes as given. */
export function siegeCampaign(
  name: string,
  siege: Siege,
  node: (options: PeerOptions) => Behavior<never>,
): Campaign {
  const deeds = [...DEEDS, ...(siege.isNode ? DEEDS_AS_NODE : [])];
  const sometimes = [...deeds, "fault: killed", "fault: way cut"];
  return { name, sometimes, run: (sim) => run(sim, siege, node) };
}

async function run(
  sim: SimWorld,
  { hasSecret, isNode }: Siege,
  node: (options: PeerOptions) => Behavior<never>,
): Promise<void> {
  const { random } = sim;
  const nodes: PeerNode[] = [1, 2, 3, 4, 5].slice(0, isNode ? 5 : 3).map((id) => ({
    id,
    address: { hostname: `n${id}`, port: PORT },
  }));
  const hostileId = isNode ? random.pick([1, 3, 5]) : 0;
  const secret = hasSecret ? random.bytes(32) : undefined;
  const honest = nodes.filter(({ id }) => id !== hostileId);
  const systems = new Map<SimHost, ActorSystem>();
  const hosts = honest.map(({ id, address }) => {
    const host = sim.host(address.hostname);
    host.disk.write(`/data/Node${id}/${id}.txt`, "");
    const options = { id, nodes, directory: `/data/Node${id}`, logPath: "/data/Peer_files.log" };
    host.start((world) => {
      const system = new ActorSystem("peer", { world });
      systems.set(host, system);
      const secretly = secret === undefined ? {} : { secret };
      const listen = { hostname: "::", port: PORT };
      const limits = { maxClients: 200 };
      system.spawn("server", node({ ...options, ...secretly, listen, limits }), { onFailure: escalate() });
      return system;
    });
    return host;
  });
  const evil = sim.host(isNode ? `n${hostileId}` : "evil");
  const did = (what: HostileDeed) => sim.sometimes(what);
  const attack = evil.start((world) => hostile(world, { random, nodes, id: hostileId, port: PORT, did }));
  // In the place of a node, without a secret, it has a vote, and gives it to everybody.
  const canDepose = isNode && !hasSecret;
  const watch = new ElectionWatch(sim, hosts, { ids: honest.map(({ id }) => id), mayOverlap: canDepose });
  const lookAround = () => {
    watch.check();
    for (const system of systems.values()) {
      const waiting = messages(system.tree());
      assert(waiting <= MAX_WAITING, `${waiting} messages wait at a node`);
    }
  };
  for (let spent = 0; spent < lasting(sim, SIEGE_MS); spent += LOOK_MS) {
    if (random.chance(0.01)) await cut(sim, hosts, random.integer(200, 5000), lookAround);
    if (random.chance(0.004)) random.pick(hosts).restart();
    await sim.advance(LOOK_MS);
    lookAround();
  }
  sim.net.heal();
  if (canDepose) attack.cease();
  await sim.advance(RECONNECT_MS);
  await sim.until(() => watch.isLed(), ELECTION_MS, "a majority to have a leader");
  const lowest = honest[0]?.id ?? 0;
  await sim.until(
    () => hosts.every((host) => watch.leaderOf(host) === lowest),
    60_000,
    `Node ${lowest} to lead`,
  );
  lookAround();
  // The leader dies under siege: the next one leads in time.
  const [first, ...rest] = hosts;
  assert(first !== undefined);
  await sim.advance(3000);
  first.kill();
  const next = honest[1]?.id;
  await sim.until(
    () => rest.every((host) => watch.leaderOf(host) === next),
    ELECTION_MS,
    `Node ${next} to lead`,
  );
  first.restart();
  await sim.until(
    () => hosts.every((host) => watch.leaderOf(host) === lowest),
    60_000,
    `Node ${lowest} again`,
  );
  if (!canDepose) {
    const log = honest.map(({ id }) => `${id === lowest ? "Leader " : ""}Node ${id} files:\n${id}.txt\n`)
      .join("\n");
    await sim.until(() => first.disk.readText("/data/Peer_files.log") === log, 10_000, "the log to be right");
    assertEquals(first.disk.readText("/data/Peer_files.log"), log);
  }
  lookAround();
  attack.cease();
}

/** Cuts the nodes in two parts; the hostile host reaches both. */
async function cut(
  sim: SimWorld,
  hosts: readonly SimHost[],
  ms: number,
  lookAround: () => void,
): Promise<void> {
  const names = sim.random.shuffle(hosts.map((host) => host.name));
  const size = sim.random.integer(1, Math.max(1, Math.floor(names.length / 2)));
  const partition = sim.net.partition(names.slice(0, size), names.slice(size));
  for (let spent = 0; spent < ms; spent += LOOK_MS) {
    await sim.advance(LOOK_MS);
    lookAround();
  }
  partition.heal();
}

function messages(actors: ActorSnapshot): number {
  return actors.children.reduce((sum, child) => sum + messages(child), actors.mailbox);
}
