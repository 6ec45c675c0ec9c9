/**
 * Who owns which entity, in the keys of every engine.
 *
 * @module
 */
import type { World } from "../world/world.ts";
import type { KeyEntry, Keys } from "./driver.ts";
import type { EntityId, Epoch, HostRef, JoinWaiting, Lease, Placed, Placement } from "./engine.ts";
import { Conflict, OutcomeUnknown } from "./errors.ts";
import { HostLease } from "./lease.ts";
import { entityKey, entityText } from "./names.ts";
import { pause } from "./pause.ts";

/** How often a claim tries again when another one wrote between its read and its write. */
const MAX_CLAIM_TRIES = 20;
/** The pause before the second try; each later one is longer by as much. */
const CLAIM_PAUSE_MS = 5;

/** Placement on a driver's keys. */
export class StoredPlacement implements Placement {
  readonly #keys: Keys;
  readonly #world: Pick<World, "clock" | "random">;

  constructor(keys: Keys, world: Pick<World, "clock" | "random">) {
    this.#keys = keys;
    this.#world = world;
  }

  get leaseTtlMs(): number {
    return this.#keys.leaseTtlMs;
  }

  join(hostId: string, former?: HostRef, waiting?: JoinWaiting): Promise<Lease> {
    return HostLease.take(this.#keys, this.#world, hostId, former, waiting);
  }

  async claim(entity: EntityId, { host, signal }: Lease): Promise<Placed & { readonly isMine: boolean }> {
    const key = entityKey(entity);
    for (let tries = 0; tries < MAX_CLAIM_TRIES; tries++) {
      const entry = await this.#keys.get("places", key);
      const owner = entry && hostOf(entry);
      if (entry !== undefined && owner !== undefined) {
        const isOther = !isSame(owner, host);
        if (isOther && await this.#lives(owner)) return { owner, epoch: entry.revision, isMine: false };
      }
      try {
        const value = `${host.id} ${host.incarnation}`;
        const epoch = await this.#keys.put("places", key, value, entry?.revision ?? 0);
        return { owner: host, epoch, isMine: true };
      } catch (error) {
        // Another host was first, or what was read was stale: what is true shows in a moment.
        if (!(error instanceof Conflict)) throw error;
      }
      await pause(this.#world, tries * CLAIM_PAUSE_MS, signal);
      if (signal.aborted) throw new OutcomeUnknown(`a claim of ${entityText(entity)}, whose host has left`);
    }
    throw new OutcomeUnknown(`a claim of ${entityText(entity)}, which others claim all the time`);
  }

  async lookup(entity: EntityId): Promise<Placed | undefined> {
    const entry = await this.#keys.get("places", entityKey(entity));
    const owner = entry && hostOf(entry);
    return entry && owner && { owner, epoch: entry.revision };
  }

  async release(entity: EntityId, epoch: Epoch): Promise<void> {
    try {
      await this.#keys.remove("places", entityKey(entity), epoch);
    } catch (error) {
      // Somebody else has it already.
      if (!(error instanceof Conflict)) throw error;
    }
  }

  async hosts(): Promise<HostRef[]> {
    const entries = await this.#keys.list("hosts");
    return [...entries].map(([id, { value }]) => ({ id, incarnation: value }));
  }

  /** Whether the host still has the lease of this life of it. */
  async #lives({ id, incarnation }: HostRef): Promise<boolean> {
    return (await this.#keys.get("hosts", id))?.value === incarnation;
  }
}

function isSame(left: HostRef, right: HostRef): boolean {
  return left.id === right.id && left.incarnation === right.incarnation;
}

function hostOf({ value }: KeyEntry): HostRef | undefined {
  const [id, incarnation] = value.split(" ");
  return id === undefined || incarnation === undefined ? undefined : { id, incarnation };
}
