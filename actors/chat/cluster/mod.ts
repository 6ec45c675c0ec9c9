/**
 * The chat of many servers.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import type { EntityType } from "../../cluster/entity_type.ts";
import { hostIdOf, randomName } from "../../cluster/names.ts";
import type { Context, Ref } from "../../runtime/mod.ts";
import type { NamesCommand, RoomsCommand } from "../owner_messages.ts";
import { census } from "./census.ts";
import { clusterNames, PEOPLE } from "./cluster_names.ts";
import { clusterRooms } from "./cluster_rooms.ts";
import { lateness } from "./lateness.ts";
import { People } from "./people.ts";
import { registryType } from "./registry.ts";
import { roomType } from "./room_entity.ts";
import { ServerSession } from "./session.ts";

/** The kinds of entities that a chat of many servers is made of: each server runs them. */
export const chatEntities: readonly EntityType<never>[] = [registryType, roomType];

/** What the members of a server need. */
export interface ClusterServices {
  readonly names: Ref<NamesCommand>;
  readonly rooms: Ref<RoomsCommand>;
  /** The key of the stand-ins for addresses: a ban of one holds on every server. */
  readonly maskKey: Uint8Array;
}

/** How long the registry may take to answer, and the pause before it is asked again. */
const ASK_MS = 2000;
const AGAIN_MS = 500;
const MASK_KEY_BYTES = 32;

/**
 * Starts what connects a server with the others, as children of an actor. Resolves once the registry answers.
 */
export async function startClusterServices(
  self: Pick<Context<never>, "spawn" | "world" | "self" | "signal" | "log">,
  cluster: Cluster,
): Promise<ClusterServices> {
  const people = new People(cluster);
  const id = hostIdOf(cluster.addressOf(self.self)) ?? "";
  const session = new ServerSession(id, cluster, self.world);
  const censusRef = self.spawn("census", census({ cluster, session, people }));
  const options = { cluster, session, people, census: censusRef };
  const maskKey = await agreedKey(self, cluster);
  return {
    names: self.spawn("names", clusterNames(options)),
    rooms: self.spawn("rooms", clusterRooms(options)),
    maskKey,
  };
}

async function agreedKey(
  { world, signal, log }: Pick<Context<never>, "world" | "signal" | "log">,
  cluster: Cluster,
): Promise<Uint8Array> {
  const registry = cluster.ref(registryType, PEOPLE);
  const proposal = world.random.bytes(MASK_KEY_BYTES).toHex();
  const operationId = randomName(world.random);
  for (let tries = 0;; tries++) {
    try {
      return Uint8Array.fromHex(
        await registry.ask({ type: "agree", operationId, proposal }, { timeoutMs: ASK_MS, signal }),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (tries === 1) log.warn("The chat waits for its engine", { event: "engine-silent", error });
    }
    await lateness(world, AGAIN_MS).promise;
  }
}
