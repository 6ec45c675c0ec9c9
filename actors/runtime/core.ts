/**
 * What all actors of a system share.
 *
 * @module
 */
import {
  type Cancellable,
  errorText,
  type EventLoop,
  type LogLevel,
  type LogRecord,
  type World,
  WorldError,
} from "../world/world.ts";
import { shortened } from "../world/log_format.ts";
import { type ActorRef, mailboxes } from "./actor_ref.ts";
import { type AskHost, questions } from "./ask.ts";
import { AskDeadlines } from "./ask_deadlines.ts";
import { Cell } from "./cell.ts";
import { DeadLetterLog } from "./dead_letter_log.ts";
import type { ActorStopped } from "./errors.ts";
import { type ActorFailed, type DeadLetterReason, EventStream, type StopReason } from "./events.ts";
import type { Instruments } from "./instruments.ts";
import type { Ref } from "./ref.ts";
import { LocalRegistry } from "./registry.ts";
import { type Meter, NO_METER } from "./meter.ts";
import { Sampler } from "./sampler.ts";
import { Scheduler, type Trimmable } from "./scheduler.ts";
import type { ActorSystemCore, CellSetup, FailureReport, Placed } from "./system_core.ts";
import { Topics } from "./topics.ts";
import { ActorTracer, followed, type Tracer } from "./tracing.ts";

/** The shared parts of one system. */
export class Core implements ActorSystemCore, AskHost {
  readonly world: World;
  defaultSetup: CellSetup | undefined;
  readonly instruments: Instruments;
  readonly meter: Meter;
  readonly tracer: ActorTracer | undefined;
  readonly sampler: Sampler | undefined;
  readonly scheduler: Scheduler<ActorRef<never>>;
  readonly deadlines: AskDeadlines;
  readonly #failed = (error: unknown) => this.listenerFailed(error);
  readonly events = new EventStream(this.#failed);
  readonly registry = new LocalRegistry((ref, stopped) => this.#onActorStopped(ref, stopped), this.#failed);
  readonly topics = new Topics(this.#failed);
  readonly gone = Promise.withResolvers<void>();
  readonly #terminated = Promise.withResolvers<void>();
  readonly #deadLetterLog: DeadLetterLog;
  #isTerminatedTaken = false;
  root: Cell | undefined;
  deadLetters = 0;
  handledByStopped = 0;
  #cause: { readonly error: unknown } | undefined;

  constructor(world: World, instruments: Instruments) {
    this.world = world;
    this.instruments = instruments;
    this.meter = instruments.meter ?? NO_METER;
    this.tracer = instruments.tracer && new ActorTracer(instruments.tracer, (work) => this.guarded(work));
    const loop = instruments.tracer === undefined ? world.loop : detachedLoop(world.loop, instruments.tracer);
    const { sampled } = instruments;
    const sampler = this.sampler = sampled &&
      new Sampler(world.clock, (sample) => this.guarded(() => sampled(sample)));
    this.scheduler = new Scheduler(world.clock, loop, {
      turn: mailboxes.turn,
      failed: this.#failed,
      sample: sampler && ((ref: ActorRef<never>) => sampler.timeNext(ref)),
    });
    this.deadlines = new AskDeadlines(this);
    this.#deadLetterLog = new DeadLetterLog(world.clock, (record) => this.#log(record));
    // Whoever does not take it is told in another way: see `rootGone`.
    this.#terminated.promise.catch(() => {});
  }

  get clock(): World["clock"] {
    return this.world.clock;
  }

  get loop(): World["loop"] {
    return this.world.loop;
  }

  /** Whoever calls was called by an actor's handler, and would be waited for. */
  get isInHandler(): boolean {
    return this.scheduler.isRunning && !this.events.isTelling;
  }

  trimLater(holder: Trimmable): void {
    this.scheduler.trimLater(holder);
  }

  takeTerminated(): Promise<void> {
    this.#isTerminatedTaken = true;
    return this.#terminated.promise;
  }

  deadLetter(message: unknown, target: Placed, reason: DeadLetterReason, level: LogLevel = "warn"): void {
    this.deadLetters++;
    if (this.events.watched) {
      this.events.emit({ type: "dead-letter", message, target: target.path, reason });
    }
    // What a system that stops leaves undone is no news.
    if (!this.root?.isStopping && this.#logs(level)) this.#deadLetterLog.add(message, target, reason, level);
  }

  report(report: FailureReport): void {
    const level = report.decision === "escalate" ? "debug" : "error";
    const isLogged = this.#logs(level);
    if (!isLogged && !this.events.watched) return;
    const failure: ActorFailed = { ...report, type: "failed", actor: report.actor.path };
    if (isLogged) {
      const { phase, messageType, error, decision, restarts } = failure;
      const type = messageType && shortened(messageType, MAX_LOGGED_LENGTH);
      const fields = { phase, messageType: type, error, decision, restarts };
      const record: LogRecord = { level, actor: failure.actor, message: describe(failure), fields };
      // Of what the world refuses a line says all; a fault of the code is looked for where it was thrown.
      const isRefusal = this.#guardedLog(() => isRefused(error)) ?? false;
      this.#log(isRefusal ? record : { ...record, stack: true });
    }
    this.events.emit(failure);
  }

  guarded<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.listenerFailed(error);
      return undefined;
    }
  }

  onStopped(ref: Ref<never>, stopped: (reason: StopReason) => void, by?: Placed): Cancellable {
    if (questions.isQuestion(ref)) return { cancel: questions.onClosed(ref, stopped) };
    return this.#actor(ref).onStopped(stopped, by);
  }

  onStarted(ref: Ref<never>, settled: (failure?: ActorStopped) => void): Cancellable {
    return this.#actor(ref).onStarted(settled);
  }

  #onActorStopped(ref: Ref<never>, stopped: (reason: StopReason) => void): Cancellable {
    return this.#actor(ref).onStopped(stopped);
  }

  #actor(ref: Ref<never>): Cell {
    const cell = mailboxes.hostOf(ref);
    if (cell instanceof Cell) return cell;
    // What only looks like a ref is not asked for its path: it may be anything, and throw.
    const what = questions.isQuestion(ref) ? ref.path : "what only looks like a ref";
    throw new TypeError(`Cannot watch ${what}: it is no actor`);
  }

  listenerFailed(error: unknown): void {
    const message = `A listener of the system failed: ${shortText(error)}`;
    this.#log({ level: "error", actor: this.root?.path ?? "/", message, fields: { error } });
  }

  rootFailed(error: unknown): void {
    this.#cause ??= { error };
    this.root?.requestStop({ type: "failed", error });
  }

  rootGone(): void {
    this.scheduler.dispose();
    this.deadlines.dispose(() => {});
    this.#deadLetterLog.dispose();
    if (this.#cause === undefined) this.#terminated.resolve();
    else {
      const { error } = this.#cause;
      this.#terminated.reject(error);
      // Those who are told of the end now may take it still.
      this.guarded(() => this.loop.nextTurn(() => this.#endUnseen(error)));
    }
    this.gone.resolve();
  }

  /** Nothing ends in silence. */
  #endUnseen(error: unknown): void {
    if (this.#isTerminatedTaken) return;
    const actor = this.root?.path ?? "/";
    const message = `The system ${actor} has failed: ${shortText(error)}`;
    this.#log({ level: "error", actor, message, fields: { error }, stack: true });
    this.guarded(() => this.world.process?.fail());
  }

  #logs(level: LogLevel): boolean {
    return this.#guardedLog(() => this.world.log.enabled(level)) ?? false;
  }

  /**
   * A log that fails must not take its actor with it: it is tried once more with the bare text, and then
   * given up.
   */
  #log(record: LogRecord): void {
    const { fields: _fields, ...bare } = record;
    try {
      this.world.log.write(record);
    } catch {
      this.#guardedLog(() => this.world.log.write(bare));
    }
  }

  #guardedLog<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      // The log itself is what fails: there is nobody left to tell.
      return undefined;
    }
  }
}

/** The turns of actors belong to nobody, also where followed work has caused them. */
function detachedLoop(loop: EventLoop, tracer: Tracer): EventLoop {
  const { choose } = loop;
  return {
    soon: (task) => loop.soon(followed.count === 0 ? task : () => tracer.detach(task)),
    afterPoll: (task) => loop.afterPoll(task),
    nextTurn: (task) => loop.nextTurn(task),
    ...(choose === undefined ? {} : { choose: (count) => choose.call(loop, count) }),
  };
}

const MAX_CAUSES = 8;

/** Whether the world has refused something, and all else has failed of it. */
function isRefused(error: unknown): boolean {
  let at = error;
  for (let depth = 0; at instanceof Error && depth < MAX_CAUSES; depth++, at = at.cause) {
    if (at instanceof WorldError) return true;
  }
  return false;
}

/**
 * Characters of a path, of a message's type or of an error's message in a log line: a tree may be 10,000
 * levels deep.
 */
const MAX_LOGGED_LENGTH = 2048;

function describe({ actor, phase, messageType, error, decision }: ActorFailed): string {
  const type = messageType && shortened(messageType, MAX_LOGGED_LENGTH);
  const where = phase === "message" && type !== undefined ? `message "${type}"` : phase;
  const who = shortened(actor, MAX_LOGGED_LENGTH);
  return `Actor ${who} failed (${where}): ${shortText(error)}; decision: ${decision}`;
}

function shortText(error: unknown): string {
  return shortened(errorText(error), MAX_LOGGED_LENGTH);
}
