/**
 * What an actor does, and what it is given to do it with.
 *
 * @module
 */
import type { Cancellable, LogFields, World } from "../world/world.ts";
import type { Ref } from "./ref.ts";
import type { GroupStrategy, OnFailure } from "./supervision.ts";
import type { Registry, RegistryKey } from "./registry.ts";
import type { Topic } from "./topics.ts";

/**
 * An actor's behaviour: run at each start, and again at each restart, it makes the state and returns the handler.
 *
 * State lives in the closure, so that a restart is a fresh state by construction.
 */
export type Behavior<M> = (self: Context<M>) => Receive<M> | Promise<Receive<M>>;

/** Handles one message. A promise suspends this actor, and no other, until it settles. */
export type Receive<in M> = (message: M) => void | Promise<void>;

/** What a full mailbox does with one message more. */
export type Overflow = "reject" | "drop-newest" | "drop-oldest";

/** The bound of a mailbox. */
export interface MailboxOptions {
  /** The most messages that may wait, 1 or more. */
  readonly capacity: number;
  /** What happens to one message more. @default "reject" */
  readonly overflow?: Overflow;
}

/** Options of {@linkcode Context.spawn}. */
export interface SpawnOptions {
  /** Bounds the mailbox. @default unbounded */
  readonly mailbox?: MailboxOptions;
  /** What the parent does when this actor fails. @default restart() */
  readonly onFailure?: OnFailure;
  /** Milliseconds that a stop may take: the running handler, then `onStop`. After them the actor is given up. @default 5000 */
  readonly shutdownMs?: number;
}

/** Why an actor is no longer there. */
export type StopReason =
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly error: unknown };

/** Options of {@linkcode Context.supervise}. */
export interface SuperviseOptions {
  /** Children stop one after the other, the youngest first, or all at once. @default "reverse" */
  readonly stopOrder?: "reverse" | "together";
}

/** What an actor knows and can do. Valid for one life: a restarted actor is given a new one. */
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
  /** Monotonic milliseconds, read at most once in a millisecond of work: cheap enough for every message. */
  readonly coarseNow: number;

  /** Starts a child. Throws `TypeError` or `RangeError` on a bad name, a name in use or a bad option, before anything starts. */
  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions): Ref<C>;
  /** Says how this actor's children are treated together when one fails. */
  supervise(strategy: GroupStrategy, options?: SuperviseOptions): void;
  /** Stops a child, or this actor itself once the running handler is done. */
  stop(child?: Ref<never>): void;
  /** The running children, oldest first. */
  children(): Ref<never>[];
  /** Has a message sent here, before those that wait, when the other actor has stopped (at once when it has already). */
  watch(ref: Ref<never>, stopped: (reason: StopReason) => M): Cancellable;
  /** Sends `message` here once, in `delayMs` milliseconds. */
  after(delayMs: number, message: M): Cancellable;
  /** Sends `message` here every `intervalMs` milliseconds; a bounded mailbox that is full goes without it. */
  every(intervalMs: number, message: M): Cancellable;
  /** Sends `message` here whenever the actor had nothing to do for `idleMs` milliseconds. A new call replaces the former. */
  receiveTimeout(idleMs: number, message: M): Cancellable;
  /** Replaces the handler, from the next message on. */
  become(receive: Receive<M>): void;
  /** Brings the outcome of a promise back as a message. After a stop or restart the outcome is a dead letter. */
  pipe<T>(promise: Promise<T>, ok: (value: T) => M, failed: (error: unknown) => M): void;
  /** Runs `release` when this life of the actor ends, by stop or restart; the last registered goes first. At once when it has ended. */
  onStop(release: () => void | Promise<void>): void;
  /** Messages put aside for later. */
  readonly stash: Stash<M>;
  /** Has what is published on a topic sent here, until this life ends. */
  subscribe<T>(topic: Topic<T>, toMessage: (published: T) => M): Cancellable;
  /** Sends to all subscribers of a topic. */
  publish<T>(topic: Topic<T>, message: T): void;
  /** Tells, now and at each change, who stands under a key of the registry. */
  watchKey<T>(key: RegistryKey<T>, changed: (ref: Ref<T> | undefined) => M): Cancellable;
}

/** Messages put aside: what came too early, to be handled when its time has come. */
export interface Stash<in M> {
  /** How many are put aside. */
  readonly size: number;
  /** Puts a message aside. Throws `RangeError` over 10,000. */
  push(message: M): void;
  /** Puts all that was put aside back, before what waits in the mailbox, in its old order. */
  unstashAll(): void;
}

/** Log lines in an actor's name. */
export interface ActorLog {
  /** A line for who looks for a fault. */
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
 * import { ActorSystem, withPrivateMessages } from "@troupe/actors";
 *
 * const clock = withPrivateMessages<"reset", "tick">((self) => {
 *   let ticks = 0;
 *   self.every(1000, "tick");
 *   return (message) => {
 *     ticks = message === "tick" ? ticks + 1 : 0;
 *   };
 * });
 *
 * await using system = new ActorSystem("demo");
 * system.spawn("clock", clock).tell("reset"); // "tick" would not compile
 * ```
 */
export function withPrivateMessages<M, Private>(behavior: Behavior<M | Private>): Behavior<M> {
  // Sound, since an actor's mailbox takes whatever its own `self` is told: `M` only says what others may send.
  return behavior as Behavior<M>;
}

/** Makes the compiler prove that a `switch` handles every message. Throws `TypeError` when it is reached. */
export function assertNever(value: never): never {
  throw new TypeError(`Cannot handle ${JSON.stringify(value)}: no case for it`);
}
