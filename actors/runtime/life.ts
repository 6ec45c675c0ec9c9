/**
 * One life of an actor, from a start to the next restart or the stop: what it was given, and what must be let go of.
 *
 * @module
 */
import type { Cancellable, LogFields, LogLevel, World } from "../world/world.ts";
import type {
  ActorLog,
  Behavior,
  Context,
  Receive,
  SpawnOptions,
  Stash,
  StopReason,
  SuperviseOptions,
} from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Ref } from "./ref.ts";
import type { Registry, RegistryKey } from "./registry.ts";
import type { GroupStrategy } from "./supervision.ts";
import type { Topic } from "./topics.ts";

const STASH_CAPACITY = 10_000;

/** The context of one life of an actor. What is rarely used is made when first asked for. */
export class Life<M> implements Context<M> {
  readonly #cell: Cell<M>;
  #isOpen = true;
  /** All has been released. */
  isOver = false;
  #controller: AbortController | undefined;
  /** Timers, subscriptions, watches. */
  #held: Set<Cancellable> | undefined;
  #releases: (() => void | Promise<void>)[] | undefined;
  #stash: LifeStash<M> | undefined;
  #receiveTimeout: ReceiveTimeout<M> | undefined;

  constructor(cell: Cell<M>) {
    this.#cell = cell;
  }

  get self(): Ref<M> {
    return this.#cell;
  }

  get path(): string {
    return this.#cell.path;
  }

  get world(): World {
    return this.#cell.system.world;
  }

  get registry(): Registry {
    return this.#cell.system.registry;
  }

  get coarseNow(): number {
    return this.#cell.system.scheduler.now;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (!this.#isOpen) this.#controller.abort(this.#cell.stopped());
    }
    return this.#controller.signal;
  }

  get log(): ActorLog {
    return new CellLog(this.#cell.system.world, this.path);
  }

  get stash(): Stash<M> {
    return this.#stash ??= new LifeStash(this.#cell, this);
  }

  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions): Ref<C> {
    this.#check("spawn a child");
    return this.#cell.spawn(name, behavior, options);
  }

  supervise(strategy: GroupStrategy, options?: SuperviseOptions): void {
    this.#check("supervise");
    this.#cell.supervise(strategy, options);
  }

  stop(child?: Ref<never>): void {
    if (!this.#isOpen) return;
    if (child === undefined) this.#cell.requestStop();
    else this.#cell.stopChild(child);
  }

  children(): Ref<never>[] {
    return this.#cell.childRefs();
  }

  watch(ref: Ref<never>, stopped: (reason: StopReason) => M): Cancellable {
    const watching = this.#hold((held) =>
      this.#cell.system.onStopped(ref, (reason) => {
        held.cancel();
        this.#deliver(() => stopped(reason), true);
      })
    );
    return watching;
  }

  after(delayMs: number, message: M): Cancellable {
    checkDelay(delayMs);
    return this.#hold((held) =>
      this.world.clock.timer(delayMs, () => {
        held.cancel();
        this.#cell.deliver(message);
      })
    );
  }

  every(intervalMs: number, message: M): Cancellable {
    checkDelay(intervalMs);
    const interval = new Interval(this.world.clock, Math.max(1, intervalMs), () => {
      if (this.#cell.hasRoom) this.#cell.deliver(message);
    });
    return this.#hold(() => interval);
  }

  receiveTimeout(idleMs: number, message: M): Cancellable {
    checkDelay(idleMs);
    this.#receiveTimeout?.cancel();
    this.#cell.watchTurns();
    const timeout = this.#receiveTimeout = new ReceiveTimeout(this.#cell, Math.max(1, idleMs), message);
    return this.#hold(() => timeout);
  }

  become(receive: Receive<M>): void {
    if (this.#isOpen) this.#cell.become(receive);
  }

  pipe<T>(promise: Promise<T>, ok: (value: T) => M, failed: (error: unknown) => M): void {
    promise.then(
      (value) => this.#deliver(() => ok(value)),
      (error) => this.#deliver(() => failed(error)),
    );
  }

  onStop(release: () => void | Promise<void>): void {
    // A start or a handler that is still running when its actor stops must be able to let go of what it has got.
    if (this.isOver) this.#cell.releaseUnawaited(release);
    else (this.#releases ??= []).push(release);
  }

  subscribe<T>(topic: Topic<T>, toMessage: (published: T) => M): Cancellable {
    return this.#hold(() =>
      this.#cell.system.topics.subscribe(topic, (published) => this.#deliver(() => toMessage(published)))
    );
  }

  publish<T>(topic: Topic<T>, message: T): void {
    this.#cell.system.topics.publish(topic, message);
  }

  watchKey<T>(key: RegistryKey<T>, changed: (ref: Ref<T> | undefined) => M): Cancellable {
    return this.#hold(() => this.registry.observe(key, (ref) => this.#deliver(() => changed(ref))));
  }

  /** A turn has been handled: silence begins anew. */
  heard(): void {
    this.#receiveTimeout?.heard();
  }

  /** The life is about to end: what it waits for may be called off. */
  abort(): void {
    this.#isOpen = false;
    this.#controller?.abort(this.#cell.stopped());
    if (this.#held !== undefined) {
      for (const held of [...this.#held]) held.cancel();
    }
  }

  /** The next thing to release, the last registered first. */
  nextRelease(): (() => void | Promise<void>) | undefined {
    return this.#releases?.pop();
  }

  /** Ends it. Gives back what was put aside and never handled, oldest first. */
  end(): M[] {
    this.isOver = true;
    return this.#stash?.take() ?? [];
  }

  #check(what: string): void {
    if (!this.#isOpen) {
      throw new TypeError(`Cannot ${what} at ${this.path}: this life of the actor has ended`);
    }
  }

  /** Runs a user's function that makes a message; its failure is the actor's failure. */
  #deliver(make: () => M, isUrgent = false): void {
    let message: M;
    try {
      message = make();
    } catch (error) {
      if (this.#isOpen) this.#cell.failOutside(error);
      return;
    }
    if (this.#isOpen && isUrgent) this.#cell.deliverFirst(message);
    else if (this.#isOpen) this.#cell.deliver(message);
    else this.#cell.deadLetterOfEarlierLife(message);
  }

  /** Keeps what is to be cancelled when the life ends. */
  #hold(start: (held: Cancellable) => Cancellable): Cancellable {
    if (!this.#isOpen) return { cancel() {} };
    const held = new Held(this.#held ??= new Set());
    held.inner = start(held);
    return held;
  }
}

class Held implements Cancellable {
  readonly #owner: Set<Cancellable>;
  #isOpen = true;
  #inner: Cancellable | undefined;

  constructor(owner: Set<Cancellable>) {
    this.#owner = owner;
    owner.add(this);
  }

  /** It may be over before it is known: a watch of what has already stopped. */
  set inner(inner: Cancellable) {
    if (this.#isOpen) this.#inner = inner;
    else inner.cancel();
  }

  cancel(): void {
    this.#isOpen = false;
    this.#owner.delete(this);
    this.#inner?.cancel();
  }
}

class Interval implements Cancellable {
  #timer: Cancellable;
  #isOpen = true;

  constructor(clock: World["clock"], intervalMs: number, tick: () => void) {
    // Each tick is due a whole number of intervals after the first moment: lateness does not add up.
    let dueAt = clock.monotonic() + intervalMs;
    const arm = (): Cancellable =>
      clock.timer(Math.max(0, dueAt - clock.monotonic()), () => {
        const late = clock.monotonic() - dueAt;
        dueAt += intervalMs * (1 + Math.floor(Math.max(0, late) / intervalMs));
        this.#timer = arm();
        if (this.#isOpen) tick();
      });
    this.#timer = arm();
  }

  cancel(): void {
    this.#isOpen = false;
    this.#timer.cancel();
  }
}

/** One timer however many messages come: it looks at the time of the last turn when it fires. */
class ReceiveTimeout<M> implements Cancellable {
  readonly #cell: Cell<M>;
  readonly #idleMs: number;
  readonly #message: M;
  #heardAt: number;
  #timer: Cancellable;

  constructor(cell: Cell<M>, idleMs: number, message: M) {
    this.#cell = cell;
    this.#idleMs = idleMs;
    this.#message = message;
    this.#heardAt = cell.system.world.clock.monotonic();
    this.#timer = this.#arm(idleMs);
  }

  heard(): void {
    this.#heardAt = this.#cell.system.scheduler.now;
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #arm(delayMs: number): Cancellable {
    return this.#cell.system.world.clock.timer(delayMs, () => this.#fire());
  }

  #fire(): void {
    const now = this.#cell.system.world.clock.monotonic();
    // One that is at work, or is about to be, is not idle: the time begins when it is.
    if (!this.#cell.isIdle) this.#heardAt = now;
    const left = this.#heardAt + this.#idleMs - now;
    if (left > 0) {
      this.#timer = this.#arm(left);
      return;
    }
    this.#heardAt = now;
    this.#timer = this.#arm(this.#idleMs);
    this.#cell.deliver(this.#message);
  }
}

class LifeStash<M> implements Stash<M> {
  readonly #cell: Cell<M>;
  readonly #life: Life<M>;
  #messages: M[] = [];

  constructor(cell: Cell<M>, life: Life<M>) {
    this.#cell = cell;
    this.#life = life;
  }

  get size(): number {
    return this.#messages.length;
  }

  push(message: M): void {
    if (this.#life.isOver) return this.#cell.deadLetterOfEarlierLife(message);
    if (this.#messages.length >= STASH_CAPACITY) {
      throw new RangeError(
        `Cannot stash at ${this.#cell.path}: ${STASH_CAPACITY} messages are put aside already`,
      );
    }
    this.#messages.push(message);
  }

  unstashAll(): void {
    this.#cell.putBack(this.take());
  }

  take(): M[] {
    const taken = this.#messages;
    this.#messages = [];
    return taken;
  }
}

class CellLog implements ActorLog {
  readonly #world: World;
  readonly #actor: string;

  constructor(world: World, actor: string) {
    this.#world = world;
    this.#actor = actor;
  }

  get debugEnabled(): boolean {
    return this.#world.log.enabled("debug");
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  plain(message: string, fields?: LogFields): void {
    this.#write("info", message, fields, true);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined, plain = false): void {
    const { log } = this.#world;
    if (!log.enabled(level)) return;
    log.write({ level, actor: this.#actor, message, ...(fields && { fields }), ...(plain && { plain }) });
  }
}

function checkDelay(delayMs: number): void {
  if (!(delayMs >= 0)) throw new RangeError(`Cannot wait ${delayMs} ms: it takes a time of 0 or more`);
}
