/**
 * The right of this server to act for its members.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { randomName } from "../../cluster/names.ts";
import type { World } from "../../world/world.ts";
import type { MemberId } from "./people.ts";
import type { ServerLife } from "./registry.ts";

/**
 * One life of this server after the other. The others give a server up when its lease has been gone for a
 * while, and its members' names may be others' then: so a server whose lease is over does nothing for its
 * members until it has asked whose their names are.
 */
export class ServerSession {
  readonly id: string;
  readonly #cluster: Pick<Cluster, "host">;
  readonly #world: Pick<World, "random">;
  #incarnation: string | undefined;
  #life: ServerLife | undefined;
  #isGivenUp = false;
  /** Members of which the names are others' by now. */
  readonly #lost = new Set<MemberId>();

  constructor(id: string, cluster: Pick<Cluster, "host">, world: Pick<World, "random">) {
    this.id = id;
    this.#cluster = cluster;
    this.#world = world;
  }

  /** The life by which it may act now; undefined while it may not. */
  get life(): ServerLife | undefined {
    const host = this.#cluster.host;
    const isValid = host !== undefined && host.incarnation === this.#incarnation && !this.#isGivenUp;
    return isValid ? this.#life : undefined;
  }

  /** The next life, to be asked for by; undefined while the server has no lease. */
  next(): { readonly life: ServerLife; begin(lost: readonly MemberId[]): void } | undefined {
    const host = this.#cluster.host;
    if (host === undefined) return undefined;
    const life = { id: this.id, life: randomName(this.#world.random) };
    return {
      life,
      begin: (lost) => {
        for (const id of lost) this.#lost.add(id);
        this.#incarnation = host.incarnation;
        this.#life = life;
        this.#isGivenUp = false;
      },
    };
  }

  /** Whether nothing is done for a member any more: somebody else has its name. */
  isLost(id: MemberId): boolean {
    return this.#lost.size > 0 && this.#lost.has(id);
  }

  /** The others have given this life up. */
  givenUp(life: ServerLife): void {
    if (this.#life?.life === life.life) this.#isGivenUp = true;
  }
}
