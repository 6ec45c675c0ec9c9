/**
 * The way of an actor from start to stop, from one life to the next.
 *
 * @module
 */
import { FLAGS, mailboxes } from "./actor_ref.ts";
import { questions } from "./ask.ts";
import type { Behavior } from "./behavior.ts";
import type { Child, Children, Parent, RestartRecord } from "./children.ts";
import { Ending, type EndingHost } from "./ending.ts";
import type { FailurePhase, StopReason } from "./events.ts";
import { isHandler, notAHandler, type Receive } from "./handler.ts";
import { URGENT } from "./inbox.ts";
import { messageType } from "./kinds.ts";
import type { Life } from "./life.ts";
import { ENDING, FAILED, RUNNING, STARTING, STOPPED, WAITING } from "./lifecycle.ts";
import { Staged } from "./staged.ts";
import type { CellSetup } from "./system_core.ts";
import { isThenable, whenSettled } from "./thenable.ts";

// System messages, beside `URGENT`.
const BEGIN = 2;
const CHILDREN_CHANGED = 4;
const END = 8;
const GO_ON_ENDING = 16;
const ALL_SIGNALS = 2 * GO_ON_ENDING - 1;

/** The part of an actor that lives. */
export abstract class Living extends Staged implements EndingHost {
  readonly parent: Parent | undefined;
  protected readonly behavior: Behavior<unknown>;

  constructor(
    setup: CellSetup,
    parent: Parent | undefined,
    behavior: Behavior<unknown>,
  ) {
    super(setup);
    this.parent = parent;
    this.behavior = behavior;
  }

  get children(): Children | undefined {
    return this.coldIfAny?.children;
  }

  protected abstract makeLife(number: number): Life<unknown>;

  /** This actor, as its parent sees it. */
  protected abstract get asChild(): Child;

  goOnAfterHandler(): void {
    if (this.state === RUNNING) mailboxes.unblock(this.ref);
    else if (this.state === ENDING) this.signal(GO_ON_ENDING);
  }

  become(receive: Receive<unknown>): void {
    if (!isHandler(receive)) throw notAHandler(this.path, "become() was given", receive);
    // While the behaviour runs, the handler is what it returns.
    if (mailboxes.hasReceive(this.ref)) mailboxes.setReceive(this.ref, receive);
  }

  get record(): RestartRecord {
    return this.cold.record ??= { times: [], restarts: 0, inARow: -1, lastAt: -Infinity };
  }

  get shutdownMs(): number {
    return this.setup.shutdownMs;
  }

  forgetHandler(): void {
    this.isBusy = false;
  }

  nextRelease(): (() => void | Promise<void>) | undefined {
    return this.holdings?.takeRelease();
  }

  goOnEnding(): void {
    this.signal(GO_ON_ENDING);
  }

  get escalatedBy(): { readonly child: Child; readonly error: unknown } | undefined {
    return this.coldIfAny?.escalatedBy;
  }

  escalated(error: unknown, child: Child): void {
    // The first is what it has failed of: whoever resumes it must not leave that one behind.
    this.cold.escalatedBy ??= { child, error };
    this.fail(error, "child", undefined);
  }

  private abortLife(): void {
    this.lifeEnds();
    this.holdings?.abort(() => this.stopped());
  }

  private startLife(): void {
    this.enter(STARTING);
    this.system.scheduler.beforeStart();
    this.lifeBegins();
    const number = this.restarts;
    try {
      const receive = this.behavior(this.makeLife(number));
      if (typeof receive === "function" || !isThenable(receive)) return this.startedWith(receive);
      this.isBusy = true;
      whenSettled(
        receive,
        (handler) => this.startedLater(number, handler),
        (error) => this.startFailedLater(number, error),
      );
    } catch (error) {
      this.fail(error, "start", undefined);
    }
  }

  private startedLater(life: number, receive: Receive<unknown>): void {
    if (life !== this.lifeNumber) return;
    this.isBusy = false;
    if (this.state === ENDING) return this.signal(GO_ON_ENDING);
    this.holdings?.receiveTimeout?.heard();
    try {
      this.startedWith(receive);
    } catch (error) {
      this.fail(error, "start", undefined);
    }
  }

  private startFailedLater(life: number, error: unknown): void {
    if (life !== this.lifeNumber) return this.reportAlone(error, "start", undefined);
    this.isBusy = false;
    this.fail(error, "start", undefined);
  }

  private startedWith(receive: Receive<unknown>): void {
    if (!isHandler(receive)) throw notAHandler(this.path, "its behaviour returned", receive);
    mailboxes.setReceive(this.ref, receive);
    // One that failed while it started (a child of its own escalated) waits for the decision.
    const isRunning = this.state === STARTING;
    if (isRunning) this.enter(RUNNING);
    const { events } = this.system;
    if (events.watched) {
      events.emit({ type: "started", actor: this.path, restarts: this.restarts });
    }
    this.parent?.children?.started(this.asChild, this.restarts);
    if (!isRunning) return;
    this.settleStart();
    mailboxes.unblock(this.ref);
  }

  protected override fail(error: unknown, phase: FailurePhase, message: unknown): void {
    if ((this.state !== RUNNING && this.state !== STARTING) || this.coldIfAny?.isStoppingForGood) {
      this.reportAlone(error, phase, message);
      // One that has failed already hears what becomes of it, and so does its asker.
      if (this.state !== FAILED || this.isStopping) this.answerFailed(this.isStopping);
      if (this.state === ENDING) this.signal(GO_ON_ENDING);
      return;
    }
    this.enter(FAILED);
    mailboxes.setFlag(this.ref, FLAGS.BLOCKED);
    if (this.parent === undefined) this.system.rootFailed(error);
    else {this.parent.children?.failed({
        child: this.asChild,
        phase,
        messageType: messageType(message),
        error,
      });}
  }

  private beginEnding(): void {
    if (this.state === STOPPED || this.state === ENDING) return;
    // Only the root is given children before it begins.
    if (this.state === WAITING && (this.children === undefined || this.children.size === 0)) {
      if (this.coldIfAny?.isStoppingForGood) this.endForGood();
      return;
    }
    this.enter(ENDING);
    mailboxes.setFlag(this.ref, FLAGS.BLOCKED);
    this.cold.ending = new Ending(this);
    this.cold.ending.goOn();
  }

  /** The life is over; the actor stops, or waits for the next life. */
  endLife(): void {
    const { cold } = this;
    cold.ending?.close();
    cold.ending = undefined;
    cold.escalatedBy = undefined;
    const stashed = this.holdings?.stash?.take() ?? [];
    if (stashed.length > 0) this.putBack(stashed);
    this.holdings = undefined;
    cold.opened = undefined;
    this.isBusy = false;
    mailboxes.clearReceive(this.ref);
    this.children?.reset();
    if (cold.isStoppingForGood) return this.endForGood();
    this.answerFailed(false);
    this.record.restarts++;
    this.enter(WAITING);
    this.parent?.children?.betweenLives(this.asChild);
  }

  private endForGood(): void {
    const { cold } = this;
    this.enter(STOPPED);
    mailboxes.setFlag(this.ref, FLAGS.BLOCKED);
    mailboxes.close(this.ref);
    this.system.handledByStopped += mailboxes.handled(this.ref);
    // Whoever is told of its end may put another in its place.
    this.parent?.children?.freeName(this.asChild);
    this.emptyMailbox();
    cold.admission?.refuseAll(() => this.stopped());
    for (let ask = this.asks?.oldest; ask !== undefined; ask = this.asks?.oldest) {
      questions.targetStopped(ask);
    }
    const { events } = this.system;
    if (events.watched) events.emit({ type: "stopped", actor: this.path, reason: cold.reason });
    this.settleStart(cold.startWaiters && this.stopped());
    const watchers = cold.watchers;
    cold.watchers = undefined;
    for (const stopped of watchers?.keys() ?? []) this.system.guarded(() => stopped(cold.reason));
    if (this.parent === undefined) this.system.rootGone();
    else this.parent.children?.gone(this.asChild, cold.reason);
  }

  abandon(): void {
    if (this.state === STOPPED) return;
    this.cold.isStoppingForGood = true;
    (this.cold.ending ??= new Ending(this)).abandon();
    this.abortLife();
    for (let release = this.nextRelease(); release !== undefined; release = this.nextRelease()) {
      this.releaseUnawaited(release);
    }
    this.endLife();
  }

  begin(): void {
    this.signal(BEGIN);
  }

  requestRestart(): void {
    // One that was to begin waits until it is told so again.
    if (this.state === WAITING) this.signals &= ~BEGIN;
    if (this.state === WAITING || this.state === STOPPED || this.state === ENDING) return;
    this.abortLife();
    this.signal(END);
  }

  requestStop(reason: StopReason = STOPPED_REASON): void {
    if (this.state === STOPPED || this.coldIfAny?.isStoppingForGood) return;
    const { cold } = this;
    cold.isStoppingForGood = true;
    cold.reason = reason;
    this.abortLife();
    this.signal(END);
  }

  resume(): void {
    if (this.state !== FAILED) return;
    const hasStarted = mailboxes.hasReceive(this.ref);
    if (!hasStarted && !this.isBusy) return this.requestStop();
    this.enter(hasStarted ? RUNNING : STARTING);
    const { escalatedBy } = this;
    if (escalatedBy !== undefined) this.cold.escalatedBy = undefined;
    escalatedBy?.child.requestStop({ type: "failed", error: escalatedBy.error });
    this.childrenChanged();
    if (!this.isBusy) mailboxes.unblock(this.ref);
  }

  get isBetweenLives(): boolean {
    return this.state === WAITING && (this.signals & BEGIN) === 0;
  }

  /**
   * Looks at the system messages; gives back how much is left of a turn that was interrupted, 0 when none
   * was.
   */
  handleSignals(): number {
    const signals = this.signals;
    this.signals &= ~ALL_SIGNALS;
    let left = 0;
    if (this.coldIfAny !== undefined) {
      left = this.coldIfAny.leftOfTurn;
      this.coldIfAny.leftOfTurn = 0;
    }
    if ((signals & END) !== 0) this.beginEnding();
    else if ((signals & GO_ON_ENDING) !== 0 && this.state === ENDING) this.coldIfAny?.ending?.goOn();
    // The root may be given children, and they may fail, before it begins.
    if ((signals & BEGIN) !== 0 && this.state === WAITING) this.startLife();
    if ((signals & CHILDREN_CHANGED) !== 0) this.onChildrenChanged();
    if ((signals & URGENT) !== 0) this.takeUrgent();
    return left;
  }

  private onChildrenChanged(): void {
    if (this.state === ENDING) this.coldIfAny?.ending?.goOn();
    else if (this.state !== STOPPED) this.children?.decide();
  }

  childrenChanged(): void {
    this.signal(CHILDREN_CHANGED);
  }
}

const STOPPED_REASON: StopReason = Object.freeze({ type: "stopped" });
