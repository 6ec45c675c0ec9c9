/**
 * Owners that stand still for longer than their lease, and what is asked of them just as they go on.
 *
 * @module
 */
import type { EntityType, SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { PROBED } from "./_cluster_judge.ts";
import { type Client, type ListCommand, operate, type Seen } from "./_cluster_list.ts";
import { delay } from "./_harness.ts";
import { STILL, suspend } from "./_long_pause.ts";

/** What owners are probed with. */
export interface Probe {
  readonly sim: SimWorld;
  readonly server: SimEngineServer;
  readonly type: EntityType<ListCommand>;
  /** Knows where the entity lives. */
  readonly asker: Client;
  /** A client that knows of nothing. */
  readonly newClient: (name: string) => Promise<Client>;
  readonly seen: Seen[];
  /** Who sleeps: nobody else is to wake it. */
  readonly asleep: Set<SimHost>;
}

/** What is read as an owner wakes comes so long before, at most. */
const BEFORE_MS = 300;
/** Reads at once: what the owner knows by heart is what it would answer first. */
const READS = 3;

/** Freezes owners until another one was answered, and asks them as they wake. */
export async function probe(order: Probe, endsAt: number): Promise<void> {
  const { sim } = order;
  for (let count = 0; sim.now < endsAt; count++) await probeOnce(order, `probe ${count}`);
}

/** How an owner sleeps. */
export interface Sleep {
  /** For how long at least. @default until another one was answered */
  readonly ms?: number;
  /**
   * None of its clocks goes on: it takes its lease for its own still, and only who asks the journal before
   * each read says nothing wrong. @default false
   */
  readonly isUnknown?: boolean;
  /** One operation comes twice as it wakes: a write finds out what reads alone would not. @default false */
  readonly isWrittenTo?: boolean;
}

/** One owner sleeps, at least until another one was answered, and is asked as it wakes. */
export async function probeOnce(order: Probe, name: string, sleep: Sleep = {}): Promise<void> {
  const { sim, asker, newClient, asleep } = order;
  const { ms: sleepMs = 0, isUnknown = false, isWrittenTo = false } = sleep;
  const { world } = sim.host("server");
  // From now on the asker knows where it lives.
  await add(order, asker, `${name} before`);
  const owner = await ownerOf(order, PROBED);
  // What a client that knows where it lives writes would wait there, and tell the owner as it wakes.
  const stranger = await newClient(`stranger-${name.replace(" ", "-")}`).catch(() => undefined);
  if (owner === undefined || stranger === undefined) return;
  const wakesAtMs = sim.now + sleepMs;
  // Those who sleep for long are machines that are suspended, every other time.
  const isSuspended = sleepMs > 0 && sim.random.chance(0.5);
  const wake = isUnknown ? stop(owner) : isSuspended ? suspend(sim, owner) : freeze(owner);
  if (sleepMs > 0 || isUnknown) asleep.add(owner);
  await add(order, stranger, `${name} meanwhile`);
  stranger.cluster.leave().catch(() => {});
  const waitMs = world.random.next() * BEFORE_MS;
  await delay(world, Math.max(0, wakesAtMs - waitMs - sim.now));
  const reading = Array.from({ length: READS }, (_, index) => read(order, `${name} read ${index}`));
  for (let copy = 0; isWrittenTo && copy < 2; copy++) reading.push(addNamed(order, `${name} twice`));
  await delay(world, waitMs);
  wake();
  asleep.delete(owner);
  await Promise.all(reading);
  sim.sometimes("an owner was asked as it woke");
  sim.sometimes("an owner was asked that does not know that it has slept", isUnknown);
}

function freeze(host: SimHost): () => void {
  host.pause();
  return () => host.resume();
}

/** As a virtual machine that its host has stopped: none of its clocks knows of it. */
function stop(host: SimHost): () => void {
  const { clockRate } = host;
  host.pause();
  host.clockRate = STILL;
  return () => {
    host.clockRate = clockRate;
    host.resume();
  };
}

async function add({ sim, type, seen }: Probe, client: Client, name: string): Promise<void> {
  const one = await operate({ sim, client, type, name, reads: 0, entity: PROBED });
  if (one !== undefined) seen.push(one);
}

/** Adds it under its name until it is answered: another one may send the same. */
async function addNamed({ sim, type, asker, seen }: Probe, name: string): Promise<void> {
  const question = { type: "add", name, operationId: name } as const;
  for (const from = sim.trace.count;;) {
    try {
      const length = await asker.cluster.ref(type, PROBED).ask(question, { timeoutMs: 3000 });
      return void seen.push({ entity: PROBED, from, to: sim.trace.count, added: name, length });
    } catch {
      await delay(asker.world, 20);
    }
  }
}

async function read({ sim, type, asker, seen }: Probe, name: string): Promise<void> {
  const one = await operate({ sim, client: asker, type, name, reads: 1, entity: PROBED });
  if (one !== undefined) seen.push(one);
}

async function ownerOf({ sim, server }: Probe, entity: string): Promise<SimHost | undefined> {
  const place = await server.keys.get("places", `list.${entity}`);
  return sim.hosts.find(({ name }) => name === place?.value.split(" ")[0]);
}
