/**
 * The inside of one actor: its mailbox, its turns, and its way from start to stop.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";
import { type AskHost, type AskTarget, PendingAsk } from "./ask.ts";
import type { Behavior, Receive, SpawnOptions, StopReason, SuperviseOptions } from "./behavior.ts";
import { type Child, Children, type Parent, type RestartRecord } from "./children.ts";
import { ActorStopped, MailboxFull } from "./errors.ts";
import type { DeadLetterReason, FailurePhase } from "./events.ts";
import { Ending, type Mortal } from "./ending.ts";
import { Life } from "./life.ts";
import { OfferQueue } from "./offers.ts";
import { type CellOptions, checkOptions, NO_LIMIT } from "./options.ts";
import type { AskOptions, Ref } from "./ref.ts";
import { Ring } from "./ring.ts";
import type { ActorGlance, ActorSnapshot } from "./snapshot.ts";
import { LARGE_RING_SLOTS, type Runnable, type Trimmable } from "./scheduler.ts";
import type { GroupStrategy, OnFailure } from "./supervision.ts";
import type { ActorSystemCore } from "./system_core.ts";
import { isThenable } from "./thenable.ts";

// Where an actor is in its life.
/** Waits to begin a life: a new actor, or one between two lives. */
const WAITING = 0;
const STARTING = 1;
const RUNNING = 2;
/** Failed, and waiting for its parent's decision. */
const FAILED = 3;
/** Ends its life: see {@linkcode Ending}. */
const ENDING = 4;
const STOPPED = 5;
type State =
  | typeof WAITING
  | typeof STARTING
  | typeof RUNNING
  | typeof FAILED
  | typeof ENDING
  | typeof STOPPED;

// System messages: bits, since each is either there or not.
const BEGIN = 1;
const CHILDREN_CHANGED = 2;
const END = 4;
const GO_ON_ENDING = 8;
/** There is a message that goes before those of the mailbox. */
const URGENT = 16;
/** Says nothing but that the turn is over: the actor has failed in the middle of it. */
const TURN_IS_OVER = 32;
/** The turn that begins is the rest of one that was interrupted. */
const TURN_GOES_ON = 64;

// The gate of `tell`: at 0, a message puts the actor into the ready ring.
const IN_RING = 1;
const BLOCKED = 2;

/** A turn handles at most so many messages; doubled while that binds, so that no burst outgrows it for long. */
const FIRST_TURN_LIMIT = 256;

const CLOSED = -1;

/** What few actors need, made when first needed. */
class Extras {
  watchers: Set<(reason: StopReason) => void> | undefined;
  offers: OfferQueue<unknown> | undefined;
  /** Messages that go before those of the mailbox. */
  urgent: Ring<unknown> | undefined;
  record: RestartRecord | undefined;
  /** The child in whose place this actor failed. */
  escalatedBy: { readonly child: Child; readonly error: unknown } | undefined;
  /** The end of the life, under way. */
  ending: Ending | undefined;
  isStoppingForGood = false;
  /** The most messages that waited, where a turn did not handle as many. */
  highWater = 0;
  /** What an interrupted turn has not come to. */
  leftOfTurn = 0;
  reason: StopReason = STOPPED_REASON;
}

const NEVER_RUN: Receive<unknown> = () => {};
const STOPPED_REASON: StopReason = Object.freeze({ type: "stopped" });

/** An actor. To the outside it is a {@linkcode Ref}, and nothing more. */
export class Cell<M> extends Ring<M>
  implements Ref<M>, Child, Parent, Mortal, Runnable, Trimmable, AskTarget {
  // What every message touches stands first and together: fewer lines of the processor's cache.
  readonly system: ActorSystemCore & AskHost;
  #receive: Receive<M> = NEVER_RUN;
  #gate = BLOCKED;
  #signals = 0;
  /** Messages that may wait; {@linkcode CLOSED} once stopped. */
  #limit: number;
  /** The most messages that a turn may handle without looking whether there are more than ever. */
  #longestTurn = 0;
  #handled = 0;
  /** There is more to do at the end of a turn: a bounded mailbox, a receive timeout, a ring that has grown large. */
  #isWatchful: boolean;
  #state: State = WAITING;
  /** A promise of the behaviour or of the handler is under way. */
  #isBusy = false;
  /** The present life. What an earlier one left behind is known by not being of this one. */
  #life: Life<M> | undefined;
  readonly name: string;
  readonly #parent: Parent | undefined;
  readonly #behavior: Behavior<M>;
  readonly #options: CellOptions;
  #children: Children | undefined;
  #extras: Extras | undefined;
  firstAsk: PendingAsk<never> | undefined;

  constructor(
    system: ActorSystemCore & AskHost,
    parent: Parent | undefined,
    name: string,
    behavior: Behavior<M>,
    options: CellOptions,
  ) {
    super();
    this.system = system;
    this.#parent = parent;
    this.name = name;
    this.#behavior = behavior;
    this.#options = options;
    this.#limit = options.capacity;
    this.#isWatchful = options.capacity !== NO_LIMIT;
  }

  // ---- Ref: what others may do

  get path(): string {
    return this.#parent === undefined ? `/${this.name}` : `${this.#parent.path}/${this.name}`;
  }

  tell(message: M): void {
    if (this.length >= this.#limit) return this.#tellSlowly(message);
    this.push(message);
    if (this.#gate === 0) {
      this.#gate = IN_RING;
      this.system.scheduler.enqueue(this);
    }
  }

  offer(message: M, options?: { readonly signal?: AbortSignal }): Promise<void> {
    if (this.#limit === CLOSED) {
      this.#deadLetter(message, "stopped");
      return Promise.reject(this.stopped());
    }
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#admitOffers();
    if (!this.hasRoom) return this.#waitForRoom(message, signal);
    this.deliver(message);
    return Promise.resolve();
  }

  get isOpen(): boolean {
    return this.#limit !== CLOSED;
  }

  // The overloads of `Ref` tell callers what the reply is; here it is only handed on.
  ask(question: ((replyTo: Ref<never>) => M) | object, options: AskOptions): Promise<never> {
    return new Promise((resolve: (reply: never) => void, reject) => {
      const pending = new PendingAsk<never>(this.system, this, resolve, reject);
      if (this.#limit !== CLOSED) pending.open(options);
      try {
        const message = typeof question === "function"
          ? question(pending)
          : { ...question, replyTo: pending };
        this.tell(message as M);
      } catch (error) {
        pending.fail(error);
      }
      if (this.#limit === CLOSED) pending.targetStopped();
    });
  }

  // ---- what the actor's own life may do

  /** True while one message more may wait; false when others wait for that. */
  get hasRoom(): boolean {
    return this.#limit !== CLOSED && this.length < this.#limit;
  }

  /** Puts one of the actor's own messages (timers, watches, results) into the mailbox, over its bound if need be. */
  deliver(message: M): void {
    if (this.#limit === CLOSED) return this.#deadLetter(message, "stopped");
    this.push(message);
    this.#wake();
  }

  /** Puts a message before those of the mailbox, after those that were put there this way. */
  deliverFirst(message: M): void {
    if (this.#limit === CLOSED) return this.#deadLetter(message, "stopped");
    (this.#more.urgent ??= new Ring()).push(message);
    this.#signal(URGENT);
  }

  /** Puts messages back in front of those that wait. */
  putBack(messages: M[]): void {
    for (const message of messages.toReversed()) this.unshift(message);
    this.#wake();
  }

  /** From now on the life is told of the end of each turn. */
  watchTurns(): void {
    this.#isWatchful = true;
  }

  become(receive: Receive<M>): void {
    // While the behaviour runs, the handler is what it returns.
    if (this.#receive !== NEVER_RUN) this.#receive = receive;
  }

  spawn<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions): Ref<C> {
    const checked = checkOptions(name, options);
    if (this.#children?.has(name)) {
      throw new TypeError(`Cannot spawn "${name}" under ${this.path}: the name is in use`);
    }
    if (this.#state === ENDING || this.#state === STOPPED || this.#extras?.isStoppingForGood) {
      throw new TypeError(`Cannot spawn "${name}" under ${this.path}: the actor is stopping`);
    }
    const child = new Cell(this.system, this, name, behavior, checked);
    (this.#children ??= new Children(this)).add(child);
    child.begin();
    return child;
  }

  supervise(strategy: GroupStrategy, options: SuperviseOptions = {}): void {
    (this.#children ??= new Children(this)).supervise(strategy, options.stopOrder === "together");
  }

  stopChild(ref: Ref<never>): void {
    const child = ref instanceof Cell && ref.#parent === this ? ref : undefined;
    if (child === undefined) throw new TypeError(`Cannot stop ${ref.path} from ${this.path}: it is no child`);
    child.requestStop();
  }

  childRefs(): Ref<never>[] {
    return this.#children?.all() ?? [];
  }

  /** The error that tells others this actor is gone. */
  stopped(): ActorStopped {
    const reason = this.#extras?.reason;
    return new ActorStopped(this.path, reason?.type === "failed" ? { cause: reason.error } : undefined);
  }

  /** Fails in something that ran for this actor outside its handler. */
  failOutside(error: unknown): void {
    this.#fail(error, "message", undefined);
  }

  deadLetterOfEarlierLife(message: unknown): void {
    this.#deadLetter(message, this.#extras?.isStoppingForGood ? "stopped" : "restarted");
  }

  // ---- what the system and the parent may do

  get onFailure(): OnFailure {
    return this.#options.onFailure;
  }

  get hasFailed(): boolean {
    return this.#state === FAILED;
  }

  get isGone(): boolean {
    return this.#state === STOPPED;
  }

  /** Running, and with nothing to do. */
  get isIdle(): boolean {
    return this.#state === RUNNING && !this.#isBusy && this.#waiting === 0;
  }

  get isBetweenLives(): boolean {
    return this.#state === WAITING && (this.#signals & BEGIN) === 0;
  }

  get record(): RestartRecord {
    return this.#more.record ??= { times: [], restarts: 0, inARow: -1, lastAt: -Infinity };
  }

  get children(): Children | undefined {
    return this.#children;
  }

  /** Calls back once when this actor has stopped. */
  onStopped(stopped: (reason: StopReason) => void): Cancellable {
    if (this.#state === STOPPED) {
      stopped(this.#more.reason);
      return { cancel() {} };
    }
    const watchers = this.#more.watchers ??= new Set();
    // An entry of its own, so that the same function may watch twice.
    const entry = (reason: StopReason) => stopped(reason);
    watchers.add(entry);
    return { cancel: () => void watchers.delete(entry) };
  }

  begin(): void {
    this.#signal(BEGIN);
  }

  requestRestart(): void {
    // One that was to begin waits until it is told so again.
    if (this.#state === WAITING) this.#signals &= ~BEGIN;
    if (this.#state === WAITING || this.#state === STOPPED || this.#state === ENDING) return;
    this.#life?.abort();
    this.#signal(END);
  }

  requestStop(reason: StopReason = STOPPED_REASON): void {
    const more = this.#more;
    if (this.#state === STOPPED || more.isStoppingForGood) return;
    more.isStoppingForGood = true;
    more.reason = reason;
    this.#life?.abort();
    this.#signal(END);
  }

  resume(): void {
    if (this.#state !== FAILED) return;
    const hasStarted = this.#receive !== NEVER_RUN;
    if (!hasStarted && !this.#isBusy) return this.requestStop();
    this.#state = hasStarted ? RUNNING : STARTING;
    const { escalatedBy } = this.#more;
    this.#more.escalatedBy = undefined;
    escalatedBy?.child.requestStop({ type: "failed", error: escalatedBy.error });
    this.childrenChanged();
    if (!this.#isBusy) this.#unblock();
  }

  escalated(error: unknown, child: Child): void {
    this.#more.escalatedBy = { child, error };
    this.#fail(error, "child", undefined);
  }

  get shutdownMs(): number {
    return this.#options.shutdownMs;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  forgetHandler(): void {
    this.#isBusy = false;
  }

  nextRelease(): (() => void | Promise<void>) | undefined {
    return this.#life?.nextRelease();
  }

  /** Releases what nobody waits for any more; a failure is reported. */
  releaseUnawaited(release: () => void | Promise<void>): void {
    const report = (error: unknown) => this.reportAlone(error, "stop", undefined);
    try {
      const pending: unknown = release();
      if (isThenable(pending)) pending.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }

  goOnEnding(): void {
    this.#signal(GO_ON_ENDING);
  }

  childrenChanged(): void {
    this.#signal(CHILDREN_CHANGED);
  }

  /** Ends this actor and all below it, children first, without waiting for anything. */
  kill(): void {
    // Not by recursion: a tree may be deeper than the stack.
    const tree: Child[] = [this];
    for (const actor of tree) {
      for (const child of actor.children?.all() ?? []) tree.push(child);
      actor.children?.giveUp();
    }
    for (const actor of tree.reverse()) actor.abandon();
  }

  abandon(): void {
    if (this.#state === STOPPED) return;
    const more = this.#more;
    more.isStoppingForGood = true;
    (more.ending ??= new Ending(this)).abandon();
    this.#life?.abort();
    for (let release = this.nextRelease(); release !== undefined; release = this.nextRelease()) {
      this.releaseUnawaited(release);
    }
    this.endLife();
  }

  snapshot(): ActorSnapshot {
    const whole = this.glance(this.path);
    const open: [Child, ActorGlance][] = [[this, whole]];
    for (const [actor, seen] of open) {
      for (const child of actor.children?.all() ?? []) {
        const below = child.glance(`${seen.path}/${child.name}`);
        seen.children.push(below);
        open.push([child, below]);
      }
    }
    return whole;
  }

  glance(path: string): ActorGlance {
    const waiting = this.#waiting;
    return {
      path,
      state: STATE_NAMES[this.#state],
      mailbox: waiting,
      highWater: Math.max(this.#longestTurn, this.#extras?.highWater ?? 0, waiting),
      handled: this.#handled,
      restarts: this.#extras?.record?.restarts ?? 0,
      children: [],
    };
  }

  get #waiting(): number {
    return this.length + (this.#extras?.urgent?.length ?? 0);
  }

  // ---- turns

  /**
   * Handles what is queued now; what comes meanwhile waits for the next turn.
   *
   * Here is where a message's time goes. The function is small so that the compiler puts it, and what it calls, into
   * the scheduler's loop; what happens rarely is in functions of its own.
   */
  turn(): void {
    this.#gate &= ~IN_RING;
    const { scheduler } = this.system;
    let left = this.#signals === 0 ? this.length : this.#handleSignals();
    if (this.#gate !== 0 || left === 0) return void scheduler.spend();
    if (left > this.#longestTurn) left = this.#limitTurn(left);
    let message: M | undefined;
    try {
      do {
        left--;
        this.#handled++;
        message = this.shift() as M;
        const result: unknown = this.#receive(message);
        if (result !== undefined && isThenable(result)) return this.#suspend(result, message, left);
      } while (scheduler.spend() && left > 0 && this.#signals === 0);
    } catch (error) {
      return this.#failInHandler(error, message);
    }
    if (this.length > 0 || this.#signals !== 0 || this.#isWatchful) this.#closeTurn(left);
  }

  /**
   * More wait than ever were handled in a turn. The turn is limited, so that one burst does not keep the others waiting;
   * but to twice the former mark, since a limit below what producers send in a turn of theirs would let it grow without end.
   */
  #limitTurn(waiting: number): number {
    const limit = Math.max(FIRST_TURN_LIMIT, 2 * this.#longestTurn);
    this.#longestTurn = Math.min(limit, waiting);
    if (waiting > limit) this.#markHighWater(waiting);
    if (waiting > LARGE_RING_SLOTS) this.#isWatchful = true;
    return this.#longestTurn;
  }

  /** A flood is over: its slots are given back, and the next one begins with short turns again. */
  override trim(): void {
    if (this.length > 0) return;
    super.trim();
    if (this.#longestTurn <= FIRST_TURN_LIMIT) return;
    this.#markHighWater(this.#longestTurn);
    this.#longestTurn = 0;
  }

  #markHighWater(waiting: number): void {
    this.#more.highWater = Math.max(this.#more.highWater, waiting);
  }

  #closeTurn(left: number): void {
    this.#lookAround();
    this.#queueAgain(left);
  }

  /** @param left what the turn would have handled, had it not been interrupted */
  #queueAgain(left: number): void {
    if (this.#gate !== 0) return;
    const { scheduler } = this.system;
    if (this.length === 0 && this.#signals === 0) {
      if (this.slots > LARGE_RING_SLOTS) scheduler.trimLater(this);
      return;
    }
    this.#gate = IN_RING;
    if (left > 0) {
      this.#more.leftOfTurn = left;
      this.#signals |= TURN_GOES_ON;
    }
    if (this.#signals !== 0) scheduler.enqueueFirst(this);
    else scheduler.enqueue(this);
  }

  #failInHandler(error: unknown, message: M | undefined): void {
    this.#lookAround();
    this.#fail(error, "message", message);
  }

  /** What few actors have to do when they have taken messages out. */
  #lookAround(): void {
    if (!this.#isWatchful) return;
    this.#life?.heard();
    this.#admitOffers();
  }

  #suspend(pending: PromiseLike<unknown>, message: M, left: number): void {
    this.#isBusy = true;
    this.#gate |= BLOCKED;
    this.#lookAround();
    const life = this.#life;
    this.#finishTurn(pending, message, left, life).catch((error) => this.#fail(error, "message", undefined));
  }

  /** Awaits a handler, then goes on with the rest of the turn in one asynchronous loop. */
  async #finishTurn(
    pending: PromiseLike<unknown>,
    first: M,
    left: number,
    life: Life<M> | undefined,
  ): Promise<void> {
    const { scheduler } = this.system;
    let message: M = first;
    let next: PromiseLike<unknown> | undefined = pending;
    try {
      while (next !== undefined) {
        await next;
        if (life !== this.#life) return;
        if (!scheduler.spend()) left = 0;
        next = undefined;
        while (left > 0 && this.#state === RUNNING && this.#signals === 0 && this.length > 0) {
          left--;
          this.#handled++;
          message = this.shift() as M;
          const result: unknown = this.#receive(message);
          if (result !== undefined && isThenable(result)) {
            next = result;
            this.#lookAround();
            break;
          }
          if (!scheduler.spend()) left = 0;
        }
      }
    } catch (error) {
      if (life !== this.#life) return this.reportAlone(error, "message", message);
      this.#isBusy = false;
      this.#lookAround();
      this.#fail(error, "message", message);
      return;
    }
    this.#isBusy = false;
    this.#lookAround();
    if (this.#state === RUNNING) this.#unblock();
    else if (this.#state === ENDING) this.#signal(GO_ON_ENDING);
  }

  #wake(): void {
    if (this.#gate !== 0) return;
    this.#gate = IN_RING;
    this.system.scheduler.enqueue(this);
  }

  #unblock(): void {
    this.#gate &= ~BLOCKED;
    this.#queueAgain(0);
  }

  // ---- a full, a missing or a closed mailbox

  #tellSlowly(message: M): void {
    if (this.#limit === CLOSED) return this.#deadLetter(message, "stopped");
    this.#admitOffers();
    if (this.hasRoom) return this.deliver(message);
    const { capacity } = this.#options;
    this.#markHighWater(capacity);
    switch (this.#options.overflow) {
      case "reject":
        throw new MailboxFull(this.path, capacity, message);
      case "drop-newest":
        return this.#deadLetter(message, "dropped-newest");
      case "drop-oldest": {
        const oldest = this.shift();
        this.deliver(message);
        return this.#deadLetter(oldest, "dropped-oldest");
      }
    }
  }

  #waitForRoom(message: M, signal: AbortSignal | undefined): Promise<void> {
    this.#markHighWater(this.#options.capacity);
    // Nobody gets in before those who wait: to `tell` the mailbox is full until they are in.
    this.#limit = 0;
    return (this.#more.offers ??= new OfferQueue()).add(message, signal);
  }

  #admitOffers(): void {
    const offers = this.#extras?.offers;
    if (offers === undefined || this.#limit !== 0) return;
    while (this.length < this.#options.capacity) {
      const offer = offers.shift();
      if (offer === undefined) break;
      this.push(offer.message as M);
      offer.accept();
    }
    if (offers.isEmpty) this.#limit = this.#options.capacity;
  }

  #deadLetter(message: unknown, reason: DeadLetterReason): void {
    this.system.deadLetter(message, this.path, reason);
  }

  // ---- from start to stop

  get #more(): Extras {
    return this.#extras ??= new Extras();
  }

  /** A system message: it is looked at before any message that waits. */
  #signal(signal: number): void {
    this.#signals |= signal;
    if ((this.#gate & IN_RING) !== 0) return;
    this.#gate |= IN_RING;
    this.system.scheduler.enqueue(this);
  }

  /** Says how many messages the turn may handle. */
  #handleSignals(): number {
    const signals = this.#signals;
    this.#signals = 0;
    if ((signals & END) !== 0) this.#beginEnding();
    else if ((signals & GO_ON_ENDING) !== 0 && this.#state === ENDING) this.#extras?.ending?.goOn();
    // The root may be given children, and they may fail, before it begins.
    if ((signals & BEGIN) !== 0 && this.#state === WAITING) this.#start();
    if ((signals & CHILDREN_CHANGED) !== 0) this.#onChildrenChanged();
    if ((signals & URGENT) !== 0) this.#takeUrgent();
    return (signals & TURN_GOES_ON) === 0 ? this.length : Math.min(this.length, this.#more.leftOfTurn);
  }

  /** One at a time: so they keep their order, and none is in the mailbox when that drops its oldest. */
  #takeUrgent(): void {
    const urgent = this.#extras?.urgent;
    if (urgent === undefined || urgent.length === 0) return;
    if ((this.#gate & BLOCKED) === 0) this.unshift(urgent.shift() as M);
    if (urgent.length > 0) this.#signals |= URGENT;
  }

  #onChildrenChanged(): void {
    if (this.#state === ENDING) this.#extras?.ending?.goOn();
    else if (this.#state !== STOPPED) this.#children?.decide();
  }

  #start(): void {
    this.#state = STARTING;
    const life = this.#life = new Life(this);
    try {
      const receive = this.#behavior(life);
      if (typeof receive === "function") return this.#started(receive);
      if (!isThenable(receive)) throw notAHandler(this.path, receive);
      this.#isBusy = true;
      Promise.resolve(receive).then(
        (handler) => this.#startedLater(life, handler),
        (error) => this.#startFailedLater(life, error),
      );
    } catch (error) {
      this.#fail(error, "start", undefined);
    }
  }

  #startedLater(life: Life<M>, receive: Receive<M>): void {
    if (life !== this.#life) return;
    this.#isBusy = false;
    if (this.#state === ENDING) return this.#signal(GO_ON_ENDING);
    if (typeof receive !== "function") return this.#fail(notAHandler(this.path, receive), "start", undefined);
    this.#started(receive);
  }

  #startFailedLater(life: Life<M>, error: unknown): void {
    if (life !== this.#life) return this.reportAlone(error, "start", undefined);
    this.#isBusy = false;
    this.#fail(error, "start", undefined);
  }

  #started(receive: Receive<M>): void {
    this.#receive = receive;
    // One that failed while it started (a child of its own escalated) waits for the decision.
    const isRunning = this.#state === STARTING;
    if (isRunning) this.#state = RUNNING;
    const { events } = this.system;
    if (events.watched) {
      events.emit({ type: "started", actor: this.path, restarts: this.#extras?.record?.restarts ?? 0 });
    }
    this.#parent?.children?.started(this);
    if (isRunning) this.#unblock();
  }

  #fail(error: unknown, phase: FailurePhase, message: unknown): void {
    if ((this.#state !== RUNNING && this.#state !== STARTING) || this.#extras?.isStoppingForGood) {
      this.reportAlone(error, phase, message);
      if (this.#state === ENDING) this.#signal(GO_ON_ENDING);
      return;
    }
    this.#state = FAILED;
    this.#gate |= BLOCKED;
    this.#signals |= TURN_IS_OVER;
    if (this.#parent === undefined) this.system.rootFailed(error);
    else this.#parent.children?.failed({ child: this, phase, messageType: messageType(message), error });
  }

  /** A failure about which nothing is to be decided: the actor is going already. */
  reportAlone(error: unknown, phase: FailurePhase, message: unknown): void {
    this.system.report({
      type: "failed",
      actor: this.path,
      phase,
      messageType: messageType(message),
      error,
      decision: "none",
      restarts: this.#extras?.record?.restarts ?? 0,
    });
  }

  #beginEnding(): void {
    const more = this.#more;
    if (this.#state === STOPPED || this.#state === ENDING) return;
    // Only the root is given children before it begins.
    if (this.#state === WAITING && (this.#children === undefined || this.#children.size === 0)) {
      if (more.isStoppingForGood) this.#stop();
      return;
    }
    this.#state = ENDING;
    this.#gate |= BLOCKED;
    more.ending = new Ending(this);
    more.ending.goOn();
  }

  /** The life is over; the actor stops, or waits for the next life. */
  endLife(): void {
    const more = this.#more;
    more.ending?.close();
    more.ending = undefined;
    more.escalatedBy = undefined;
    const stashed = this.#life?.end() ?? [];
    if (stashed.length > 0) this.putBack(stashed);
    this.#life = undefined;
    this.#isBusy = false;
    this.#receive = NEVER_RUN;
    this.#children?.reset();
    if (more.isStoppingForGood) return this.#stop();
    this.record.restarts++;
    this.#state = WAITING;
    this.#parent?.children?.betweenLives(this);
  }

  #stop(): void {
    const more = this.#more;
    this.#state = STOPPED;
    this.#gate |= BLOCKED;
    this.#limit = CLOSED;
    this.#emptyMailbox();
    const { offers } = more;
    for (let offer = offers?.shift(); offer !== undefined; offer = offers?.shift()) {
      offer.refuse(this.stopped());
    }
    while (this.firstAsk !== undefined) this.firstAsk.targetStopped();
    const { events } = this.system;
    if (events.watched) events.emit({ type: "stopped", actor: this.path, reason: more.reason });
    const watchers = more.watchers;
    more.watchers = undefined;
    for (const stopped of watchers ?? []) stopped(more.reason);
    if (this.#parent === undefined) this.system.rootGone();
    else this.#parent.children?.gone(this);
  }

  #emptyMailbox(): void {
    const urgent = this.#extras?.urgent;
    while (urgent !== undefined && urgent.length > 0) this.#deadLetter(urgent.shift(), "stopped");
    while (this.length > 0) this.#deadLetter(this.shift(), "stopped");
    super.trim();
  }
}

const STATE_NAMES = ["waiting", "starting", "running", "failed", "stopping", "stopped"] as const;

function notAHandler(path: string, value: unknown): TypeError {
  return new TypeError(
    `Cannot start ${path}: its behaviour returned ${typeof value}, not a function that handles messages`,
  );
}

function messageType(message: unknown): string | undefined {
  try {
    if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
    return typeof message.type === "string" ? message.type : undefined;
  } catch {
    // A message that throws when it is looked at.
    return undefined;
  }
}
