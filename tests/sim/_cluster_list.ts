/**
 * Lists of names, as entities of a cluster, and the clients that add to them and read them.
 *
 * @module
 */
import type * as real from "../../actors/cluster/mod.ts";
import type { Cluster, EntityType } from "../../actors/cluster/mod.ts";
import type { SimWorld, World } from "../../actors/world/sim/mod.ts";
import { type Ref, type Topic, topic } from "../../mod.ts";
import { delay } from "./_harness.ts";

/** What the campaign needs of the cluster: the real one, or one with a planted bug. */
export type ClusterApi = Pick<
  typeof real,
  "SimEngineServer" | "composeEngine" | "joinCluster" | "persistent" | "reply"
>;

/** The entities that all ask. */
export const ENTITIES: readonly string[] = ["a", "b"];
/** An entity says so often that it lives, to whoever listens. */
const TICK_MS = 150;

/** What a list can be told. */
export type ListCommand =
  | {
    readonly type: "add";
    readonly name: string;
    /** Without it, nobody may send it twice. */
    readonly operationId?: string;
    readonly replyTo: Ref<number>;
  }
  | { readonly type: "note"; readonly name: string }
  | { readonly type: "read"; readonly replyTo: Ref<readonly string[]> }
  /** Its own timer. */
  | { readonly type: "tick" };

/** What the owner of a list tells all who listen: that it lives, or what was added. */
export interface ListNews {
  readonly entity: string;
  readonly epoch: number;
  /** What was added, and how many names there were then. */
  readonly added?: string;
  readonly length: number;
}

/** Where lists tell their news. */
export const NEWS: Topic<ListNews> = topic<ListNews>("news");

/** A list of names: what is added stays, in one order. */
export function listType(api: ClusterApi, reads: "lease" | "barrier"): EntityType<ListCommand> {
  return api.persistent({
    type: "list",
    idleTimeoutMs: 700,
    snapshotEvery: 7,
    reads,
    initial: () => [] as readonly string[],
    started: (_, { after }) => void after(TICK_MS, { type: "tick" }),
    decide: (names: readonly string[], command: ListCommand, { id, epoch, publish, after }) => {
      const tell = (news: Omit<ListNews, "entity" | "epoch">) =>
        publish(NEWS, { entity: id, epoch, ...news });
      if (command.type === "read") return { replies: [api.reply(command.replyTo, names)] };
      if (command.type === "tick") {
        after(TICK_MS, { type: "tick" });
        return { then: () => tell({ length: names.length }) };
      }
      const { name } = command;
      const length = names.length + 1;
      const then = () => tell({ added: name, length });
      if (command.type === "note") return { events: [name], then };
      return { events: [name], replies: [api.reply(command.replyTo, length)], then };
    },
    evolve: (names, name: string) => [...names, name],
  });
}

/** What a client saw, by the order of things in the simulation. */
export interface Seen {
  readonly entity: string;
  readonly from: number;
  readonly to: number;
  /** What was added, and how many names there were then; or what was read. */
  readonly added?: string;
  readonly length: number;
  readonly names?: readonly string[];
}

/** One client: a host that runs no entities. */
export interface Client {
  readonly name: string;
  readonly world: World;
  readonly cluster: Cluster;
}

/** One call of a client. */
export interface Call {
  readonly sim: SimWorld;
  readonly client: Pick<Client, "world" | "cluster">;
  readonly type: EntityType<ListCommand>;
  readonly name: string;
  /** How likely it reads. */
  readonly reads: number;
  /** @default one of those that all ask */
  readonly entity?: string;
}

/** Adds a name, or reads all, until it is answered; or adds it once, whatever comes of it. */
export async function operate({ sim, client, type, name, reads, ...call }: Call): Promise<Seen | undefined> {
  const { world, cluster } = client;
  const entity = call.entity ?? ENTITIES[Math.floor(world.random.next() * ENTITIES.length)] ?? "a";
  const ref = cluster.ref(type, entity);
  const isRead = world.random.next() < reads;
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
