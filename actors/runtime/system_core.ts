/**
 * What actors need of the system they are in.
 *
 * @module
 */
import type { Cancellable, LogLevel, World } from "../world/world.ts";
import type { ActorRef } from "./actor_ref.ts";
import type { AskDeadlines } from "./ask_deadlines.ts";
import type { ActorStopped } from "./errors.ts";
import type { ActorFailed, DeadLetterReason, EventStream, StopReason } from "./events.ts";
import type { Instruments } from "./instruments.ts";
import type { Meter } from "./meter.ts";
import { type CellOptions, DEFAULT_OPTIONS } from "./options.ts";
import type { Ref } from "./ref.ts";
import type { LocalRegistry } from "./registry.ts";
import type { Sampler } from "./sampler.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Topics } from "./topics.ts";
import type { ActorTracer } from "./tracing.ts";

/**
 * Something that stands somewhere in the tree. To tell where costs something: it is asked only when needed.
 */
export interface Placed {
  readonly path: string;
}

/** A failure, before anybody asks where. */
export type FailureReport = Omit<ActorFailed, "type" | "actor"> & { readonly actor: Placed };

/** What an actor was spawned with, and the system it is in: one word an actor for both. */
export interface CellSetup extends CellOptions {
  readonly system: ActorSystemCore;
}

/** That of an actor; the defaults are shared by all that have them. */
export function setupIn(system: ActorSystemCore, options: CellOptions): CellSetup {
  if (options !== DEFAULT_OPTIONS) return { ...options, system };
  return system.defaultSetup ??= { ...options, system };
}

/** The parts of an actor system that its actors share. */
export interface ActorSystemCore {
  readonly world: World;
  /** Made with the first actor that needs it. */
  defaultSetup: CellSetup | undefined;
  readonly scheduler: Scheduler<ActorRef<never>>;
  readonly deadlines: AskDeadlines;
  readonly events: EventStream;
  readonly registry: LocalRegistry;
  readonly topics: Topics;
  /** Messages handled by actors that have stopped. */
  handledByStopped: number;
  readonly instruments: Instruments;
  readonly meter: Meter;
  /** Absent where nothing is followed. */
  readonly tracer: ActorTracer | undefined;
  /** Absent where nobody wants samples. */
  readonly sampler: Sampler | undefined;
  /**
   * Reports a message that nobody will handle. @param level of its line in the log, `warn` unless it was to
   * be expected
   */
  deadLetter(message: unknown, target: Placed, reason: DeadLetterReason, level?: LogLevel): void;
  report(failure: FailureReport): void;
  /** Runs what belongs to somebody else; what it throws is logged, and the outcome undefined. */
  guarded<T>(work: () => T): T | undefined;
  /** Logs what a listener threw. */
  listenerFailed(error: unknown): void;
  /**
   * Calls back once when an actor has stopped, or nobody waits at a reply address; at once when that is so
   * already. `by` is the actor that asks for it.
   */
  onStopped(ref: Ref<never>, stopped: (reason: StopReason) => void, by?: Placed): Cancellable;
  /** Calls back once when an actor has started, or with the reason why it will not. */
  onStarted(ref: Ref<never>, settled: (failure?: ActorStopped) => void): Cancellable;
  /** The root failed. */
  rootFailed(error: unknown): void;
  /** The root is gone. */
  rootGone(): void;
}
