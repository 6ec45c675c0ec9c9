/**
 * A tree of actors, from its root.
 *
 * @module
 */
import { denoWorld } from "../world/deno/mod.ts";
import { type Cancellable, errorText, type World } from "../world/world.ts";
import { AskDeadlines, type AskHost } from "./ask.ts";
import type { Behavior, SpawnOptions, StopReason, SuperviseOptions } from "./behavior.ts";
import { Cell } from "./cell.ts";
import { checkName, checkOptions } from "./options.ts";
import { type ActorFailed, type DeadLetterReason, EventStream } from "./events.ts";
import type { Ref } from "./ref.ts";
import { LocalRegistry, type Registry } from "./registry.ts";
import { Scheduler, type StepControl } from "./scheduler.ts";
import type { ActorSnapshot } from "./snapshot.ts";
import type { GroupStrategy } from "./supervision.ts";
import type { ActorSystemCore } from "./system_core.ts";
import { type Topic, Topics } from "./topics.ts";

/** Options of an {@linkcode ActorSystem}. */
export interface ActorSystemOptions {
  /** Where it lives. @default denoWorld() */
  readonly world?: World;
}

/**
 * A system of actors under one root.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Counter = { type: "add"; by: number } | { type: "get"; replyTo: Ref<number> };
 * const counter: Behavior<Counter> = () => {
 *   let count = 0;
 *   return (message) => {
 *     if (message.type === "add") count += message.by;
 *     else message.replyTo.tell(count);
 *   };
 * };
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn("counter", counter);
 * ref.tell({ type: "add", by: 2 });
 * assertEquals(await ref.ask({ type: "get" }, { timeoutMs: 1000 }), 2);
 * ```
 */
export class ActorSystem implements AsyncDisposable {
  readonly #core: Core;
  readonly #root: Cell<never>;

  /** Throws `TypeError` on a name that cannot stand in a path. */
  constructor(name: string, options: ActorSystemOptions = {}) {
    checkName(name);
    this.#core = new Core(options.world ?? denoWorld());
    this.#root = new Cell<never>(this.#core, undefined, name, () => () => {}, checkOptions(name, undefined));
    this.#core.root = this.#root;
    this.#root.begin();
  }

  /** Time, chance, network, disk and log. */
  get world(): World {
    return this.#core.world;
  }

  /** Dead letters, failures, starts and stops. */
  get events(): EventStream {
    return this.#core.events;
  }

  /** Actors by key. */
  get registry(): Registry {
    return this.#core.registry;
  }

  /** For tests that give the turns themselves. */
  get scheduler(): StepControl {
    return this.#core.scheduler;
  }

  /** Messages so far that nobody handled. */
  get deadLetters(): number {
    return this.#core.deadLetters;
  }

  /** Settles when every actor has stopped; rejects with the cause when a failure reached the root. */
  get terminated(): Promise<void> {
    return this.#core.terminated.promise;
  }

  /** Starts an actor under the root. Throws like {@linkcode Context.spawn}. */
  spawn<M>(name: string, behavior: Behavior<M>, options?: SpawnOptions): Ref<M> {
    return this.#root.spawn(name, behavior, options);
  }

  /** Says how the actors under the root are treated together when one fails. */
  supervise(strategy: GroupStrategy, options?: SuperviseOptions): void {
    this.#root.supervise(strategy, options);
  }

  /** Sends to all subscribers of a topic. */
  publish<T>(topic: Topic<T>, message: T): void {
    this.#core.topics.publish(topic, message);
  }

  /** Calls `receive` with what is published on a topic. */
  subscribe<T>(topic: Topic<T>, receive: (message: T) => void): Cancellable {
    return this.#core.topics.subscribe(topic, receive);
  }

  /** Every actor, from the root down, as it is now. */
  tree(): ActorSnapshot {
    return this.#root.snapshot();
  }

  /**
   * Stops every actor, children before parents, the youngest first, and resolves when all are gone.
   * After `withinMs` milliseconds those that are left are given up.
   */
  async stop(options: { readonly withinMs?: number } = {}): Promise<void> {
    this.#root.requestStop();
    const { withinMs } = options;
    const giveUp = withinMs === undefined
      ? undefined
      : this.world.clock.timer(withinMs, () => this.#root.kill());
    await this.#core.gone.promise;
    giveUp?.cancel();
  }

  /** Stops the system, as {@linkcode ActorSystem.stop} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** What all actors of a system share. */
class Core implements ActorSystemCore, AskHost {
  readonly world: World;
  readonly scheduler: Scheduler;
  readonly deadlines: AskDeadlines;
  readonly #listenerFailed = (error: unknown) => this.#logListenerFailure(error);
  readonly events = new EventStream(this.#listenerFailed);
  readonly registry = new LocalRegistry((ref, stopped) => this.onStopped(ref, stopped), this.#listenerFailed);
  readonly topics = new Topics(this.#listenerFailed);
  readonly terminated = Promise.withResolvers<void>();
  readonly gone = Promise.withResolvers<void>();
  root: Cell<never> | undefined;
  deadLetters = 0;
  #cause: { readonly error: unknown } | undefined;

  constructor(world: World) {
    this.world = world;
    this.scheduler = new Scheduler(world.clock, world.loop);
    this.deadlines = new AskDeadlines(world.clock, this.scheduler);
    // Who does not look at it must not be ended by it.
    this.terminated.promise.catch(() => {});
  }

  get clock(): World["clock"] {
    return this.world.clock;
  }

  deadLetter(message: unknown, target: string, reason: DeadLetterReason): void {
    this.deadLetters++;
    if (this.events.watched) this.events.emit({ type: "dead-letter", message, target, reason });
  }

  report(failure: ActorFailed): void {
    const { log } = this.world;
    const level = failure.decision === "escalate" ? "debug" : "error";
    if (log.enabled(level)) {
      log.write({ level, actor: failure.actor, message: describe(failure), fields: fieldsOf(failure) });
    }
    this.events.emit(failure);
  }

  onStopped(ref: Ref<never>, stopped: (reason: StopReason) => void): Cancellable {
    if (!(ref instanceof Cell)) throw new TypeError(`Cannot watch ${ref.path}: it is no actor`);
    return ref.onStopped(stopped);
  }

  #logListenerFailure(error: unknown): void {
    const message = `A listener of the system failed: ${errorText(error)}`;
    this.world.log.write({ level: "error", actor: this.root?.path ?? "/", message, fields: { error } });
  }

  rootFailed(error: unknown): void {
    this.#cause ??= { error };
    this.root?.requestStop({ type: "failed", error });
  }

  rootGone(): void {
    this.scheduler.dispose();
    this.deadlines.dispose();
    if (this.#cause === undefined) this.terminated.resolve();
    else this.terminated.reject(this.#cause.error);
    this.gone.resolve();
  }
}

function describe({ actor, phase, messageType, error, decision }: ActorFailed): string {
  const where = phase === "message" && messageType !== undefined ? `message "${messageType}"` : phase;
  return `Actor ${actor} failed (${where}): ${errorText(error)}; decision: ${decision}`;
}

function fieldsOf({ phase, messageType, error, decision, restarts }: ActorFailed): Record<string, unknown> {
  return { phase, messageType, error, decision, restarts };
}
