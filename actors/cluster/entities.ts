/**
 * The entities that live on this host.
 *
 * @module
 */
import { restart, stop } from "../runtime/supervision.ts";
import type { Context } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { Topic } from "../runtime/topics.ts";
import type { EntityId, Epoch, Journal, Lease, Placed } from "./engine.ts";
import { type EntityLife, type EntityType, Passivate, type Refusal } from "./entity_type.ts";
import { NoHost } from "./errors.ts";
import type { ClusterMetrics } from "./metrics.ts";
import { activationAddress, actorName, entityKey } from "./names.ts";
import { isRefusal, RepeatedWarnings } from "./repeated_warnings.ts";

/** What entities need of their host. */
export interface EntitiesHost {
  /** The actor whose children they are. */
  readonly parent: Context<HostMessage>;
  readonly journal: Journal;
  readonly metrics: ClusterMetrics;
  /** The types that this host runs. */
  typeOf(name: string): EntityType<never> | undefined;
  claim(entity: EntityId, lease: Lease): Promise<Placed & { readonly isMine: boolean }>;
  release(entity: EntityId, epoch: Epoch): Promise<void>;
  refuse(entity: EntityId, command: unknown, why: Refusal): void;
  entityRef(entity: EntityId): Ref<never>;
  /** Sends to all subscribers of a topic, on all hosts. */
  publish<T>(topic: Topic<T>, message: T): void;
}

/** What the parent of the entities is told. */
export type HostMessage =
  | { readonly type: "stopped"; readonly entity: LocalEntity }
  | { readonly type: "call"; readonly run: () => void };

/** An entity that lives on this host. */
export interface LocalPlacement extends EntityId {
  /** The fencing token by which the host owns it. */
  readonly epoch: Epoch;
  /** Its actor. */
  readonly path: string;
}

/** One entity on this host, from its claim until it has stopped. */
export interface LocalEntity {
  readonly entity: EntityId;
  readonly key: string;
  readonly placed: Placed;
  readonly lease: Lease;
  ref: Ref<unknown>;
  life: EntityLife | undefined;
  usedAtMs: number;
  /** What came while it was on its way to sleep; undefined while it is awake. */
  held: unknown[] | undefined;
  /** It has no more right to live here. */
  isGone: boolean;
}

/** One entity that fails, however often, is no reason to end its host: the budget is never spent. */
const AGAIN = restart({ limit: 1000, withinMs: 5000, backoff: { minMs: 5, maxMs: 1000 } });

/** Entities that are not here any more of which it is known how far their journals had come. */
const MAX_REMEMBERED = 10_000;

/** Brings entities to life, and puts them to sleep. */
export class Entities {
  readonly #host: EntitiesHost;
  readonly #byKey = new Map<string, LocalEntity>();
  readonly #claims = new Map<string, Promise<Placed>>();
  /** Actors that still have the name of one that is to be started again. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Told when one that was dismissed has stopped. */
  readonly #gone = new Map<LocalEntity, () => void>();
  readonly #warnings: RepeatedWarnings;
  /** How far the journals had come of entities that are not here any more, the newest last. */
  readonly #durable = new Map<string, number>();
  #lease: Lease | undefined;
  #isDraining = false;
  #idle: (() => void)[] = [];

  constructor(host: EntitiesHost) {
    this.#host = host;
    this.#warnings = new RepeatedWarnings(host.parent.log, host.parent.world.clock);
  }

  /** How many live here. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Those that live here. */
  list(): EntityId[] {
    return [...this.#byKey.values()].map(({ entity }) => entity);
  }

  /** Some of those that live here, the oldest first. */
  placements(skip: number, count: number): LocalPlacement[] {
    const found: LocalPlacement[] = [];
    let at = 0;
    for (const { entity, placed, ref } of this.#byKey.values()) {
      if (found.length >= count) break;
      if (at++ >= skip) found.push({ ...entity, epoch: placed.epoch, path: ref.path });
    }
    return found;
  }

  /** The entity of a key, if it lives here by this epoch, or any. */
  find(key: string, epoch?: Epoch): LocalEntity | undefined {
    const local = this.#byKey.get(key);
    return local === undefined || (epoch !== undefined && local.placed.epoch !== epoch) ? undefined : local;
  }

  /** From now on entities are claimed by this lease. */
  useLease(lease: Lease): void {
    this.#lease = lease;
  }

  /** Puts a message into an entity's mailbox; false when the entity may live elsewhere. */
  deliver(local: LocalEntity, message: unknown): boolean {
    if (local.isGone || !local.lease.isValid) return false;
    local.usedAtMs = this.#host.parent.coarseNow;
    if (local.held !== undefined) {
      if (this.#isDraining) return false;
      local.held.push(message);
      return true;
    }
    try {
      local.ref.tell(message);
    } catch (error) {
      this.#host.refuse(local.entity, message, { type: "failed", error });
    }
    return true;
  }

  /** Claims an entity, and brings it to life if this host is its owner. Says who is. */
  claim(entity: EntityId): Promise<Placed> {
    const key = entityKey(entity);
    const local = this.#byKey.get(key);
    if (local !== undefined && !local.isGone) return Promise.resolve(local.placed);
    const claiming = this.#claims.get(key) ??
      this.#claim(entity, key).finally(() => this.#claims.delete(key));
    this.#claims.set(key, claiming);
    return claiming;
  }

  async #claim(entity: EntityId, key: string): Promise<Placed> {
    const type = this.#host.typeOf(entity.type);
    const lease = this.#lease;
    if (type === undefined || lease === undefined || !lease.isValid || this.#isDraining) {
      throw new NoHost(activationAddress(entity.type));
    }
    // An actor of the time before has the name still, or its place is being given up: a claim that found it
    // there would be good for as long as that takes.
    await this.#leaving.get(key);
    const { owner, epoch, isMine } = await this.#host.claim(entity, lease).catch((error) => {
      // Who asked for it asks again: it must not be in silence.
      if (isRefusal(error)) this.#warnings.warn("Cannot place an entity", "claim-refused", error);
      throw error;
    });
    if (!isMine) return { owner, epoch };
    if (!lease.isValid || this.#isDraining) throw new NoHost(activationAddress(entity.type));
    this.#start(type, { owner, epoch }, entity, key, lease);
    return { owner, epoch };
  }

  #start(type: EntityType<never>, placed: Placed, entity: EntityId, key: string, lease: Lease): void {
    const { parent, metrics } = this.#host;
    const local: LocalEntity = {
      entity,
      key,
      placed,
      lease,
      ref: NOBODY,
      life: undefined,
      usedAtMs: parent.coarseNow,
      held: undefined,
      isGone: false,
    };
    this.#byKey.set(key, local);
    metrics.activations++;
    metrics.highestEpoch = Math.max(metrics.highestEpoch, placed.epoch);
    this.#spawn(type, local);
  }

  #spawn(type: EntityType<never>, local: LocalEntity): void {
    const { parent } = this.#host;
    const { entity } = local;
    local.ref = parent.spawn(actorName(entity), type.behavior(this.#life(local)), {
      mailbox: { capacity: type.options.mailboxCapacity + 1 },
      // One that handles its own failures has none.
      onFailure: type.passivates ? stop() : AGAIN,
    });
    parent.watch(local.ref, () => ({ type: "stopped", entity: local }));
  }

  #life(local: LocalEntity): EntityLife {
    const { journal, metrics } = this.#host;
    const host = this.#host;
    const { entity, placed, lease } = local;
    return local.life = {
      durableSeq: this.#durable.get(local.key) ?? 0,
      entity,
      epoch: placed.epoch,
      journal,
      metrics,
      self: host.entityRef(entity),
      get isValid() {
        return !local.isGone && lease.isValid;
      },
      warn: (what, event, error) => this.#warnings.warn(what, event, error),
      refuse: (command, why) => host.refuse(entity, command, why),
      publish: (topic, message) => host.publish(topic, message),
      fenced: () => this.#dismiss(local),
    };
  }

  /** The entity lives elsewhere now: what waits for it here is refused, and it stops. */
  #dismiss(local: LocalEntity): void {
    if (local.isGone) return;
    local.isGone = true;
    if (this.#byKey.get(local.key) === local) this.#byKey.delete(local.key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leave(local.key, promise);
    this.#gone.set(local, resolve);
    if (local.held === undefined) this.#askToStop(local);
  }

  #askToStop(local: LocalEntity): void {
    if (this.#host.typeOf(local.entity.type)?.passivates) {
      try {
        return local.ref.tell(new Passivate());
      } catch {
        // Its mailbox is full to the last place.
      }
    }
    this.#host.parent.stop(local.ref);
  }

  /** Puts one to sleep. */
  #passivate(local: LocalEntity): void {
    if (local.held !== undefined || local.isGone) return;
    local.held = [];
    this.#askToStop(local);
  }

  /** Puts those to sleep that were told nothing for long. */
  sweep(): void {
    const now = this.#host.parent.coarseNow;
    for (const local of this.#byKey.values()) {
      const idleMs = this.#host.typeOf(local.entity.type)?.options.idleTimeoutMs ?? Infinity;
      if (now - local.usedAtMs >= idleMs) this.#passivate(local);
    }
  }

  #remember({ key, life }: LocalEntity): void {
    this.#durable.delete(key);
    if (life === undefined || life.durableSeq === 0) return;
    this.#durable.set(key, life.durableSeq);
    if (this.#durable.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#durable.keys()) return void this.#durable.delete(oldest);
  }

  /** The actor of an entity has stopped. */
  stopped(local: LocalEntity): void {
    this.#remember(local);
    const held = local.held ?? [];
    const gone = this.#gone.get(local);
    if (gone !== undefined) {
      this.#gone.delete(local);
      gone();
    }
    const type = this.#host.typeOf(local.entity.type);
    const isOwned = !local.isGone && local.lease.isValid;
    if (held.length > 0 && isOwned && type !== undefined) {
      // Somebody wants it again; also where it is to leave: another owner might get what comes later first.
      local.held = undefined;
      this.#spawn(type, local);
      for (const message of held) this.deliver(local, message);
      if (this.#isDraining) this.#passivate(local);
      return;
    }
    if (this.#byKey.get(local.key) === local) this.#byKey.delete(local.key);
    this.#host.metrics.passivations++;
    if (!local.isGone) {
      local.isGone = true;
      this.#leave(local.key, this.#release(local));
    } else this.#settle();
    // What was sent after it may be with the next owner already: only who asked can ask again.
    for (const message of held) this.#host.refuse(local.entity, message, { type: "retry" });
  }

  async #release({ entity, placed }: LocalEntity): Promise<void> {
    try {
      await this.#host.release(entity, placed.epoch);
    } catch {
      // It is free when it is claimed again, or the lease of this host is over.
    }
  }

  /** Keeps a key from being claimed while something ends. */
  #leave(key: string, ending: Promise<void>): void {
    const before = this.#leaving.get(key);
    const leaving = Promise.all([ending, before]).then(() => {
      if (this.#leaving.get(key) === leaving) this.#leaving.delete(key);
      this.#settle();
    });
    this.#leaving.set(key, leaving);
  }

  /** The lease is lost: others may own all of them. */
  dismissAll(): void {
    this.#lease = undefined;
    for (const local of [...this.#byKey.values()]) this.#dismiss(local);
  }

  /** Puts all to sleep and takes no more; resolves when all are. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const local of [...this.#byKey.values()]) this.#passivate(local);
    if (!this.#isEmpty) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  get #isEmpty(): boolean {
    return this.#byKey.size === 0 && this.#leaving.size === 0;
  }

  #settle(): void {
    if (!this.#isEmpty) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Where messages go between a claim and the start of the actor: nowhere, since both are one step. */
const NOBODY: Ref<unknown> = {
  path: "/nobody",
  isOpen: false,
  tell: () => {},
  offer: () => Promise.resolve(),
  ask: () => Promise.reject(new TypeError("Cannot ask nobody")),
};
