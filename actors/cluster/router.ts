/**
 * Messages of one host to entities and to other hosts' references.
 *
 * @module
 */
import { type PendingAsk, questionIn, questions } from "../runtime/ask.ts";
import { AskFailed } from "../runtime/errors.ts";
import type { Ref } from "../runtime/ref.ts";
import type { ActorSystem } from "../runtime/system.ts";
import type { Cancellable } from "../world/world.ts";
import { ClusterAsks, EntityRef, HostedRef } from "./cluster_ref.ts";
import type { Engine, EntityId, Placed } from "./engine.ts";
import type { Entities } from "./entities.ts";
import type { Refusal } from "./entity_type.ts";
import { NoHost, OutcomeUnknown } from "./errors.ts";
import { Exports } from "./exports.ts";
import { decodeFrames, encodeFrame } from "./frames.ts";
import { Link, type Outcome } from "./link.ts";
import type { ClusterMetrics } from "./metrics.ts";
import {
  activationAddress,
  checkEntityId,
  checkTypeName,
  entityKey,
  entityText,
  hostAddress,
} from "./names.ts";
import { type Outgoing, Route, type RouteHost } from "./route.ts";

/** How long a message waits for a host that takes it. */
const ROUTE_TIMEOUT_MS = 30_000;
/** The pause before a question that was not carried out is asked anew. */
const ASK_AGAIN_MS = 20;
/** What was not used for so long is forgotten. */
const FORGET_MS = 60_000;

/** What a router needs of its host. */
export interface RouterOptions {
  readonly system: ActorSystem;
  readonly engine: Engine;
  readonly metrics: ClusterMetrics;
  /** Where this host takes messages for its references. */
  readonly inbox: string;
  readonly entities: () => Entities;
  /** Claims an entity on this host, where that is its policy; undefined elsewhere. */
  readonly claimHere: (entity: EntityId) => Promise<Placed> | undefined;
  readonly onStopped: (ref: Ref<never>, stopped: () => void) => void;
  /** This host ran entities of a type, and gives them up as it leaves. */
  readonly hasGivenUp: (type: string) => boolean;
  readonly warn: (message: string) => void;
}

/** Sends, and takes what comes. */
export class Router implements RouteHost {
  readonly exports: Exports;
  readonly #options: RouterOptions;
  readonly #asks: ClusterAsks;
  readonly #routes = new Map<string, Route>();
  readonly #links = new Map<string, { readonly link: Link; usedAtMs: number }>();
  /** The timers of questions that are asked once more. */
  readonly #askingAgain = new Set<Cancellable>();
  /** What nobody took and nobody had asked, since this host has begun to leave. */
  #lost: { count: number; readonly first: string } | undefined;
  #isLeaving = false;
  #isOver = false;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#asks = new ClusterAsks(options.system);
    this.exports = new Exports(options.inbox, {
      entityRef: (entity) => this.entityRef(entity),
      hostedRef: (address) => this.#hostedRef(address),
      onStopped: options.onStopped,
    });
  }

  get clock(): RouteHost["clock"] {
    return this.#options.system.world.clock;
  }

  /** A reference to an entity. Throws `TypeError` on a name that none can have. */
  entityRef<M>(entity: EntityId): EntityRef<M> {
    checkTypeName(entity.type);
    checkEntityId(entity.id);
    const path = `/cluster/${entityText(entity)}`;
    return new EntityRef<M>(entity, entityKey(entity), path, this.#asks, this.#sendEntity);
  }

  readonly #sendEntity = (
    ref: { readonly entity: EntityId; readonly key: string },
    message: unknown,
  ): void => {
    this.#send(ref.entity, ref.key, message);
  };

  /** Sends a message to wherever an entity lives. Throws `RangeError` when too many wait for it. */
  #send(entity: EntityId, key: string, message: unknown): void {
    if (this.#isOver) {
      throw new TypeError(`Cannot send to ${entityText(entity)}: the host has left the cluster`);
    }
    let route = this.#routes.get(key);
    if (route === undefined || route.isIdle) {
      // Nothing that was sent before is still on its way.
      const entities = this.#options.entities();
      const local = entities.find(key);
      if (local !== undefined && entities.deliver(local, message)) return;
    }
    if (route === undefined) this.#routes.set(key, route = new Route(this, entity));
    const outgoing: Outgoing = {
      message,
      expiresAtMs: this.clock.monotonic() + ROUTE_TIMEOUT_MS,
      isRepeatable: isRepeatable(message),
    };
    route.send(outgoing);
  }

  async locate(entity: EntityId): Promise<Placed> {
    const here = this.#options.claimHere(entity);
    if (here !== undefined) return await here;
    const { transport, placement } = this.#options.engine;
    const { leaseTtlMs } = placement;
    const body = JSON.stringify([entity.type, entity.id]);
    const answer = await transport.ask(activationAddress(entity.type), body, { timeoutMs: leaseTtlMs });
    return placedOf(answer);
  }

  forward(entity: EntityId, placed: Placed, message: unknown, settled: (outcome: Outcome) => void): void {
    const { entities, metrics } = this.#options;
    const local = entities().find(entityKey(entity), placed.epoch);
    if (local !== undefined) return settled(entities().deliver(local, message) ? "taken" : "refused");
    const frame = encodeFrame({ type: "entity", entity, epoch: placed.epoch, message }, {
      refs: this.exports,
    });
    this.#push(hostAddress(placed.owner), frame, settled);
    metrics.sentMessages++;
  }

  undelivered(entity: EntityId, message: unknown, error: unknown): void {
    this.unsendable(entity, message, new NoHost(entityText(entity), { cause: error }));
  }

  unsendable(entity: EntityId, message: unknown, error: unknown): void {
    this.#options.metrics.undeliveredMessages++;
    this.refuse(entity, message, { type: "failed", error });
  }

  /** The last host that ran the type is leaving, and that is this one. */
  isHopeless({ type }: EntityId, failure: unknown): boolean {
    return failure instanceof NoHost && this.#options.hasGivenUp(type);
  }

  isWanted(message: unknown): boolean {
    return questionIn(message)?.isOpen ?? true;
  }

  rerouted(): void {
    this.#options.metrics.reroutedMessages++;
  }

  /** Tells who asked, wherever that is, that a command was not carried out. */
  refuse(entity: EntityId, command: unknown, why: Refusal): void {
    const question = questionIn(command);
    if (question !== undefined) return this.#refused(question, why);
    const replyTo = typeof command === "object" && command !== null && "replyTo" in command
      ? command.replyTo
      : undefined;
    if (replyTo instanceof HostedRef) return this.#refuseHosted(replyTo.address, why);
    const target = `/cluster/${entityText(entity)}`;
    this.#options.system.events.emit({ type: "dead-letter", message: command, target, reason: "stopped" });
    if (!this.#isLeaving) return;
    this.#lost ??= { count: 0, first: target };
    this.#lost.count++;
  }

  /** Tells an asker of another host that there will be no answer. */
  #refuseHosted(address: string, why: Refusal): void {
    const { inbox, number } = inboxOf(address);
    this.#pushQuietly(inbox, encodeFrame({ type: "refused", number, why }, { refs: this.exports }));
  }

  /** One of this host's own questions was not carried out: it is asked again where that cannot do harm. */
  #refused(question: PendingAsk<never>, why: Refusal): void {
    const target = questions.target(question);
    const fail = (cause: unknown) => questions.fail(question, new AskFailed(target.path, { cause }));
    if (why.type === "failed") return fail(why.error);
    const message = questions.message(question);
    if (!(target instanceof EntityRef) || (why.type === "unknown" && !isRepeatable(message))) {
      return fail(new OutcomeUnknown(`a command to ${target.path}`));
    }
    const timer = this.clock.timer(ASK_AGAIN_MS, () => {
      this.#askingAgain.delete(timer);
      if (!question.isOpen) return;
      try {
        this.#send(target.entity, target.key, message);
      } catch (error) {
        fail(error);
      }
    });
    this.#askingAgain.add(timer);
  }

  /** Takes a request of another host. What it gives back are the numbers of the frames that were refused. */
  receive(body: string): string {
    const { entities, metrics } = this.#options;
    const refused: number[] = [];
    for (const [index, frame] of decodeFrames(body, { refs: this.exports }).entries()) {
      metrics.receivedMessages++;
      if (frame.type === "entity") {
        const local = entities().find(entityKey(frame.entity), frame.epoch);
        if (local === undefined || !entities().deliver(local, frame.message)) refused.push(index);
        continue;
      }
      const ref = this.exports.find(frame.number);
      // It is over: the asker has gone, or the actor has stopped.
      if (ref === undefined) refused.push(index);
      else if (frame.type === "ref") this.#deliver(ref, frame.message);
      else if (questions.isQuestion(ref)) this.#refused(ref, frame.why);
    }
    return refused.length === 0 ? "" : JSON.stringify(refused);
  }

  #deliver(ref: Ref<never>, message: unknown): void {
    try {
      // What is sent to a reference is what its holder's program may send.
      ref.tell(message as never);
    } catch (error) {
      this.#options.system.events.emit({
        type: "dead-letter",
        message,
        target: ref.path,
        reason: "dropped-newest",
      });
      void error;
    }
  }

  #hostedRef(address: string): Ref<never> {
    const { inbox, number } = inboxOf(address);
    const send = (message: unknown) => {
      const frame = encodeFrame({ type: "ref", number, message }, { refs: this.exports });
      if (inbox !== this.exports.address) return this.#push(inbox, frame);
      const ref = this.exports.find(number);
      if (ref !== undefined) this.#deliver(ref, message);
    };
    const refuse = (error: unknown) => this.#refuseHosted(address, { type: "failed", error });
    return new HostedRef<never>(address, this.#asks, send, refuse);
  }

  #pushQuietly(address: string, frame: string): void {
    try {
      this.#push(address, frame);
    } catch {
      // More waits for that host than it will ever take: who asked there gets no answer in time.
    }
  }

  #push(address: string, frame: string, settled?: (outcome: Outcome) => void): void {
    let entry = this.#links.get(address);
    if (entry === undefined) {
      const { engine, system } = this.#options;
      const link = new Link(address, engine.transport, system.world, engine.placement.leaseTtlMs);
      this.#links.set(address, entry = { link, usedAtMs: 0 });
    }
    entry.usedAtMs = this.clock.monotonic();
    entry.link.push(frame, settled);
  }

  /** Forgets what was not used for long. */
  sweep(): void {
    const before = this.clock.monotonic() - FORGET_MS;
    for (const [key, route] of this.#routes) {
      if (route.isIdle && route.usedAtMs < before) this.#routes.delete(key);
    }
    for (const [address, { link, usedAtMs }] of this.#links) {
      if (link.isIdle && usedAtMs < before) this.#links.delete(address);
    }
  }

  /** Resolves once each entity that is being located has been, or could not be at this try. */
  async tried(): Promise<void> {
    this.#isLeaving = true;
    await Promise.all([...this.#routes.values()].map((route) => route.tried()));
  }

  /** Resolves once all that was sent has come to something. */
  async idle(): Promise<void> {
    this.#isLeaving = true;
    await Promise.all([...this.#routes.values()].map((route) => route.idle()));
    await Promise.all([...this.#links.values()].map(({ link }) => link.idle()));
  }

  /** Gives up all that waits, and says so where nobody else will. */
  dispose(): void {
    this.#isOver = true;
    for (const timer of this.#askingAgain) timer.cancel();
    this.#askingAgain.clear();
    for (const route of this.#routes.values()) route.dispose();
    this.#asks.dispose();
    if (this.#lost === undefined) return;
    const { count, first } = this.#lost;
    this.#options.warn(
      `Cannot deliver what was told before the host left: ${count} messages, one to ${first}`,
    );
  }
}

function isRepeatable(message: unknown): boolean {
  return typeof message === "object" && message !== null && "operationId" in message &&
    typeof message.operationId === "string";
}

function inboxOf(address: string): { readonly inbox: string; readonly number: number } {
  const [inbox = "", number] = address.split(" ");
  return { inbox, number: Number(number) };
}

/** Where an entity lives, as a host says that was asked to bring it to life. */
export function placedText({ owner, epoch }: Placed): string {
  return JSON.stringify([owner.id, owner.incarnation, epoch]);
}

function placedOf(answer: string): Placed {
  const value: unknown = answer === "" ? undefined : JSON.parse(answer);
  if (Array.isArray(value)) {
    const [id, incarnation, epoch]: readonly unknown[] = value;
    if (typeof id === "string" && typeof incarnation === "string" && typeof epoch === "number") {
      return { owner: { id, incarnation }, epoch };
    }
  }
  throw new Error("the host that was asked could not claim it");
}
