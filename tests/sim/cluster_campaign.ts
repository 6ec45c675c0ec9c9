/**
 * The cluster under chaos: hosts die, freeze and are cut off, answers are late or lost, and yet nothing that
 * was answered is lost, nothing happens twice, and nobody reads what is no longer true.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as real from "../../actors/cluster/mod.ts";
import type { EntityType } from "../../actors/cluster/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { judge, TOLD } from "./_cluster_judge.ts";
import {
  type Client,
  type ClusterApi,
  ENTITIES,
  type ListCommand,
  type ListNews,
  listType,
  NEWS,
  operate,
  type Seen,
} from "./_cluster_list.ts";
import { demandAnswers } from "./_cluster_patience.ts";
import { probe, probeOnce } from "./_cluster_sleep.ts";
import { EngineLines } from "./_engine_lines.ts";
import { type Campaign, delay, type Stoppable } from "./_harness.ts";
import { drawLongPauseMs, LONG_PAUSE } from "./_long_pause.ts";

const HOSTS = ["one", "two", "three"];
/**
 * Clients: what they do at once, the milliseconds that they think between two calls, and the share of reads.
 */
type Crowd = Readonly<Record<string, readonly [atOnce: number, thinkMs: number, reads: number]>>;
/** Writes are always under way: those that were frozen find out by them. */
const BUSY: Crowd = { alice: [6, 0, 0.3], bob: [3, 10, 0.3], carol: [2, 1500, 0.8], dave: [2, 1500, 0.8] };
/** Often none is: a frozen owner finds nothing out. */
const QUIET: Crowd = { alice: [1, 300, 0.1], bob: [1, 900, 0.9], carol: [1, 900, 0.9], dave: [1, 900, 0.9] };
const HOST_THINK_MS = 500;
const LEASE_TTL_MS = 1000;
const CHAOS_MS = 10_000;
/** One run of so many has an owner that sleeps for long. */
const LONG_PAUSE_ONE_IN = 3;
/** How often an owner sleeps and does not know of it. */
const UNKNOWN_SLEEPS = 3;
/** How long after the chaos everything has to be done. */
const CALM_MS = 60_000;
/** Who waits so long is answered, unless somebody dies. */
const PATIENCE_MS = 60_000;

/** Runs the campaign with an implementation. */
export async function clusterUnderChaos(sim: SimWorld, api: ClusterApi): Promise<void> {
  const epochs = new Map<string, number>();
  const wrong: string[] = [];
  const asleep = new Set<SimHost>();
  const server = new api.SimEngineServer({
    world: sim.host("server").world,
    leaseTtlMs: LEASE_TTL_MS,
    appended: (key, body) => {
      const epoch = epochOf(body);
      const before = epochs.get(key) ?? 0;
      epochs.set(key, epoch);
      if (epoch < before) wrong.push(`${key}: an owner of epoch ${epoch} wrote after one of ${before}`);
    },
    called: (world, what) => freeze(sim, world, what, asleep),
  });
  const hasBarrier = sim.random.next() >= 0.8;
  const type = listType(api, hasBarrier ? "barrier" : "lease");
  const lines = new EngineLines(sim, server);
  const hosts = HOSTS.map((name) => sim.host(name));
  const seen: Seen[] = [];
  const longPauseMs = drawLongPauseMs(sim, LONG_PAUSE_ONE_IN);
  for (const host of hosts) {
    const asksUntilMs = CHAOS_MS + longPauseMs;
    host.start((world) => runHost(api, { sim, lines, host, type, world, seen, asksUntilMs }));
  }
  const newClient = async (name: string): Promise<Client> => {
    const host = sim.host(name);
    const engine = api.composeEngine(lines.connect(host), host.world);
    const joining = api.joinCluster(new ActorSystem(name, { world: host.world }), { engine, hostId: name });
    return { name, world: host.world, cluster: await joining };
  };
  const crowd = Object.entries(sim.random.next() < 0.5 ? BUSY : QUIET);
  const clients = await sim.settle(Promise.all(crowd.map(([name]) => newClient(name))), CALM_MS);
  await sim.advance(500);
  const chaos = sim.chaos({
    hosts: HOSTS,
    killsPerMinute: 6,
    gracefulRestartsPerMinute: 4,
    downMs: [10, 1000],
    pausesPerMinute: 20,
    pauseMs: [500, 5000],
    clockRates: [0.95, 1.05],
    clockJumpsPerMinute: 5,
    cpuMs: [0, 0.05],
  });
  Object.assign(server.faults, {
    latencyMs: [0.2, 0.5 + sim.random.next() * 10],
    lostRequests: sim.random.next() * 0.005,
    lostAnswers: sim.random.next() * 0.005,
    lateRequests: sim.random.next() * 0.003,
    staleReads: sim.random.next() * 0.2,
  });
  const cutting = lines.cutAtRandom(CHAOS_MS + longPauseMs);
  const endsAt = sim.now + CHAOS_MS + longPauseMs;
  let count = 0;
  const work = async (client: Client, thinkMs: number, reads: number) => {
    const { name, world } = client;
    while (sim.now < endsAt) {
      const one = await operate({ sim, client, type, name: `${name} ${++count}`, reads });
      if (one !== undefined) seen.push(one);
      await delay(world, world.random.next() * thinkMs);
    }
  };
  const running = clients.flatMap((client, index) => {
    const [, [atOnce, thinkMs, reads]] = crowd[index] ?? ["", [0, 0, 0]];
    return Array.from({ length: atOnce }, () => work(client, thinkMs, reads));
  });
  const [asker] = clients;
  assert(asker !== undefined);
  const news: ListNews[] = [];
  await sim.settle(listen(asker, news), CALM_MS);
  const order = { sim, server, type, asker, newClient, seen, asleep };
  const probing = probe(order, sim.now + CHAOS_MS);
  const telling = tellInTurn(sim, type, asker, endsAt);
  await sim.advance(CHAOS_MS);
  chaos.stop();
  if (longPauseMs > 0 || hasBarrier) await sim.settle(probing, CALM_MS);
  if (longPauseMs > 0) await sim.settle(probeOnce(order, "sleeper", { ms: longPauseMs }), CALM_MS);
  // What a lease promises such an owner would break.
  for (let count = 0; hasBarrier && count < UNKNOWN_SLEEPS; count++) {
    const sleep = { isUnknown: true, isWrittenTo: count === 1 };
    await sim.settle(probeOnce(order, `unknown ${count}`, sleep), CALM_MS);
  }
  Object.assign(server.faults, {
    lostRequests: 0,
    lostAnswers: 0,
    lateRequests: 0,
    staleReads: 0,
    latencyMs: [1, 1],
  });
  await sim.settle(cutting);
  lines.mendAll();
  await sim.settle(Promise.all([...running, probing, telling]), CALM_MS);
  await sim.until(() => hosts.every(({ isUp }) => isUp), CALM_MS, "all hosts to be up");
  const askers = clients.map(({ cluster }) => async (entity: string, name: string) => {
    const from = sim.trace.count;
    const question = { type: "add", name, operationId: name } as const;
    const length = await cluster.ref(type, entity).ask(question, { timeoutMs: PATIENCE_MS });
    seen.push({ entity, from, to: sim.trace.count, added: name, length });
  });
  await demandAnswers({ sim, server, hosts, entities: ENTITIES, askers });
  assertEquals(wrong, []);
  await judge(sim, server, { seen, news, areTimely: !hasBarrier });
}

/** Has a client hear the news. Of a subscription that nobody confirmed nothing is taken: it may be there. */
async function listen(
  { world, cluster }: Pick<Client, "world" | "cluster">,
  news: ListNews[],
): Promise<void> {
  let isGivenUp = false;
  const hear = (one: ListNews) => {
    if (!isGivenUp) news.push(one);
  };
  try {
    await cluster.subscribe(NEWS, hear);
  } catch {
    isGivenUp = true;
    await delay(world, 20);
    await listen({ world, cluster }, news);
  }
}

/** Freezes a host for longer than its lease where it hurts: as it reads a journal, or writes to it. */
function freeze(sim: SimWorld, world: World, what: string, asleep: ReadonlySet<SimHost>): void {
  const share = what.startsWith("a replay") ? 0.1 : what.startsWith("an append") ? 0.002 : 0;
  if (sim.now === 0 || sim.random.next() >= share) return;
  const host = sim.hosts.find((one) => one.isUp && one.world === world);
  if (host === undefined || !HOSTS.includes(host.name)) return;
  host.pause();
  sim.sometimes("a host was frozen over its journal");
  sim.host("server").world.clock.timer(LEASE_TTL_MS * (1.2 + 3 * sim.random.next()), () => {
    if (!asleep.has(host)) host.resume();
  });
}

/** Tells entities something, several times in a row, and waits for nothing. */
async function tellInTurn(
  sim: SimWorld,
  type: EntityType<ListCommand>,
  { world, cluster }: Client,
  endsAt: number,
): Promise<void> {
  for (let count = 0; sim.now < endsAt;) {
    const entity = ENTITIES[Math.floor(world.random.next() * ENTITIES.length)] ?? "";
    for (let part = 0; part < 3; part++) {
      cluster.ref(type, entity).tell({ type: "note", name: `${TOLD}${++count}` });
      if (world.random.next() < 0.5) await delay(world, world.random.next() * 20);
    }
    await delay(world, world.random.next() * 400);
  }
}

/** What a host is run with. */
interface HostOrder {
  readonly sim: SimWorld;
  readonly lines: EngineLines;
  readonly host: SimHost;
  readonly type: EntityType<ListCommand>;
  readonly world: World;
  readonly seen: Seen[];
  readonly asksUntilMs: number;
}

async function runHost(api: ClusterApi, order: HostOrder): Promise<Stoppable> {
  const { sim, lines, host, type, world, seen, asksUntilMs } = order;
  const system = new ActorSystem(host.name, { world });
  const engine = api.composeEngine(lines.connect(host), world);
  const options = { engine, types: [type], hostId: host.name, drainMs: 2000, joinTimeoutMs: Infinity };
  const cluster = await api.joinCluster(system, options);
  const life = sim.trace.count;
  let isOver = false;
  // It asks the others, as they ask it.
  const ask = async (count: number): Promise<void> => {
    const name = `${host.name} ${life}.${count}`;
    const one = await operate({ sim, client: { world, cluster }, type, name, reads: 0.3 });
    if (one !== undefined) seen.push(one);
    await delay(world, world.random.next() * HOST_THINK_MS);
    if (!isOver && sim.now < asksUntilMs) await ask(count + 1);
  };
  ask(1).catch(() => {});
  return {
    async stop() {
      isOver = true;
      await cluster.leave();
      await system.stop({ withinMs: 2000 });
    },
  };
}

function epochOf(body: string): number {
  const record: unknown = JSON.parse(body);
  assert(
    typeof record === "object" && record !== null && "epoch" in record && typeof record.epoch === "number",
  );
  return record.epoch;
}

/** The campaign. */
export const clusterCampaign: Campaign = {
  name: "cluster",
  sometimes: [
    ...["killed", "paused", "asked to stop", "clock set"].map((fault) => `fault: ${fault}`),
    LONG_PAUSE,
    ...[
      "a line was cut",
      "a host was frozen over its journal",
      "an owner was asked as it woke",
      "an owner was asked that does not know that it has slept",
      "an entity changed hands",
      "much was said",
      "much was told in a row",
      "several owners were heard",
      "all who waited were answered",
    ]
      .map((what) => `sometimes: ${what}`),
  ],
  run: (sim) => clusterUnderChaos(sim, real),
};
