/**
 * One host of a cluster.
 *
 * @module
 */
import type { Context } from "../runtime/behavior.ts";
import { checkFunctions } from "../runtime/check_function.ts";
import { NO_METER } from "../runtime/meter.ts";
import { onAbort } from "../runtime/on_abort.ts";
import type { Ref } from "../runtime/ref.ts";
import type { ActorSystem } from "../runtime/system.ts";
import type { Topic } from "../runtime/topics.ts";
import { type Cancellable, errorText } from "../world/world.ts";
import { type Cluster, noteJoined, noteLeft } from "./cluster.ts";
import { ClusterMeter } from "./cluster_meter.ts";
import { decodeValue, encodeValue } from "./codec.ts";
import type { Engine, EntityId, HostRef, Lease, Placed } from "./engine.ts";
import { Entities, type HostMessage } from "./entities.ts";
import type { EntityType } from "./entity_type.ts";
import { OutcomeUnknown } from "./errors.ts";
import type { JoinOptions } from "./join_options.ts";
import { Membership } from "./membership.ts";
import { ClusterMetrics } from "./metrics.ts";
import {
  activationAddress,
  base64url,
  checkTypeName,
  hostAddress,
  inboxAddress,
  randomName,
} from "./names.ts";
import { pause } from "./pause.ts";
import { placedText, Router } from "./router.ts";
import { runEffect } from "./run_effect.ts";
import { type ClusterSnapshot, type ClusterSnapshotOptions, snapshotOf } from "./snapshot.ts";

/** The pause before an engine that did not answer is asked again. */
const JOIN_PAUSE_MS = 200;
/** How often a host looks for what is idle. */
const SWEEP_MS = 1000;

/**
 * Has a system join a cluster as a host. The host's entities are children of an actor `cluster` under the
 * root.
 *
 * Call {@linkcode Cluster.leave} before the system stops, so that the entities are handed over with what
 * waits for them.
 *
 * @throws `TypeError` on a name that no host can have, or two types of one name; {@linkcode OutcomeUnknown}
 * when the engine does not answer.
 */
export async function joinCluster(system: ActorSystem, options: JoinOptions): Promise<Cluster> {
  const host = new ClusterHost(system, options);
  await host.join();
  noteJoined(system, host);
  return host;
}

class ClusterHost implements Cluster {
  readonly metrics = new ClusterMetrics();
  readonly #system: ActorSystem;
  readonly #engine: Engine;
  readonly #types = new Map<string, EntityType<never>>();
  readonly #drainMs: number;
  readonly #joinTimeoutMs: number;
  readonly #hostId: string;
  readonly #router: Router;
  readonly #membership: Membership;
  readonly #inbox: string;
  #parent: Context<HostMessage> | undefined;
  #entities: Entities | undefined;
  #meter: ClusterMeter | undefined;
  #serving = new AsyncDisposableStack();
  #sweeping: Cancellable | undefined;
  /** Where this host brings entities to life. */
  #activation: AsyncDisposableStack | undefined;
  #leaving: Promise<void> | undefined;
  /** The system stops, and nobody has left before. */
  #isStopping = false;
  /** Its entities are given up: what this host was the last to run, nobody brings to life. */
  #hasDrained = false;

  constructor(system: ActorSystem, options: JoinOptions) {
    const { engine, types = [], hostId = randomName(system.world.random) } = options;
    checkTypeName(hostId);
    for (const type of types) {
      checkTypeName(type.name);
      checkFunctions(`Cannot join with ${type.name}`, { behavior: type.behavior });
      if (this.#types.has(type.name)) throw new TypeError(`Cannot join: two types are called ${type.name}`);
      this.#types.set(type.name, type);
    }
    this.#system = system;
    this.#engine = engine;
    this.#drainMs = options.drainMs ?? 5000;
    this.#joinTimeoutMs = options.joinTimeoutMs ?? 30_000;
    this.#hostId = hostId;
    this.#inbox = inboxAddress(hostId, randomName(system.world.random));
    this.#router = new Router({
      system,
      engine,
      metrics: this.metrics,
      inbox: this.#inbox,
      entities: () => this.#local,
      claimHere: (entity) => this.#claimHere(entity),
      onStopped: (ref, stopped) => this.#context.watch(ref, () => ({ type: "call", run: stopped })),
      hasGivenUp: (type) => this.#types.has(type) && this.#hasDrained,
      warn: (message) => this.#context.log.warn(message, { event: "messages-lost" }),
    });
    this.#membership = new Membership(engine.placement, hostId, {
      world: system.world,
      joined: (lease) => this.#joined(lease),
      left: () => this.#left(),
      warn: (message, error) => this.#context.log.warn(message, { event: "engine-warning", error }),
    });
  }

  get host(): HostRef | undefined {
    return this.#membership.lease?.host;
  }

  get leaseAgeMs(): number | undefined {
    return this.#membership.lease?.ageMs;
  }

  get isConnected(): boolean {
    return this.#engine.isConnected;
  }

  get localEntities(): readonly EntityId[] {
    return this.#local.list();
  }

  /** Starts the actor whose children the entities are, and joins. */
  async join(): Promise<void> {
    const ref = this.#system.spawn<HostMessage>("cluster", (self) => {
      if (this.#parent !== undefined) {
        throw new TypeError("Cannot start the cluster's actor again: join again");
      }
      this.#parent = self;
      this.#meter = new ClusterMeter(self.meter);
      this.#entities = new Entities({
        parent: self,
        journal: this.#engine.journal,
        metrics: this.metrics,
        typeOf: (name) => this.#types.get(name),
        claim: (entity, lease) => this.#engine.placement.claim(entity, lease),
        release: (entity, epoch) => this.#engine.placement.release(entity, epoch),
        refuse: (entity, command, why) => this.#router.refuse(entity, command, why),
        entityRef: (entity) => this.#router.entityRef<never>(entity),
        publish: (topic, message) => this.publish(topic, message),
      });
      // Whoever stops the system without leaving: the lease is given up all the same.
      onAbort(self.signal, () => {
        this.#isStopping = true;
        this.#membership.leave().catch(() => {});
      });
      return (message) => message.type === "stopped" ? this.#local.stopped(message.entity) : message.run();
    });
    await this.#system.started(ref);
    try {
      const { transport } = this.#engine;
      const receive = (body: string) => this.#router.receive(body);
      await this.#inTime(async (late) => {
        const serve = async () => void this.#serving.use(await transport.serve(this.#inbox, receive));
        await this.#patiently(serve, late);
        await this.#patiently(() => this.#membership.join(late), late);
      });
    } catch (error) {
      await this.leave();
      throw error;
    }
    this.#sweepLater();
  }

  /** One deadline for all of a join: an engine that is silent, and another host of this id that lives. */
  async #inTime(join: (late: AbortSignal) => Promise<void>): Promise<void> {
    const late = new AbortController();
    const why = new Error(`Cannot join the cluster: another host is called ${this.#hostId}, and lives`);
    const timer = Number.isFinite(this.#joinTimeoutMs)
      ? this.#system.world.clock.timer(this.#joinTimeoutMs, () => late.abort(why))
      : undefined;
    try {
      await join(late.signal);
    } finally {
      timer?.cancel();
    }
  }

  /** Asks an engine again that does not answer, until it is late. */
  async #patiently(ask: () => Promise<void>, late: AbortSignal): Promise<void> {
    const { signal } = this.#context;
    const isOver = AbortSignal.any([signal, late]);
    for (;;) {
      signal.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof OutcomeUnknown) || late.aborted) throw error;
        await pause(this.#system.world, JOIN_PAUSE_MS, isOver);
        if (late.aborted) throw error;
      }
    }
  }

  ref<C>(type: EntityType<C>, id: string): Ref<C> {
    return this.#router.entityRef<C>({ type: type.name, id });
  }

  addressOf(ref: Ref<never>): string {
    return this.#router.exports.encode(ref);
  }

  refAt<M>(address: string): Ref<M> {
    const ref = this.#router.exports.decode(address);
    if (ref === undefined) throw new TypeError(`Cannot find a reference: ${address} is no address`);
    // Whose address was kept as one that takes these messages.
    return ref as Ref<M>;
  }

  publish<T>(topic: Topic<T>, message: T): void {
    this.#engine.transport.publish(topicAddress(topic), encodeValue(message, { refs: this.#router.exports }));
  }

  async subscribe<T>(topic: Topic<T>, receive: (message: T) => void): Promise<AsyncDisposable> {
    checkFunctions(`Cannot subscribe to "${topic.name}"`, { receive });
    const failed = (error: unknown) =>
      this.#context.log.error(`A subscriber of ${topic.name} failed: ${errorText(error)}`, {
        event: "subscriber-failed",
        error,
      });
    return await this.#engine.transport.subscribe(topicAddress(topic), (body) => {
      // What is published on a topic is what the topic carries: the publisher's program was checked against
      // it.
      runEffect(() => receive(decodeValue(body, { refs: this.#router.exports }) as T), failed);
    });
  }

  observeConnection(changed: (isConnected: boolean) => void): Cancellable {
    checkFunctions("Cannot observe the connection", { changed });
    return this.#engine.observeConnection(changed);
  }

  hosts(): Promise<HostRef[]> {
    return this.#engine.placement.hosts();
  }

  where({ name: type }: Pick<EntityType<never>, "name">, id: string): Promise<Placed | undefined> {
    return this.#engine.placement.lookup(this.#router.entityRef<never>({ type, id }).entity);
  }

  snapshot(options: ClusterSnapshotOptions = {}): ClusterSnapshot {
    return snapshotOf(this, this.#local, options);
  }

  leave(): Promise<void> {
    return this.#leaving ??= this.#leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #leave(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#system.world.clock.timer(this.#drainMs, resolve);
    this.#sweeping?.cancel();
    // First nobody brings entities to life here any more; then they finish, and are free for others. Those
    // of a system that stops do so by themselves.
    if (!this.#isStopping) await Promise.race([late, this.#drain()]);
    await this.#membership.leave();
    this.#hasDrained = true;
    await Promise.race([late, this.#router.idle()]);
    await this.#takeBack(this.#serving);
    this.#router.dispose();
    noteLeft(this.#system);
    await Promise.race([late, this.#stopActor()]);
    timer.cancel();
  }

  /** Resolves once the actor has stopped: the system may join again, under the same name. */
  async #stopActor(): Promise<void> {
    const parent = this.#parent;
    if (parent === undefined) return;
    const stop = () => parent.stop();
    // A question that is never answered: it fails once the actor has stopped.
    await parent.self.ask(() => ({ type: "call", run: stop }), { timeoutMs: this.#drainMs }).catch(stop);
  }

  async #drain(): Promise<void> {
    // What was told just now may be to an entity that lives nowhere, and has to live here. What cannot be
    // located holds up no entity: it is tried further once they are handed over.
    await this.#router.tried();
    await this.#takeBack(this.#activation);
    await this.#local.drain();
  }

  /** Stops serving. An engine that does not answer forgets what was served by itself. */
  async #takeBack(served: AsyncDisposableStack | undefined): Promise<void> {
    try {
      await served?.disposeAsync();
    } catch (error) {
      this.#parent?.log.warn(`Cannot take an address back: ${errorText(error)}`, { error });
    }
  }

  async #joined(lease: Lease): Promise<AsyncDisposable> {
    const { transport } = this.#engine;
    this.#local.useLease(lease);
    const stack = new AsyncDisposableStack();
    try {
      stack.use(await transport.serve(hostAddress(lease.host), (body) => this.#router.receive(body)));
      const activation = new AsyncDisposableStack();
      stack.use(activation);
      for (const type of this.#types.keys()) {
        const activate = (body: string) => this.#activate(body);
        activation.use(await transport.serve(activationAddress(type), activate, { group: "hosts" }));
      }
      this.#activation = activation;
      return stack;
    } catch (error) {
      // Why it failed is what is told, and not that of two addresses neither could be taken back, either.
      await this.#takeBack(stack);
      throw error;
    }
  }

  #left(): void {
    if (this.#leaving === undefined) this.metrics.lostLeases++;
    this.#local.dismissAll();
  }

  /** Another host wants an entity to live somewhere: the answer says where it does, or is empty. */
  async #activate(body: string): Promise<string> {
    const name: unknown = JSON.parse(body);
    if (!Array.isArray(name) || typeof name[0] !== "string" || typeof name[1] !== "string") return "";
    try {
      return placedText(await this.#local.claim({ type: name[0], id: name[1] }));
    } catch (error) {
      this.#context.log.debug(`Cannot claim an entity: ${errorText(error)}`, {
        event: "claim-failed",
        error,
      });
      return "";
    }
  }

  #claimHere(entity: EntityId): Promise<Placed> | undefined {
    const type = this.#types.get(entity.type);
    const isHere = type?.options.placement === "local" && this.#membership.lease !== undefined &&
      this.#leaving === undefined;
    return isHere ? this.#local.claim(entity) : undefined;
  }

  #sweepLater(): void {
    this.#sweeping = this.#system.world.clock.timer(SWEEP_MS, () => {
      this.#local.sweep();
      this.#router.sweep();
      this.#report();
      this.#sweepLater();
    });
  }

  /** Tells whoever measures. The other hosts are asked for where somebody does. */
  #report(): void {
    const tell = (hosts?: readonly HostRef[]) =>
      this.#meter?.report(this.metrics, {
        entities: this.#local.size,
        leaseAgeMs: this.leaseAgeMs,
        isConnected: this.isConnected,
        hosts: hosts?.map(({ id }) => id),
      });
    tell();
    if (this.#context.meter !== NO_METER) this.hosts().then(tell, () => {});
  }

  get #local(): Entities {
    if (this.#entities === undefined) throw new TypeError("Cannot use a cluster before it has been joined");
    return this.#entities;
  }

  get #context(): Context<HostMessage> {
    if (this.#parent === undefined) throw new TypeError("Cannot use a cluster before it has been joined");
    return this.#parent;
  }
}

function topicAddress({ name }: { readonly name: string }): string {
  return `topic.${base64url(name)}`;
}
