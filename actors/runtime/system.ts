/**
 * A tree of actors, from its root.
 *
 * @module
 */
import { realWorld } from "../world/real/mod.ts";
import type { Cancellable, World } from "../world/world.ts";
import type { Behavior } from "./behavior.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import { Cell } from "./cell.ts";
import { Core } from "./core.ts";
import type { EventStream } from "./events.ts";
import type { Instruments } from "./instruments.ts";
import { checkDelay } from "./life_timers.ts";
import { checkName, DEFAULT_OPTIONS } from "./options.ts";
import type { Ref } from "./ref.ts";
import type { Registry } from "./registry.ts";
import type { StepControl } from "./scheduler.ts";
import { type ActorDetails, type ActorSnapshot, checkTreeOptions, type TreeOptions } from "./snapshot.ts";
import type { GroupStrategy, SuperviseOptions } from "./supervision.ts";
import { setupIn } from "./system_core.ts";
import type { Topic } from "./topics.ts";
import { walk } from "./walk.ts";

/** Options of an {@linkcode ActorSystem}. */
export interface ActorSystemOptions {
  /** Where it lives. @default realWorld() */
  readonly world?: World;
  /** What is told of its messages. @default nothing */
  readonly instruments?: Instruments;
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
  readonly #root: Cell;

  /**
   * Starts the root, under this name.
   *
   * @throws `TypeError` on a name that cannot stand in a path.
   */
  constructor(name: string, options: ActorSystemOptions = {}) {
    checkName(name);
    this.#core = new Core(options.world ?? realWorld(), options.instruments ?? {});
    this.#root = new Cell(
      setupIn(this.#core, DEFAULT_OPTIONS),
      undefined,
      name,
      () => () => {},
    );
    this.#core.root = this.#root;
    this.#root.begin();
    this.world.systemMade?.(this);
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

  /**
   * Settles when every actor has stopped; rejects with the cause when a failure reached the root.
   *
   * Whoever takes it deals with that failure. Where nobody has, it is logged at `error` with its stack, and
   * the process will exit with 1.
   */
  get terminated(): Promise<void> {
    return this.#core.takeTerminated();
  }

  /**
   * Resolves when the actor has started, as {@linkcode Context.started} does.
   *
   * @throws {@linkcode ActorStopped} when it has stopped instead; `TypeError` on what is no actor's ref.
   */
  started(ref: Ref<never>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#core.onStarted(ref, (failure) => failure === undefined ? resolve() : reject(failure));
    });
  }

  /**
   * Starts an actor under the root.
   *
   * @throws as {@linkcode Context.spawn} does.
   */
  spawn<M>(name: string, behavior: Behavior<M>, options?: SpawnOptions<M>): Ref<M> {
    return this.#root.spawn(name, behavior, options);
  }

  /**
   * Says how the actors under the root are treated together when one fails.
   *
   * @throws as {@linkcode Context.supervise} does.
   */
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

  /**
   * The actors as they are now, from the root down: all, or as much as is asked for.
   *
   * @throws `RangeError` on a number below 0.
   */
  tree(options: TreeOptions = {}): ActorSnapshot {
    checkTreeOptions(options);
    return this.#root.snapshot(options);
  }

  /**
   * The same from one actor down; undefined when none stands at the path. It says what is there, and gives no
   * ref to it.
   *
   * @example
   * ```ts
   * import { ActorSystem } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * await using system = new ActorSystem("demo");
   * const crowd = system.spawn("crowd", (self) => {
   *   for (let i = 1; i <= 1000; i++) self.spawn(`child-${i}`, () => () => {});
   *   return () => {};
   * });
   * await system.started(crowd);
   * const page = system.subtree("/demo/crowd", { levels: 1, maxChildren: 2, skipChildren: 10 });
   * assertEquals(page?.childCount, 1000);
   * assertEquals(page?.children.map(({ path }) => path), ["/demo/crowd/child-11", "/demo/crowd/child-12"]);
   * ```
   *
   * @throws `RangeError` on a number below 0.
   */
  subtree(path: string, options: TreeOptions = {}): ActorSnapshot | undefined {
    checkTreeOptions(options);
    return this.#root.find(path)?.snapshot(options);
  }

  /**
   * Each actor as the walk comes to it, parents before their children: for who counts or searches a large
   * tree in pieces, between which actors come and go.
   *
   * @example
   * ```ts
   * import { ActorSystem } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * await using system = new ActorSystem("demo");
   * system.spawn("a", () => () => {});
   * system.spawn("b", () => () => {});
   * assertEquals([...system.walk()].map(({ path }) => path), ["/demo", "/demo/a", "/demo/b"]);
   * ```
   */
  walk(): Generator<ActorSnapshot, void> {
    return walk(this.#root, this.#root.path);
  }

  /**
   * One actor, with its options and at most `maxWatchers` of those who watch it; undefined when there is
   * none.
   */
  details(
    path: string,
    { maxWatchers = 100 }: { readonly maxWatchers?: number } = {},
  ): ActorDetails | undefined {
    return this.#root.find(path)?.details(maxWatchers);
  }

  /**
   * Messages handled so far by actors that have stopped: with those of the tree, by all that there ever were.
   */
  get handledByStopped(): number {
    return this.#core.handledByStopped;
  }

  /**
   * Stops every actor, children before parents, the youngest first, and resolves when all are gone.
   * After `withinMs` milliseconds those that are left are given up.
   *
   * Called in a handler, it stops the system and rejects with `TypeError`: the handler would wait for its own
   * end.
   *
   * @throws `RangeError` on a time below 0 or `NaN`: then nothing is stopped.
   */
  stop(options: { readonly withinMs?: number } = {}): Promise<void> {
    if (options.withinMs !== undefined) checkDelay(options.withinMs);
    const isInHandler = this.#core.isInHandler;
    this.#root.requestStop();
    const stopped = this.#stopped(options.withinMs);
    if (!isInHandler) return stopped;
    const refused = Promise.reject(
      new TypeError("Cannot wait in a handler for the system to stop: it stops once the handler is done"),
    );
    // Whoever does not wait has done nothing wrong.
    refused.catch(() => {});
    return refused;
  }

  async #stopped(withinMs: number | undefined): Promise<void> {
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
