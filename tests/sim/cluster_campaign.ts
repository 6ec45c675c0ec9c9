/**
 * The cluster under chaos: hosts die, freeze and are cut off, answers are late or lost, and yet nothing that
 * was answered is lost, nothing happens twice, and nobody reads what is no longer true.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as real from "../../actors/cluster/mod.ts";
import type { Cluster, EntityType, SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { demandAnswers } from "./_cluster_patience.ts";
import { EngineLines } from "./_engine_lines.ts";
import { type Campaign, delay, type Stoppable } from "./_harness.ts";
import { drawLongPauseMs, LONG_PAUSE, pauseForLong } from "./_long_pause.ts";

/** What the campaign needs of the cluster: the real one, or one with a planted bug. */
export type ClusterApi = Pick<
  typeof real,
  "SimEngineServer" | "composeEngine" | "joinCluster" | "persistent" | "reply"
>;

const HOSTS = ["one", "two", "three"];
/**
 * Clients: what they do at once, the milliseconds that they think between two calls, and the share of reads.
 */
type Crowd = Readonly<Record<string, readonly [atOnce: number, thinkMs: number, reads: number]>>;
/** Writes are always under way: those that were frozen find out by them. */
const BUSY: Crowd = { alice: [6, 0, 0.3], bob: [3, 10, 0.3], carol: [2, 1500, 0.8], dave: [2, 1500, 0.8] };
/** Often none is: a frozen owner finds nothing out. */
const QUIET: Crowd = { alice: [1, 300, 0.1], bob: [1, 900, 0.9], carol: [1, 900, 0.9], dave: [1, 900, 0.9] };
const ENTITIES = ["a", "b"];
/** How names begin that are told, and not asked. */
const TOLD = "told ";
const HOST_THINK_MS = 500;
const LEASE_TTL_MS = 1000;
const CHAOS_MS = 10_000;
/** How long after the chaos everything has to be done. */
const CALM_MS = 60_000;
/** Who waits so long is answered, unless somebody dies. */
const PATIENCE_MS = 60_000;

type ListCommand =
  | {
    readonly type: "add";
    readonly name: string;
    /** Without it, nobody may send it twice. */
    readonly operationId?: string;
    readonly replyTo: Ref<number>;
  }
  | { readonly type: "note"; readonly name: string }
  | { readonly type: "read"; readonly replyTo: Ref<readonly string[]> };

/** A list of names: what is added stays, in one order. */
function listType(api: ClusterApi, reads: "lease" | "barrier"): EntityType<ListCommand> {
  return api.persistent({
    type: "list",
    idleTimeoutMs: 700,
    snapshotEvery: 7,
    reads,
    initial: () => [] as readonly string[],
    decide: (names: readonly string[], command: ListCommand) => {
      if (command.type === "read") return { replies: [api.reply(command.replyTo, names)] };
      if (command.type === "note") return { events: [command.name] };
      return { events: [command.name], replies: [api.reply(command.replyTo, names.length + 1)] };
    },
    evolve: (names, name: string) => [...names, name],
  });
}

/** What a client saw, by the order of things in the simulation. */
interface Seen {
  readonly entity: string;
  readonly from: number;
  readonly to: number;
  /** What was added, and how many names there were then; or what was read. */
  readonly added?: string;
  readonly length: number;
  readonly names?: readonly string[];
}

/** One client: a host that runs no entities. */
interface Client {
  readonly name: string;
  readonly world: World;
  readonly cluster: Cluster;
}

/** Runs the campaign with an implementation. */
export async function clusterUnderChaos(sim: SimWorld, api: ClusterApi): Promise<void> {
  const epochs = new Map<string, number>();
  const wrong: string[] = [];
  const server = new api.SimEngineServer({
    world: sim.host("server").world,
    leaseTtlMs: LEASE_TTL_MS,
    appended: (key, body) => {
      const epoch = epochOf(body);
      const before = epochs.get(key) ?? 0;
      epochs.set(key, epoch);
      if (epoch < before) wrong.push(`${key}: an owner of epoch ${epoch} wrote after one of ${before}`);
    },
    called: (world, what) => freeze(sim, world, what),
  });
  const type = listType(api, sim.random.next() < 0.8 ? "lease" : "barrier");
  const lines = new EngineLines(sim, server);
  const hosts = HOSTS.map((name) => sim.host(name));
  const seen: Seen[] = [];
  for (const host of hosts) host.start((world) => runHost(api, { sim, lines, host, type, world, seen }));
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
  const longPauseMs = drawLongPauseMs(sim);
  const cutting = lines.cutAtRandom(CHAOS_MS + longPauseMs);
  const endsAt = sim.now + CHAOS_MS + longPauseMs;
  let count = 0;
  const work = async ({ name, world, cluster }: Client, thinkMs: number, reads: number) => {
    while (sim.now < endsAt) {
      const one = await operate(sim, world, cluster, type, `${name} ${++count}`, reads);
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
  const probing = probe(sim, server, type, asker, newClient, seen, endsAt);
  const telling = tellInTurn(sim, type, asker, endsAt);
  await sim.advance(CHAOS_MS);
  chaos.stop();
  await pauseForLong(sim, HOSTS, longPauseMs);
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
  await judge(sim, server, seen);
}

/** Freezes a host for longer than its lease where it hurts: as it reads a journal, or writes to it. */
function freeze(sim: SimWorld, world: World, what: string): void {
  const share = what.startsWith("a replay") ? 0.1 : what.startsWith("an append") ? 0.002 : 0;
  if (sim.now === 0 || sim.random.next() >= share) return;
  const host = sim.hosts.find((one) => one.isUp && one.world === world);
  if (host === undefined || !HOSTS.includes(host.name)) return;
  host.pause();
  sim.sometimes("a host was frozen over its journal");
  sim.host("server").world.clock.timer(LEASE_TTL_MS * (1.2 + 3 * sim.random.next()), () => host.resume());
}

/**
 * Freezes owners, and asks them as they wake: with a client that knows of nothing, after another one was
 * answered by the new owner.
 */
async function probe(
  sim: SimWorld,
  server: SimEngineServer,
  type: EntityType<ListCommand>,
  asker: Client,
  newClient: (name: string) => Promise<Client>,
  seen: Seen[],
  endsAt: number,
): Promise<void> {
  const { world } = sim.host("server");
  const entity = "probed";
  const add = async (client: Client, count: number) => {
    const one = await operate(sim, client.world, client.cluster, type, `probe ${count}`, 0, entity);
    if (one !== undefined) seen.push(one);
  };
  for (let count = 0; sim.now < endsAt; count++) {
    // From now on the asker knows where it lives.
    await add(asker, count);
    const place = await server.keys.get("places", `list.${entity}`);
    const owner = sim.hosts.find(({ name }) => name === place?.value.split(" ")[0]);
    // What a client that knows where it lives writes would wait there, and tell the owner as it wakes.
    const stranger = await newClient(`stranger-${count}`).catch(() => undefined);
    if (owner === undefined || stranger === undefined || sim.now > endsAt) continue;
    owner.pause();
    await add(stranger, ++count);
    stranger.cluster.leave().catch(() => {});
    const reading = operate(sim, asker.world, asker.cluster, type, `probe ${++count}`, 1, entity);
    await delay(world, world.random.next() * 300);
    owner.resume();
    const read = await reading;
    if (read !== undefined) seen.push(read);
    sim.sometimes("an owner was asked as it woke");
  }
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

/** Adds a name, or reads all, until it is answered; or adds it once, whatever comes of it. */
async function operate(
  sim: SimWorld,
  world: World,
  cluster: Cluster,
  type: EntityType<ListCommand>,
  name: string,
  readShare: number,
  entity: string = ENTITIES[Math.floor(world.random.next() * ENTITIES.length)] ?? "a",
): Promise<Seen | undefined> {
  const ref = cluster.ref(type, entity);
  const isRead = world.random.next() < readShare;
  const isNamed = world.random.next() < 0.7;
  const first = sim.trace.count;
  for (;;) {
    sim.note(`${name} begins`);
    const from = sim.trace.count;
    try {
      if (!isRead) {
        const more = isNamed ? { operationId: name } : {};
        const length = await ref.ask({ type: "add", name, ...more }, { timeoutMs: 3000 });
        // It may have happened at any of the times that it was sent.
        return { entity, from: first, to: sim.trace.count, added: name, length };
      }
      const names = await ref.ask({ type: "read" }, { timeoutMs: 3000 });
      return { entity, from, to: sim.trace.count, length: names.length, names };
    } catch (error) {
      sim.note(`${name} failed: ${error}`);
      if (!isRead && !isNamed) return undefined;
      await delay(world, 20);
    }
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
}

async function runHost(api: ClusterApi, order: HostOrder): Promise<Stoppable> {
  const { sim, lines, host, type, world, seen } = order;
  const system = new ActorSystem(host.name, { world });
  const engine = api.composeEngine(lines.connect(host), world);
  const options = { engine, types: [type], hostId: host.name, drainMs: 2000, joinTimeoutMs: Infinity };
  const cluster = await api.joinCluster(system, options);
  const life = sim.trace.count;
  let isOver = false;
  // It asks the others, as they ask it.
  const ask = async (count: number): Promise<void> => {
    const one = await operate(sim, world, cluster, type, `${host.name} ${life}.${count}`, 0.3);
    if (one !== undefined) seen.push(one);
    await delay(world, world.random.next() * HOST_THINK_MS);
    if (!isOver && sim.now < CHAOS_MS) await ask(count + 1);
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

/** Whether what clients saw and what the journals hold can both be true. */
async function judge(sim: SimWorld, server: SimEngineServer, seen: readonly Seen[]): Promise<void> {
  for (const entity of [...ENTITIES, "probed"]) {
    const { names, owners } = await kept(server, entity);
    assertEquals(names.length, new Set(names).size, `${entity}: nothing happens twice: ${names}`);
    const told = names.filter((name) => name.startsWith(TOLD)).map((name) => Number(name.slice(TOLD.length)));
    assertEquals(told, told.toSorted((a, b) => a - b), `${entity}: what one host tells comes in its order`);
    sim.sometimes("much was told in a row", told.length > 10);
    const of = seen.filter((one) => one.entity === entity).toSorted((left, right) => left.to - right.to);
    for (const { added, length, names: read } of of) {
      if (added !== undefined) assertEquals(names[length - 1], added, `${entity}: what was answered is kept`);
      else if (read?.some((name, index) => name !== names[index]) ?? true) {
        assertEquals(read, names.slice(0, length), `${entity}: what was read is what happened`);
      }
    }
    // Everything that was answered before a call began is behind what that call sees.
    let [known, ended] = [0, 0];
    for (const one of of.toSorted((left, right) => left.from - right.from)) {
      for (let before = of[ended]; before !== undefined && before.to < one.from; before = of[++ended]) {
        known = Math.max(known, before.length);
      }
      assert(
        one.length >= known,
        `${entity}: ${one.added ?? "a read"} saw ${one.length} names, and ${known} were there`,
      );
    }
    sim.sometimes("an entity changed hands", owners > 1);
    sim.sometimes("much was said", names.length > 50);
  }
}

/**
 * What is in the journal of an entity: the names in order, and how many owners the commits that are left
 * had.
 */
async function kept(server: SimEngineServer, entity: string): Promise<{ names: string[]; owners: number }> {
  const { snapshot, commits } = await server.journal.read({ type: "list", id: entity });
  const state: unknown = snapshot?.state;
  const list = typeof state === "object" && state !== null && "state" in state ? state.state : [];
  const behind = commits.flatMap((commit) => commit.entries.flatMap(({ events }) => events.map(String)));
  const before = Array.isArray(list) ? list.map(String) : [];
  return { names: [...before, ...behind], owners: new Set(commits.map(({ epoch }) => epoch)).size };
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
      "an entity changed hands",
      "much was said",
      "much was told in a row",
      "all who waited were answered",
    ]
      .map((what) => `sometimes: ${what}`),
  ],
  run: (sim) => clusterUnderChaos(sim, real),
};
