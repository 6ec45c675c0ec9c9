/**
 * One life of an actor, from a start to the next restart or the stop: what it was given, and what must be let
 * go of.
 *
 * @module
 */
import type { Cancellable, World } from "../world/world.ts";
import { CellLog } from "./actor_log.ts";
import type { ActorLog, Behavior, ChildEvent, Context, StateTimeout } from "./behavior.ts";
import { notAFunction } from "./check_function.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import { Envelope } from "./envelope.ts";
import type { StopReason } from "./events.ts";
import type { Receive } from "./handler.ts";
import { Holdings } from "./holdings.ts";
import type { LifeHost, LifePhase } from "./life_host.ts";
import { checkDelay, Held, Interval, ReceiveTimeout } from "./life_timers.ts";
import type { Meter } from "./meter.ts";
import type { Ref } from "./ref.ts";
import type { Registry, RegistryKey } from "./registry.ts";
import { LifeStash, type Stash } from "./stash.ts";
import type { GroupStrategy, SuperviseOptions } from "./supervision.ts";
import { whenSettled } from "./thenable.ts";
import type { Topic } from "./topics.ts";
import type { ActorTracer } from "./tracing.ts";

/** The context of one life of an actor. */
export class Life<M> implements Context<M> {
  readonly #cell: LifeHost;
  readonly #number: number;
  #holdings: Holdings<M> | undefined;

  constructor(cell: LifeHost, number: number) {
    this.#cell = cell;
    this.#number = number;
  }

  /** The actor knows it, and not the life: so one that nobody kept need not be kept by its actor. */
  get #phase(): LifePhase {
    return this.#cell.phaseOf(this.#number);
  }

  get #isOpen(): boolean {
    return this.#phase === "open";
  }

  get self(): Ref<M> {
    return this.#cell.ref;
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

  get meter(): Meter {
    return this.#cell.system.meter;
  }

  get tracer(): ActorTracer | undefined {
    return this.#cell.system.tracer;
  }

  get coarseNow(): number {
    return this.#cell.system.scheduler.now;
  }

  get signal(): AbortSignal {
    const cold = this.#cold;
    if (cold.controller === undefined) {
      cold.controller = new AbortController();
      if (!this.#isOpen) cold.controller.abort(this.#cell.stopped());
    }
    return cold.controller.signal;
  }

  get log(): ActorLog {
    return new CellLog(this.#cell.system, this.#cell);
  }

  get stash(): Stash<M> {
    return this.#cold.stash ??= this.#makeStash();
  }

  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions<C>): Ref<C> {
    this.#check("spawn a child");
    return this.#cell.spawn(name, behavior, options);
  }

  supervise(strategy: GroupStrategy, options?: SuperviseOptions): void {
    this.#check("supervise");
    this.#cell.supervise(strategy, options);
  }

  stop(child?: Ref<never>): void {
    if (!this.#isOpen) return;
    if (child === undefined) this.#cell.stopSelf();
    else this.#cell.stopChild(child);
  }

  children(): Ref<never>[] {
    return this.#cell.childRefs();
  }

  started(ref: Ref<never>): Promise<void> {
    return new Promise((resolve, reject) => {
      // Whoever waits when its own life ends is not left waiting.
      const giveUp = () => reject(this.#cell.escalationOf(ref) ?? this.#cell.stopped());
      const held = this.#hold((held) => {
        const waiting = this.#cell.system.onStarted(ref, (failure) => {
          if (failure === undefined) resolve();
          else reject(failure);
          held.done();
        });
        return { cancel: () => (waiting.cancel(), giveUp()) };
      });
      if (held === undefined) giveUp();
    });
  }

  watch(ref: Ref<never>, stopped: (reason: StopReason) => M): Cancellable {
    this.#checkFunction("watch", "stopped", stopped);
    return this.#holdOrNothing((held) =>
      this.#cell.system.onStopped(ref, (reason) => {
        held.done();
        this.#deliver(() => stopped(reason), held, (item) => this.#cell.deliverFirst(item));
      }, this.#cell)
    );
  }

  watchChildren(changed: (event: ChildEvent) => M): Cancellable {
    this.#checkFunction("watch children", "changed", changed);
    return this.#holdOrNothing((held) =>
      this.#cell.observeChildren((event) => this.#deliverOwn(() => changed(event), held))
    );
  }

  after(delayMs: number, message: M): Cancellable {
    checkDelay(delayMs);
    return this.#holdOrNothing((held) =>
      this.world.clock.timer(delayMs, () => {
        held.done();
        this.#cell.deliver(this.#own(message, held));
      })
    );
  }

  every(intervalMs: number, message: M): Cancellable {
    checkDelay(intervalMs);
    // One tick at a time: what an actor could not come to does not pile up.
    let isWaiting = false;
    return this.#holdOrNothing(
      (held) =>
        new Interval(this.world.clock, Math.max(1, intervalMs), () => {
          if (isWaiting || !this.#cell.hasRoom) return;
          isWaiting = true;
          this.#cell.deliver(this.#own(message, held));
        }),
      () => isWaiting = false,
    );
  }

  receiveTimeout(idleMs: number, message: M): Cancellable {
    checkDelay(idleMs);
    const cold = this.#cold;
    cold.receiveTimeoutHeld?.cancel();
    const cell = this.#cell;
    cell.watchTurns();
    return cold.receiveTimeoutHeld = this.#holdOrNothing((held) => {
      const { system } = cell;
      return cold.receiveTimeout = new ReceiveTimeout({
        clock: system.world.clock,
        get coarseNow() {
          return system.scheduler.now;
        },
        get isIdle() {
          return cell.isIdle;
        },
        timedOut: () => cell.deliver(this.#own(message, held)),
      }, Math.max(1, idleMs));
    });
  }

  become(receive: Receive<M>, timeout?: StateTimeout<M>): void {
    if (!this.#isOpen) return;
    if (timeout !== undefined) checkDelay(timeout.timeoutMs);
    this.#cell.become(receive as Receive<unknown>);
    this.#holdings?.stateTimeout?.cancel();
    if (timeout !== undefined) this.#cold.stateTimeout = this.after(timeout.timeoutMs, timeout.message);
  }

  pipe<T>(promise: Promise<T>, ok: (value: T) => M, failed: (error: unknown) => M): void {
    this.#checkFunction("pipe", "ok", ok);
    this.#checkFunction("pipe", "failed", failed);
    const cell = this.#cell;
    // What comes back belongs to the work that has asked for it.
    const context = cell.system.tracer?.send(cell.ref, undefined);
    const deliver = (make: () => M) =>
      this.#deliver(make, undefined, (item) => cell.deliver(item), true, context);
    whenSettled(promise, (value) => deliver(() => ok(value)), (error) => deliver(() => failed(error)));
  }

  onStop(release: () => void | Promise<void>): void {
    this.#checkFunction("release anything", "release", release);
    // A start or a handler that is still running when its actor stops must be able to let go of what it has
    // got.
    if (this.#phase === "over") return this.#cell.releaseUnawaited(release);
    const cold = this.#cold;
    if (this.#phase === "ending") cold.countLateRelease(this.#cell);
    cold.addRelease(release);
  }

  subscribe<T>(topic: Topic<T>, toMessage: (published: T) => M): Cancellable {
    this.#checkFunction("subscribe", "toMessage", toMessage);
    return this.#holdOrNothing((held) =>
      this.#cell.system.topics.subscribe(topic, (published) =>
        this.#deliver(
          () => toMessage(published),
          held,
          (item) => this.#cell.deliverPublished(item),
          false,
        ))
    );
  }

  publish<T>(topic: Topic<T>, message: T): void {
    this.#cell.system.topics.publish(topic, message);
  }

  watchKey<T>(key: RegistryKey<T>, changed: (ref: Ref<T> | undefined) => M): Cancellable {
    this.#checkFunction("watch a key", "changed", changed);
    return this.#holdOrNothing((held) =>
      this.registry.observe(key, (ref) => this.#deliverOwn(() => changed(ref), held))
    );
  }

  watchMembers<T>(key: RegistryKey<T>, changed: (refs: readonly Ref<T>[]) => M): Cancellable {
    this.#checkFunction("watch members", "changed", changed);
    return this.#holdOrNothing((held) =>
      this.registry.observeMembers(key, (refs) => this.#deliverOwn(() => changed(refs), held))
    );
  }

  get #cold(): Holdings<M> {
    return this.#holdings ??= this.#makeHoldings();
  }

  #makeHoldings(): Holdings<M> {
    const holdings = new Holdings<M>();
    if (this.#phase !== "over") this.#cell.holdings = holdings;
    return holdings;
  }

  #makeStash(): LifeStash<M> {
    const cell = this.#cell;
    const isOver = () => this.#phase === "over";
    return new LifeStash<M>({
      get isOver() {
        return isOver();
      },
      get handled() {
        return cell.handled;
      },
      itemOf: (message) => cell.itemOf(message),
      putBack: (items) => cell.putBack(items),
      deadLetter: (message, reason) => {
        if (reason === "stash-full") cell.deadLetterOf(message, reason);
        else cell.deadLetterOfEarlierLife(message);
      },
    }, cell.stashCapacity);
  }

  #check(what: string): void {
    if (!this.#isOpen) {
      throw new TypeError(`Cannot ${what} at ${this.path}: this life of the actor has ended`);
    }
  }

  #checkFunction(what: string, name: string, given: unknown): void {
    if (typeof given !== "function") throw notAFunction(`Cannot ${what} at ${this.path}`, name, given);
  }

  #own(message: M, held?: Held, isOwn = true, context?: unknown): Envelope {
    return new Envelope(message, this.#number, held, isOwn, context);
  }

  #deliverOwn(make: () => M, held?: Held): void {
    this.#deliver(make, held, (item) => this.#cell.deliver(item));
  }

  /** Runs a user's function that makes a message; its failure is the actor's failure. */
  #deliver(
    make: () => M,
    held: Held | undefined,
    put: (item: Envelope) => void,
    isOwn = true,
    context?: unknown,
  ): void {
    let message: M;
    try {
      message = make();
    } catch (error) {
      if (this.#isOpen) this.#cell.failOutside(error);
      return;
    }
    if (this.#isOpen) put(this.#own(message, held, isOwn, context));
    else this.#cell.deadLetterOfEarlierLife(message);
  }

  /** Keeps what is to be cancelled when the life ends; undefined when it has ended. */
  #hold(start: (held: Held) => Cancellable, onTaken?: () => void): Held | undefined {
    if (!this.#isOpen) return undefined;
    const held = new Held(this.#cold.held, onTaken);
    try {
      held.inner = start(held);
    } catch (error) {
      held.cancel();
      throw error;
    }
    return held;
  }

  #holdOrNothing(start: (held: Held) => Cancellable, onTaken?: () => void): Cancellable {
    return this.#hold(start, onTaken) ?? { cancel() {} };
  }
}
