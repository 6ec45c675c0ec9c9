/**
 * What an actor does, and what it is given to do it with.
 *
 * @module
 */
import type { Cancellable, LogFields, World } from "../world/world.ts";
import type { StopReason } from "./events.ts";
import type { Receive } from "./handler.ts";
import { inWords } from "./in_words.ts";
import type { Meter } from "./meter.ts";
import type { Ref } from "./ref.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import type { Stash } from "./stash.ts";
import type { GroupStrategy, SuperviseOptions } from "./supervision.ts";
import type { Registry, RegistryKey } from "./registry.ts";
import type { Topic } from "./topics.ts";
import type { ActorTracer } from "./tracing.ts";

/**
 * An actor's behaviour: run at each start, and again at each restart, it makes the state and returns the
 * handler.
 *
 * State lives in the closure, so that a restart is a fresh state by construction.
 *
 * @example
 * ```ts
 * import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const counter = (start: number): Behavior<{ replyTo: Ref<number> }> => () => {
 *   let count = start;
 *   return ({ replyTo }) => replyTo.tell(count++);
 * };
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn("counter", counter(41));
 * await ref.ask({}, { timeoutMs: 1000 });
 * assertEquals(await ref.ask({}, { timeoutMs: 1000 }), 42);
 * ```
 */
export type Behavior<M> = (self: Context<M>) => Receive<M> | Promise<Receive<M>>;

/** What happened to a child of an actor: see {@linkcode Context.watchChildren}. */
export type ChildEvent =
  /** Its behaviour has returned a handler, for the first time. */
  | { readonly type: "started"; readonly name: string; readonly child: Ref<never> }
  /** The same after a restart. */
  | {
    readonly type: "restarted";
    readonly name: string;
    readonly child: Ref<never>;
    readonly restarts: number;
  }
  /** It is gone. */
  | {
    readonly type: "stopped";
    readonly name: string;
    readonly child: Ref<never>;
    readonly reason: StopReason;
  };

/**
 * Ends a state that lasts too long: see {@linkcode Context.become}.
 *
 * @example A turnstile that is open for ten milliseconds after a coin
 * ```ts
 * import { ActorSystem, type Behavior, type Receive, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Message = { type: "coin" } | { type: "too late" } | { type: "pass"; replyTo: Ref<boolean> };
 * const turnstile: Behavior<Message> = (self) => {
 *   const locked: Receive<Message> = (message) => {
 *     if (message.type === "coin") self.become(open, { timeoutMs: 10, message: { type: "too late" } });
 *     else if (message.type === "pass") message.replyTo.tell(false);
 *   };
 *   const open: Receive<Message> = (message) => {
 *     if (message.type === "pass") message.replyTo.tell(true);
 *     if (message.type !== "coin") self.become(locked); // calls the time-out off
 *   };
 *   return locked;
 * };
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn("turnstile", turnstile);
 * const pass = () => ref.ask({ type: "pass" }, { timeoutMs: 1000 });
 * ref.tell({ type: "coin" });
 * assertEquals([await pass(), await pass()], [true, false]);
 * ref.tell({ type: "coin" });
 * await new Promise((resolve) => setTimeout(resolve, 50));
 * assertEquals(await pass(), false);
 * ```
 */
export interface StateTimeout<out M> {
  /** Milliseconds from the change of state. */
  readonly timeoutMs: number;
  /** Sent to the actor then, unless it has changed its state again. */
  readonly message: M;
}

/**
 * What an actor knows and can do. Valid for one life: a restarted actor is given a new one.
 *
 * @example A worker that is started, watched, and given up after three ticks without a word
 * ```ts
 * import { ActorSystem, type Behavior } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const done = Promise.withResolvers<void>();
 * const boss: Behavior<"tick" | "worker is gone"> = (self) => {
 *   const worker = self.spawn<string>("worker", () => () => {});
 *   self.watch(worker, () => "worker is gone");
 *   self.every(1, "tick");
 *   self.onStop(() => void seen.push("stopped"));
 *   return (message) => {
 *     seen.push(message);
 *     if (message === "worker is gone") done.resolve();
 *     else if (seen.length === 3) self.stop(worker);
 *   };
 * };
 *
 * const system = new ActorSystem("demo");
 * system.spawn("boss", boss);
 * await done.promise;
 * await system.stop();
 * assertEquals(seen.slice(0, 3), ["tick", "tick", "tick"]);
 * assertEquals(seen.at(-1), "stopped");
 * ```
 */
export interface Context<M> {
  /** The actor's own address, which takes its private messages too. */
  readonly self: Ref<M>;
  /** Where the actor stands in the tree. */
  readonly path: string;
  /** Aborted when the actor begins to stop or restart. */
  readonly signal: AbortSignal;
  /** Time, chance, network and disk. */
  readonly world: World;
  /** Log lines in this actor's name. */
  readonly log: ActorLog;
  /** Actors by key. */
  readonly registry: Registry;
  /** Counters and histograms of this actor's own. */
  readonly meter: Meter;
  /** Begins traces of what comes from outside. Absent where nobody follows anything. */
  readonly tracer: ActorTracer | undefined;
  /** Monotonic milliseconds, read at most once in a millisecond of work: cheap enough for every message. */
  readonly coarseNow: number;

  /**
   * Starts a child.
   *
   * @throws `TypeError` on a bad name, a name in use, or an invalid policy; `RangeError` on an option out of
   * range; both before anything starts.
   */
  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions<C>): Ref<C>;
  /**
   * Says how this actor's children are treated together when one fails, for this life.
   *
   * @throws `TypeError` on an unknown strategy or order; `RangeError` on an invalid budget.
   */
  supervise(strategy: GroupStrategy, options?: SuperviseOptions): void;
  /**
   * Stops a child, or this actor itself once the running handler is done. It does not wait: {@linkcode watch}
   * tells when a child has stopped.
   *
   * @throws `TypeError` on a ref that is no child's.
   */
  stop(child?: Ref<never>): void;
  /** The running children, oldest first. */
  children(): Ref<never>[];
  /**
   * Resolves when the actor has started: its behaviour has returned a handler.
   *
   * @throws {@linkcode ActorStopped} when it has stopped instead (the cause is what it failed with), or when
   * this life ends first; `TypeError` on what is no actor's ref.
   */
  started(ref: Ref<never>): Promise<void>;
  /**
   * Has a message sent here for each child that starts, is restarted, or stops.
   *
   * @throws `TypeError` on what is no function, as all that take one here do.
   *
   * @example
   * ```ts
   * import { ActorSystem, type Behavior, type ChildEvent } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * const seen: string[] = [];
   * const done = Promise.withResolvers<void>();
   * const parent: Behavior<ChildEvent> = (self) => {
   *   self.watchChildren((event) => event);
   *   const child = self.spawn<string>("child", (it) => (message) => {
   *     if (message === "stop") it.stop();
   *     else throw new Error("told to");
   *   });
   *   child.tell("fail");
   *   child.tell("stop");
   *   return ({ type, name }) => {
   *     seen.push(`${name} ${type}`);
   *     if (type === "stopped") done.resolve();
   *   };
   * };
   *
   * await using system = new ActorSystem("demo");
   * system.spawn("parent", parent);
   * await done.promise;
   * assertEquals(seen, ["child started", "child restarted", "child stopped"]);
   * ```
   */
  watchChildren(changed: (event: ChildEvent) => M): Cancellable;
  /**
   * Has a message sent here, before those that wait, when the other actor has stopped (at once when it has
   * already), or when nobody waits for the answer at a reply address any more: see {@linkcode Ref.isOpen}. A
   * restart is no stop.
   *
   * @throws `TypeError` on what is neither, or no function.
   */
  watch(ref: Ref<never>, stopped: (reason: StopReason) => M): Cancellable;
  /**
   * Sends `message` here once, in `delayMs` milliseconds.
   *
   * @throws `RangeError` on a delay below 0.
   */
  after(delayMs: number, message: M): Cancellable;
  /**
   * Sends `message` here every `intervalMs` milliseconds, at most one at a time: while a tick waits to be
   * handled, or a bounded mailbox is full, the actor goes without the next. At least a millisecond lies
   * between two.
   *
   * @throws `RangeError` on an interval below 0.
   */
  every(intervalMs: number, message: M): Cancellable;
  /**
   * Sends `message` here whenever the actor had nothing to do for `idleMs` milliseconds. A new call replaces
   * the former.
   *
   * @throws `RangeError` on a time below 0.
   */
  receiveTimeout(idleMs: number, message: M): Cancellable;
  /**
   * Replaces the handler, from the next message on; with `timeout`, for a time, after which a message is sent
   * here. A restart begins with the behaviour's own again.
   *
   * @throws `RangeError` on a time below 0.
   *
   * @example A door that does not stay open
   * ```ts
   * import { ActorSystem, type Behavior } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * const shut = Promise.withResolvers<string>();
   * const door: Behavior<"open" | "time is up"> = (self) => {
   *   const closed = () => self.become(open, { timeoutMs: 5, message: "time is up" });
   *   const open = (message: string) => {
   *     self.become(closed);
   *     shut.resolve(message);
   *   };
   *   return closed;
   * };
   * await using system = new ActorSystem("demo");
   * system.spawn("door", door).tell("open");
   * assertEquals(await shut.promise, "time is up");
   * ```
   */
  become(receive: Receive<M>, timeout?: StateTimeout<M>): void;
  /**
   * Brings the outcome of a promise back as a message, so that the actor goes on meanwhile. After a stop or
   * restart the outcome is a dead letter.
   *
   * @example
   * ```ts
   * import { ActorSystem, type Behavior } from "@troupe/actors";
   * import { assertEquals } from "@std/assert";
   *
   * const found = Promise.withResolvers<string>();
   * const finder: Behavior<string> = (self) => {
   *   self.pipe(self.world.net.resolve("127.0.0.1"), (all) => all.join(), (error) => `failed: ${error}`);
   *   return (message) => found.resolve(message);
   * };
   * await using system = new ActorSystem("demo");
   * system.spawn("finder", finder);
   * assertEquals(await found.promise, "127.0.0.1");
   * ```
   */
  pipe<T>(promise: Promise<T>, ok: (value: T) => M, failed: (error: unknown) => M): void;
  /**
   * Runs `release` when this life of the actor ends, by stop or restart; the last registered goes first. At
   * once when it has ended.
   */
  onStop(release: () => void | Promise<void>): void;
  /** Messages put aside for later. */
  readonly stash: Stash<M>;
  /** Has what is published on a topic sent here, until this life ends. */
  subscribe<T>(topic: Topic<T>, toMessage: (published: T) => M): Cancellable;
  /** Sends to all subscribers of a topic. */
  publish<T>(topic: Topic<T>, message: T): void;
  /** Tells, now and at each change, who stands under a key of the registry. */
  watchKey<T>(key: RegistryKey<T>, changed: (ref: Ref<T> | undefined) => M): Cancellable;
  /** Tells, now and at each change, who has joined a key of the registry. */
  watchMembers<T>(key: RegistryKey<T>, changed: (refs: readonly Ref<T>[]) => M): Cancellable;
}

/** Log lines in an actor's name. */
export interface ActorLog {
  /** Diagnostic detail. */
  debug(message: string, fields?: LogFields): void;
  /** An event of normal work. */
  info(message: string, fields?: LogFields): void;
  /** An info line whose exact text is promised: printed bare in the text form. */
  plain(message: string, fields?: LogFields): void;
  /** Something is not as it should be, and work goes on. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed. */
  error(message: string, fields?: LogFields): void;
  /** False when debug lines are thrown away: ask before building a line on a hot path. */
  readonly debugEnabled: boolean;
}

/**
 * Hides the messages that an actor sends to itself: to others its ref takes `M`, and nothing else.
 *
 * @typeParam M what others may send
 * @typeParam Private what only the actor itself sends
 *
 * @example
 * ```ts
 * import { ActorSystem, type Ref, withPrivateMessages } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Command = { type: "ticks"; replyTo: Ref<number> };
 * const clock = withPrivateMessages<Command, "tick">((self) => {
 *   let ticks = 0;
 *   self.every(1, "tick");
 *   return (message) => {
 *     if (message === "tick") ticks++;
 *     else message.replyTo.tell(ticks);
 *   };
 * });
 *
 * await using system = new ActorSystem("demo");
 * const ref = system.spawn("clock", clock); // ref.tell("tick") would not compile
 * let ticks = 0;
 * while (ticks < 3) ticks = await ref.ask({ type: "ticks" }, { timeoutMs: 1000 });
 * assertEquals(ticks >= 3, true);
 * ```
 */
export function withPrivateMessages<M, Private>(behavior: Behavior<M | Private>): Behavior<M> {
  // Sound, since an actor's mailbox takes whatever its own `self` is told: `M` only says what others may
  // send.
  return behavior as Behavior<M>;
}

/**
 * Makes the compiler prove that a `switch` handles every message.
 *
 * @throws `TypeError` when it is reached.
 *
 * @example
 * ```ts
 * import { assertNever, type Behavior } from "@troupe/actors";
 * import { assertThrows } from "@std/assert";
 *
 * const lamp: Behavior<"on" | "off"> = () => (message) => {
 *   switch (message) {
 *     case "on":
 *     case "off":
 *       return console.log(message);
 *     default:
 *       assertNever(message); // does not compile once there is a third message
 *   }
 * };
 * assertThrows(() => assertNever("dim" as never), TypeError, 'Cannot handle "dim"');
 * console.log(typeof lamp);
 * ```
 */
export function assertNever(value: never): never {
  throw new TypeError(`Cannot handle ${inWords(value)}: no case for it`);
}
